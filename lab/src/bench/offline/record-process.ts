import { Ledger } from '@edgestock/edge-node/ledger/ledger';
import { EdgeStore } from '@edgestock/edge-node/store/edge-store';
import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { scatteredSku } from '../load/goods.ts';
import { answerOrders } from '../process/answer-orders.ts';

export type RecordOrder = {
  /** Of a node that is not running. */
  readonly dataDir: string;
  readonly warehouse: string;
  readonly sales: number;
  readonly skus: number;
};
export type RecordReply = {
  /** Where the log ends now. */
  readonly sequence: number;
};

/** So many of the same turn share a commit. */
const TOGETHER = 256;

/** A day's sales and more, one to a receipt, recorded through the node's own ledger while there is neither door nor link. */
answerOrders<RecordOrder, RecordReply>(async ({ dataDir, warehouse, sales, skus }) => {
  const clock = systemClock;
  const store = EdgeStore.open({ dataDir, warehouse: warehouse as WarehouseId, clock, random: systemRandom });
  const ledger = new Ledger({ store, clock });
  try {
    for (let first = 0; first < sales; first += TOGETHER) {
      const recording = Array.from({ length: Math.min(TOGETHER, sales - first) }, (_, index) =>
        ledger.record({
          type: 'record',
          kind: 'sale',
          lines: [{ sku: scatteredSku(first + index, skus) as Sku, quantity: 1 }],
          document: `T1/OFF-${first + index}`,
          idempotency: { scope: 'sale', key: `T1\nOFF-${first + index}`, fingerprint: 'f'.repeat(43) },
        }),
      );
      const outcomes = await Promise.all(recording);
      if (outcomes.some(({ outcome }) => outcome !== 'recorded')) throw new Error('a sale was not recorded');
    }
    return { sequence: store.outbox.head().sequence };
  } finally {
    await ledger.stop();
    store.close();
  }
});
