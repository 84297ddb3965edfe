import Database from 'better-sqlite3';
import type { Tooth } from '../tooth.ts';

export const sameEpoch: Tooth = {
  name: 'same-epoch',
  breaks: 'a node that has rejoined goes on in the epoch of the life before, and not in one of its own',
  showsIn: 'every rejoin: central gave the warehouse to another life, and this one is refused for ever',
  seedsMax: 30,
  plant: () => ({
    livesWith: 'bad disks',
    afterTakeUp: (file) => {
      const database = new Database(file);
      database.exec(`DELETE FROM epoch WHERE epoch = (SELECT max(epoch) FROM epoch) AND epoch > 1`);
      database.close();
    },
  }),
};
