import { over } from '../over.ts';
import type { Tooth } from '../tooth.ts';

export const keyForgotten: Tooth = {
  name: 'key-forgotten',
  breaks: 'a node does not know again what it has recorded under a key',
  showsIn: 'a till that heard no answer and sends its receipt again: the goods are sold twice',
  seedsMax: 60,
  plant: () => ({
    nodeStore: (store) =>
      over(store, { idempotency: over(store.idempotency, { find: () => undefined, save: () => undefined }) }),
  }),
};
