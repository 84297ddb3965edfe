import { sqliteCode } from '@edgestock/edge-node/ledger/ledger-unavailable';
import { over } from '../over.ts';
import type { Tooth } from '../tooth.ts';

export const fullDiskUnnoticed: Tooth = {
  name: 'full-disk-unnoticed',
  breaks: 'a node goes on when the disk has refused a commit',
  showsIn: 'a full disk: the till is told "recorded", and nothing was',
  seedsMax: 120,
  plant: () => ({
    nodeStore: (store) =>
      over(store, {
        transaction: (work) => {
          try {
            store.transaction(work);
          } catch (error) {
            if (sqliteCode(error) !== 'SQLITE_FULL') throw error;
          }
        },
      }),
  }),
};
