import { catchUp } from './catch-up.ts';
import { centralRead } from './central-read.ts';
import { durableSale } from './durable-sale.ts';
import type { BenchId } from './figure.ts';
import { hotSku } from './hot-sku.ts';
import { ingest } from './ingest.ts';
import { largeAssortment } from './large-assortment.ts';
import { manyNodes } from './many-nodes.ts';
import { memory } from './memory.ts';
import type { Bench } from './run.ts';
import { saleLatency } from './sale-latency.ts';
import { stockRead } from './stock-read.ts';
import { visibility } from './visibility.ts';
import { wireBytes } from './wire-bytes.ts';

/** How each number of the bench is measured, in the order in which they run. */
export const benches: Readonly<Record<BenchId, Bench>> = {
  N1: stockRead,
  N2: durableSale,
  N3: saleLatency,
  N4: visibility,
  N5: ingest,
  N6: wireBytes,
  N7: catchUp,
  N8: centralRead,
  N9: hotSku,
  N10: largeAssortment,
  N11: manyNodes,
  N12: memory,
};
