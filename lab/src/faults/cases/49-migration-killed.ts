import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LedgerAudit } from '@edgestock/edge-node/store/ledger-audit';
import { type FaultCase, hold } from '../fault-case.ts';
import { failing } from '../world/strace.ts';

const PROGRAM = fileURLToPath(new URL('../world/open-store-process.ts', import.meta.url));
/** A start writes some hundred times; killed at ever later ones, closer together where steps are many. */
const GROWTH = 1.6;
const KILLS_MAX = 16;

/** A node is killed at one write after the other while it makes its database, all migrations of it. The next start finishes it. */
export const migrationKilled: FaultCase = {
  rows: [49],
  name: 'migration-killed',
  needs: ['strace'],
  run: async (lab) => {
    let kills = 0;
    for (let write = 1; kills < KILLS_MAX; write = Math.ceil(write * GROWTH)) {
      const directory = join(lab.directory, `killed-at-${write}`);
      const { signal, stderr } = opened(directory, failing('pwrite64', `signal=SIGKILL:when=${write}`));
      if (signal === null) break;
      kills += 1;
      const again = opened(directory, ['env']);
      hold(again.status === 0, `killed at write ${write}, and not opened again: ${again.stderr}${stderr}`);
      // Every table is there and readable.
      LedgerAudit.open(directory).close();
      rmSync(directory, { recursive: true });
    }
    hold(kills >= 5, `it was killed only ${kills} times`);
    return `killed at ${kills} of its writes, opened again each time`;
  },
};

function opened(directory: string, [program, ...args]: readonly [program: string, ...args: string[]]) {
  const { status, signal, stderr } = spawnSync(program, [...args, process.execPath, PROGRAM, directory], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, signal, stderr };
}
