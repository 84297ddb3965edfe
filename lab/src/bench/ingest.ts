import { join } from 'node:path';
import { ServiceStack } from '@edgestock/shared/runtime/service';
import { figureAgainstBound, figureAgainstFloor, median } from './figure.ts';
import type { UpsertOrder, UpsertReply } from './floor/sqlite-upsert-process.ts';
import { deltasOfRound, NODES, type RoundSize } from './ingest/generated-log.ts';
import type { IngestOrder, IngestReply } from './ingest/ingest-process.ts';
import { Helper } from './process/helper.ts';
import type { Bench } from './run.ts';

/** Two rounds have every SKU once. */
export const INGEST_SIZE: RoundSize = { batchesPerNode: 5, skusPerNode: 5_000 };
export const QUICK_INGEST_SIZE: RoundSize = { batchesPerNode: 1, skusPerNode: 500 };
const RATIO_MIN = 0.5;
const PER_SECOND_MIN = 30_000;

/**
 * N5: deltas that central's ingest takes durably (size, CRC, structure, every field, the chain, epochs and cursors, log,
 * positions and availability), against a bare SQLite batch upsert of the same position rows. What is measured begins with the
 * message's bytes in memory and ends with its acknowledgement; the broker is not part of it.
 */
export const ingest: Bench = async ({ directory, pace, isQuick }) => {
  const size = isQuick ? QUICK_INGEST_SIZE : INGEST_SIZE;
  const services = new ServiceStack();
  try {
    const ours = services.add(
      'ingest',
      Helper.start<IngestOrder, IngestReply>(new URL('./ingest/ingest-process.ts', import.meta.url)),
    );
    const floor = services.add(
      'floor',
      Helper.start<UpsertOrder, UpsertReply>(new URL('./floor/sqlite-upsert-process.ts', import.meta.url)),
    );
    const samples: number[] = [];
    const floorSamples: number[] = [];
    // The first two rounds warm up: they insert every row, so that what is measured are updates of known positions.
    const warmUpRounds = 2;
    for (let round = 0; round < warmUpRounds + 2 * pace.rounds; round += 1) {
      const applied = await ours.order({ place: { kind: 'sqlite', path: join(directory, 'central.db') }, size });
      const upserted = await floor.order({ path: join(directory, 'floor.db'), size });
      if (round < warmUpRounds) continue;
      samples.push(applied.perSecond);
      floorSamples.push(upserted.perSecond);
    }
    const common = {
      id: 'N5',
      what: `ingest, deltas durable with all checks, ${NODES} nodes × ${size.skusPerNode.toLocaleString('en-US')} SKUs`,
      unit: 'deltas/s',
      notes: [`${deltasOfRound(size).toLocaleString('en-US')} deltas in a repetition, in batches of 500`],
    } as const;
    return [
      figureAgainstFloor(common, {
        samples,
        floorSamples,
        floorIs: 'bare SQLite batch upsert of the same position rows',
        ratio: { atLeast: RATIO_MIN },
      }),
      figureAgainstBound(common, { value: median(samples), bound: { atLeast: PER_SECOND_MIN } }),
    ];
  } finally {
    await services.stop();
  }
};
