import { rmSync } from 'node:fs';
import type { Tooth } from '../tooth.ts';

export const formerBooksDropped: Tooth = {
  name: 'former-books-dropped',
  breaks: 'a rejoin takes the log of central for all there is, and forgets what the node has recorded beyond it',
  showsIn: 'a shop that sold for hours from a restored backup: its receipts are gone',
  seedsMax: 80,
  plant: () => ({
    livesWith: 'bad disks',
    beforeTakeUp: (file) => {
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
    },
  }),
};
