import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { CentralApi } from '../../api/central-api.ts';
import { EdgeApi } from '../../api/edge-api.ts';
import { requestJson } from '../../api/json-request.ts';
import { until } from '../../testing/running-command.ts';
import { type FaultCase, hold } from '../fault-case.ts';
import { inWorld } from '../world/world.ts';

/**
 * A killed node's write-ahead log is cut to nothing, so that sales it had replied are gone. SQLite takes that for an older state
 * of the books. Central knows better: the node is told, and what it writes now never mixes with the history that central has.
 */
export const truncatedWal: FaultCase = {
  rows: [7],
  name: 'truncated-wal',
  needs: [],
  run: (lab) =>
    inWorld(lab, {}, async (world) => {
      const { victim, directory, url, warehouse } = world.node;
      const path = join(directory, 'edge.sqlite');
      await world.traffic.flow(500);
      emptyWal(path);
      const central = new CentralApi(world.centralUrl);
      const kept = (await new EdgeApi(url, { patienceMs: 5_000 }).status()).sequence;
      const applied = async () => (await central.appliedByWarehouse()).get(warehouse) ?? 0;
      await until(async () => (await applied()) > kept + 50, 30_000, 'central has history beyond it');
      await victim.kill();
      await world.traffic.stop();
      const known = await applied();
      await truncate(`${path}-wal`, 0);
      await victim.start();
      const status = async () =>
        (await requestJson(`${url}/v1/status`)).body as { state: string; hint?: string; sequence: number };
      const { sequence } = await status();
      hold(sequence < known, `the log was not shortened (${sequence} of ${known}): nothing was tried`);
      await until(
        async () => (await status()).hint !== undefined && (await status()).state !== 'live',
        30_000,
        'the node says that central is ahead of it',
      );
      hold((await applied()) === known, 'central went back, or mixed two histories');
      return `central has ${known}, the node ${sequence}, and says: ${(await status()).hint}`;
    }),
};

/** Copies everything into the database, so that what is cut later is not all there ever was. */
function emptyWal(path: string): void {
  const database = new Database(path);
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
}
