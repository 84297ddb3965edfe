import { over } from '../over.ts';
import type { Tooth } from '../tooth.ts';

export const deadEpochApplied: Tooth = {
  name: 'dead-epoch-applied',
  breaks: 'central applies what comes late of an epoch that has ended, where it continues the log',
  showsIn: 'a message of the lost machine that was still under way when its warehouse rejoined without it',
  seedsMax: 300,
  plant: () => ({
    livesWith: 'bad disks',
    centralStore: (store) =>
      over(store, {
        applyBatches: async (batches, now) => {
          const taken = await Promise.all(
            batches.map(async (verified) => {
              const record = await store.warehouse(verified.batch.warehouse);
              if (record === undefined || verified.batch.epoch >= record.epoch) return verified;
              const { epoch, instance } = record;
              return { ...verified, batch: { ...verified.batch, epoch, instance } };
            }),
          );
          return store.applyBatches(taken, now);
        },
      }),
  }),
};
