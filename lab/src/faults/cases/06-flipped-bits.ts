import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FaultCase, hold } from '../fault-case.ts';
import { inWorld } from '../world/world.ts';

const PAGE_BYTES = 4_096;
const FLIPPED_PAGES = 6;

/** Bits of a node's database flip while it is down. It is refused with what to do, and served again once it is sound. */
export const flippedBits: FaultCase = {
  rows: [6],
  name: 'flipped-bits',
  needs: [],
  run: (lab) =>
    inWorld(lab, {}, async (world) => {
      await world.traffic.flow(800);
      const { victim, directory } = world.node;
      // In order: what is in the write-ahead log would cover up the flipped pages.
      await victim.stop();
      const path = join(directory, 'edge.sqlite');
      const sound = await readFile(path);
      await writeFile(path, flipped(sound));
      const refusal = await victim.refusal();
      hold(refusal.includes('is damaged'), `a damaged database was not refused: ${refusal}`);
      hold(refusal.includes('edgestock edge salvage'), `no hint: ${refusal}`);
      await writeFile(path, sound);
      await victim.start();
      return `refused with a hint; once sound: ${await world.judged({ isVerified: true })}`;
    }),
};

/** A bit in the head of some pages, spread over the file. */
function flipped(sound: Buffer): Buffer {
  const spoilt = Buffer.from(sound);
  const pages = Math.floor(sound.length / PAGE_BYTES);
  for (let nth = 1; nth <= FLIPPED_PAGES; nth += 1) {
    const at = Math.floor((pages * nth) / (FLIPPED_PAGES + 1)) * PAGE_BYTES;
    spoilt[at] = (spoilt[at] ?? 0) ^ 0x10;
  }
  return spoilt;
}
