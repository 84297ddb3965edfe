import { over } from '../over.ts';
import type { Tooth } from '../tooth.ts';

export const repairByVersion: Tooth = {
  name: 'repair-by-version',
  breaks: 'central repairs a position only by a newer version of it, and not by what its node says',
  showsIn: 'a number that has rotted on the disk of central: it is wrong for as long as nothing moves',
  seedsMax: 150,
  plant: () => ({
    centralStore: (store) =>
      over(store, {
        applyStates: (messages, now) =>
          store.applyStates(
            messages.map(({ repair: _, ...message }) => message),
            now,
          ),
      }),
  }),
};
