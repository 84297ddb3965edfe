import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { type FaultCase, hold } from '../fault-case.ts';
import { healedBy } from '../world/healed.ts';
import { inWorld } from '../world/world.ts';

const FLIPS_PER_FILE = 4;

/** Bits of what the broker stores for central flip while it is down. What it drops for that, the nodes send again. */
export const brokerBitRot: FaultCase = {
  rows: [25, 26],
  name: 'broker-bit-rot',
  needs: [],
  run: (lab) =>
    inWorld(lab, {}, async (world) => {
      await world.central.kill();
      await world.traffic.flow(1_500);
      await world.broker.victim.kill();
      const spoilt = await spoilBlocks(world.broker.storeDirectory);
      hold(spoilt > 0, 'there was nothing to spoil');
      await world.broker.victim.start();
      await world.central.start();
      const seen = await world.judged();
      return `${spoilt} blocks: ${seen}${await healedBy(world.centralUrl)}`;
    }),
};

async function spoilBlocks(directory: string): Promise<number> {
  const names = await readdir(directory, { recursive: true });
  let spoilt = 0;
  for (const name of names.filter((one) => one.endsWith('.blk'))) {
    const path = join(directory, name);
    const bytes = await readFile(path);
    if (bytes.length === 0) continue;
    for (let flip = 0; flip < FLIPS_PER_FILE; flip += 1) {
      const at = Math.floor(systemRandom.fraction() * bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ 0x04;
    }
    await writeFile(path, bytes);
    spoilt += 1;
  }
  return spoilt;
}
