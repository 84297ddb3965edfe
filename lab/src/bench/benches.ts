import { durableSale } from './durable-sale.ts';
import type { BenchId } from './figure.ts';
import { hotSku } from './hot-sku.ts';
import { ingest } from './ingest.ts';
import type { Bench } from './run.ts';
import { stockRead } from './stock-read.ts';
import { visibility } from './visibility.ts';
import { wireBytes } from './wire-bytes.ts';

/** How each number of the bench is measured, in the order in which they run. */
export const benches: Readonly<Record<BenchId, Bench>> = {
  N1: stockRead,
  N2: durableSale,
  N4: visibility,
  N5: ingest,
  N6: wireBytes,
  N9: hotSku,
};
