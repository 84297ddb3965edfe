import { SqliteNodeWriter } from '@edgestock/central/store/sqlite/positions/node-table';
import Database from 'better-sqlite3';
import { over } from '../over.ts';
import type { Tooth } from '../tooth.ts';

/** Until the second of the two. */
const SECOND_COMMIT_MS = 10;

export const cursorBeforeData: Tooth = {
  name: 'cursor-before-data',
  breaks: "central's cursor in a node's log is durable before the batch is: two commits instead of one",
  showsIn: 'a crash between the two: the batch is taken for a duplicate from then on',
  seedsMax: 300,
  plant: () => ({
    centralStore: (store, { file, clock }) =>
      over(store, {
        applyBatches: async (batches, now) => {
          const database = new Database(file);
          const nodes = new SqliteNodeWriter(database);
          const before = await Promise.all(batches.map(({ batch }) => store.warehouse(batch.warehouse)));
          for (const [index, { batch }] of batches.entries()) {
            const { warehouse, firstSequence, lastSequence: sequence, hashLast: hash } = batch;
            const record = before[index];
            if (record === undefined || firstSequence > record.appliedUpTo + 1 || sequence <= record.appliedUpTo)
              continue;
            nodes.advance(warehouse, { sequence, hash, lastDeltaAt: 0 }, now);
          }
          await clock.sleep(SECOND_COMMIT_MS);
          // The second commit. The store knows no such thing, so the first one is taken back just before it.
          for (const record of before) {
            if (record === undefined) continue;
            const { warehouse, appliedUpTo: sequence, appliedHash: hash } = record;
            nodes.advance(warehouse, { sequence, hash, lastDeltaAt: 0 }, now);
          }
          database.close();
          return store.applyBatches(batches, now);
        },
      }),
  }),
};
