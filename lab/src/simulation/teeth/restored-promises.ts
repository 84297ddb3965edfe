import { over } from '../over.ts';
import type { Tooth } from '../tooth.ts';

export const restoredPromises: Tooth = {
  name: 'restored-promises',
  breaks: 'a node whose books were put back grants and carries out as if they were the latest',
  showsIn: 'a restored backup: units are promised that were promised before, in what is missing',
  seedsMax: 150,
  plant: () => ({
    livesWith: 'bad disks',
    nodeStore: (store) => over(store, { restored: undefined }),
  }),
};
