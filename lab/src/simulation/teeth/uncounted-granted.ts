import { over } from '../over.ts';
import type { Tooth } from '../tooth.ts';

export const uncountedGranted: Tooth = {
  name: 'uncounted-granted',
  breaks: 'a node that has rejoined grants what may be missing before anybody has counted it',
  showsIn: 'a disk that was lost with sales on it: central promises goods that went over the counter',
  seedsMax: 150,
  plant: () => ({
    livesWith: 'bad disks',
    nodeStore: (store) => over(store, { documents: over(store.documents, { isUncounted: () => false }) }),
  }),
};
