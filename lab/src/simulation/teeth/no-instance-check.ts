import { over } from '../over.ts';
import type { Tooth } from '../tooth.ts';

export const noInstanceCheck: Tooth = {
  name: 'no-instance-check',
  breaks: 'central applies whatever continues the log of a warehouse, whichever installation and epoch wrote it',
  showsIn: 'the old machine of a warehouse coming back, or a copy of its disk: two truths become one log',
  seedsMax: 150,
  plant: () => ({
    centralStore: (store) =>
      over(store, {
        applyBatches: async (batches, now) => {
          const taken = await Promise.all(
            batches.map(async (verified) => {
              const record = await store.warehouse(verified.batch.warehouse);
              if (record === undefined) return verified;
              const { epoch, instance } = record;
              return { ...verified, batch: { ...verified.batch, epoch, instance } };
            }),
          );
          return store.applyBatches(taken, now);
        },
      }),
  }),
};
