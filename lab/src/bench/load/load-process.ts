import { systemClock } from '@edgestock/shared/runtime/clock';
import { percentile } from '../../measure/distribution.ts';
import { answerOrders } from '../process/answer-orders.ts';
import { type ClosedLoopResult, closedLoop } from './closed-loop.ts';
import { getText, postText } from './connection.ts';
import { reservationBody, SKUS, saleBody, scatteredSku } from './goods.ts';
import { offeredLoad } from './offered-load.ts';

/** What the load process is asked for. Sales have receipts of which each is used once in the life of the process. */
export type LoadOrder = {
  readonly url: string;
  readonly connections: number;
  readonly durationMs: number;
  /**
   * So many requests are offered, whether or not earlier ones have been answered, and latencies count from when each was due. Without
   * it every connection is kept busy.
   */
  readonly perSecond?: number;
} & (
  | {
      readonly load: 'stock-reads' | 'availability-reads' | 'sales';
      /** SKUs of the assortment, all of which are asked for; default `SKUS`. */
      readonly skus?: number;
    }
  /** All of them on one SKU. */
  | { readonly load: 'reservations'; readonly sku: string }
);
export type LoadReply = ClosedLoopResult & {
  /** From when a request was due to when it was sent. Where every connection is kept busy none is ever due. */
  readonly unsentP99Ms: number;
};

type Requests = {
  readonly statusExpected: number;
  readonly requestOf: (index: number, host: string) => string;
};

let receipts = 0;

answerOrders<LoadOrder, LoadReply>(async (order) => {
  const requests = requestsOf(order);
  const { perSecond } = order;
  if (perSecond !== undefined) return offered({ ...order, perSecond }, requests);
  return { ...(await closedLoop({ ...order, ...requests })), unsentP99Ms: 0 };
});

function requestsOf(order: LoadOrder): Requests {
  if (order.load === 'reservations') {
    const { sku } = order;
    return {
      statusExpected: 201,
      requestOf: (index, host) => postText(host, '/v1/reservations', reservationBody(`cart-${index}`, sku)),
    };
  }
  const { load, skus = SKUS } = order;
  if (load === 'sales') {
    return {
      statusExpected: 201,
      requestOf: (index, host) => {
        receipts += 1;
        return postText(host, '/v1/sales', saleBody(`R-${receipts}`, scatteredSku(index, skus)));
      },
    };
  }
  const path = load === 'stock-reads' ? '/v1/stock' : '/v1/availability';
  return { statusExpected: 200, requestOf: (index, host) => getText(host, `${path}/${scatteredSku(index, skus)}`) };
}

async function offered(
  { url, connections, perSecond, durationMs }: LoadOrder & { readonly perSecond: number },
  { statusExpected, requestOf }: Requests,
): Promise<LoadReply> {
  const latenciesMs: number[] = [];
  const unsentMs: number[] = [];
  let unexpected = 0;
  const startedMs = systemClock.monotonicMs();
  const { answered } = await offeredLoad({
    urls: [url],
    connectionsPerServer: connections,
    perSecond,
    durationMs,
    requestOf,
    onAnswer: (_url, { status, ...times }) => {
      latenciesMs.push(times.latencyMs);
      unsentMs.push(times.unsentMs);
      if (status !== statusExpected) unexpected += 1;
    },
  });
  return {
    perSecond: (answered * 1_000) / (systemClock.monotonicMs() - startedMs),
    answers: answered,
    unexpected,
    p50Ms: percentile(latenciesMs, 0.5) ?? 0,
    p99Ms: percentile(latenciesMs, 0.99) ?? 0,
    unsentP99Ms: percentile(unsentMs, 0.99) ?? 0,
  };
}
