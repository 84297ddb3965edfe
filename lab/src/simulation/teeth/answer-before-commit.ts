import { statSync, truncateSync } from 'node:fs';
import { over } from '../over.ts';
import type { Tooth } from '../tooth.ts';

/** Promises go to the disk together, this much later than the first of them to a shop. */
const FLUSHED_AFTER_MS = 200;

export const answerBeforeCommit: Tooth = {
  name: 'answer-before-commit',
  breaks: 'central answers shops before what it promised them is on the disk',
  showsIn: 'a crash in the moment after: the shop has a promise that central knows nothing of',
  seedsMax: 80,
  plant: () => {
    /** Bytes of the log that are durable; absent when all are. */
    let durableBytes: number | undefined;
    return {
      centralStore: (store, { file, clock }) =>
        over(store, {
          promise: (commands, now) => {
            if (durableBytes === undefined) {
              durableBytes = statSync(`${file}-wal`).size;
              clock.after(FLUSHED_AFTER_MS, () => {
                durableBytes = undefined;
              });
            }
            return store.promise(commands, now);
          },
        }),
      afterCrash: (file, of) => {
        if (of !== 'central') return;
        if (durableBytes !== undefined) truncateSync(`${file}-wal`, durableBytes);
        durableBytes = undefined;
      },
    };
  },
};
