import { SqliteNodeWriter } from '@edgestock/central/store/sqlite/positions/node-table';
import Database from 'better-sqlite3';
import { over } from '../over.ts';
import type { Tooth } from '../tooth.ts';

export const gapIgnored: Tooth = {
  name: 'gap-ignored',
  breaks: 'central applies a batch although something before it is missing',
  showsIn: 'a lost or a late message: states come right by their versions, history and orders do not',
  seedsMax: 30,
  plant: () => ({
    centralStore: (store, { file }) =>
      over(store, {
        applyBatches: async (batches, now) => {
          const database = new Database(file);
          const nodes = new SqliteNodeWriter(database);
          for (const { batch } of batches) {
            const record = await store.warehouse(batch.warehouse);
            if (record === undefined || batch.firstSequence <= record.appliedUpTo + 1) continue;
            const sequence = batch.firstSequence - 1;
            nodes.advance(batch.warehouse, { sequence, hash: batch.hashBefore, lastDeltaAt: 0 }, now);
          }
          database.close();
          return store.applyBatches(batches, now);
        },
      }),
  }),
};
