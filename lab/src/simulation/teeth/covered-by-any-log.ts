import Database from 'better-sqlite3';
import { over } from '../over.ts';
import type { Tooth } from '../tooth.ts';

export const coveredByAnyLog: Tooth = {
  name: 'covered-by-any-log',
  breaks: 'central takes what a node has carried out for part of its log, which may not have come yet',
  showsIn: 'a disk that is lost in between: what the node was told is told to nobody again',
  seedsMax: 400,
  plant: () => ({
    livesWith: 'bad disks',
    centralStore: (store, { file }) =>
      over(store, {
        recordCarriedOut: async (cursors) => {
          await store.recordCarriedOut(cursors);
          const database = new Database(file);
          database.exec('UPDATE node SET down_covered = max(down_covered, down_carried_out)');
          database.close();
        },
      }),
  }),
};
