import { systemClock } from '@edgestock/shared/runtime/clock';
import { percentile } from '../../measure/distribution.ts';
import { postText } from '../load/connection.ts';
import { saleBody, scatteredSku } from '../load/goods.ts';
import { offeredLoad } from '../load/offered-load.ts';
import { answerOrders } from '../process/answer-orders.ts';
import { AvailabilityWatch } from './availability-watch.ts';
import { PendingSales } from './pending-sales.ts';

export type VisibilityOrder = {
  readonly centralUrl: string;
  readonly nodes: readonly { readonly warehouse: string; readonly url: string }[];
  readonly skus: number;
  readonly perSecond: number;
  readonly durationMs: number;
};
export type VisibilityReply = {
  readonly sales: number;
  /** Sales that central did not show in time. */
  readonly unseen: number;
  readonly late: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** How long the tills waited for their answers, from when each sale was due. */
  readonly answerP99Ms: number;
};

const CONNECTIONS_PER_NODE = 16;
const SEEN_WITHIN_MS = 10_000;
const LOOK_MS = 5;

let receipts = 0;

/** Till and storefront in one process, so that both ends are timed by one clock. */
answerOrders<VisibilityOrder, VisibilityReply>(async ({ centralUrl, nodes, skus, perSecond, durationMs }) => {
  const sales = new PendingSales();
  const answersMs: number[] = [];
  const warehouseOf = new Map(nodes.map(({ warehouse, url }) => [url, warehouse]));
  const watch = await AvailabilityWatch.start(centralUrl, ({ warehouse, sku, sequence }) =>
    sales.seen({ position: `${warehouse} ${sku}`, sequence }, systemClock.monotonicMs()),
  );
  try {
    const { answered, late } = await offeredLoad({
      urls: nodes.map(({ url }) => url),
      connectionsPerServer: CONNECTIONS_PER_NODE,
      perSecond,
      durationMs,
      requestOf: (index, host) => {
        receipts += 1;
        return postText(host, '/v1/sales', saleBody(`V-${receipts}`, scatteredSku(index, skus)));
      },
      onAnswer: (url, { status, body, latencyMs }) => {
        const nowMs = systemClock.monotonicMs();
        answersMs.push(latencyMs);
        if (status !== 201) throw new Error(`a sale was answered with ${status}: ${body.toString()}`);
        const { sequence, movements } = JSON.parse(body.toString()) as SaleAnswer;
        sales.answered({ position: `${warehouseOf.get(url)} ${movements[0]?.sku}`, sequence }, nowMs);
      },
    });
    const givesUpMs = systemClock.monotonicMs() + SEEN_WITHIN_MS;
    while (sales.count > 0 && systemClock.monotonicMs() < givesUpMs) await systemClock.sleep(LOOK_MS);
    const { latenciesMs } = sales;
    return {
      sales: answered,
      unseen: sales.count,
      late,
      p50Ms: percentile(latenciesMs, 0.5) ?? 0,
      p99Ms: percentile(latenciesMs, 0.99) ?? 0,
      maxMs: Math.max(0, ...latenciesMs),
      answerP99Ms: percentile(answersMs, 0.99) ?? 0,
    };
  } finally {
    watch.stop();
  }
});

type SaleAnswer = { readonly sequence: number; readonly movements: readonly { readonly sku: string }[] };
