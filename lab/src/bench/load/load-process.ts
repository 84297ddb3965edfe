import { answerOrders } from '../process/answer-orders.ts';
import { type ClosedLoopResult, closedLoop } from './closed-loop.ts';
import { getText, postText } from './connection.ts';
import { reservationBody, saleBody, scatteredSku } from './goods.ts';

/** What the load process is asked for. `sale` names the receipts; each is used once in the life of the process. */
export type LoadOrder = {
  readonly url: string;
  readonly connections: number;
  readonly durationMs: number;
} & (
  | { readonly load: 'stock-reads' | 'sales' }
  /** All of them on one SKU. */
  | { readonly load: 'reservations'; readonly sku: string }
);
export type LoadReply = ClosedLoopResult;

let receipts = 0;

answerOrders<LoadOrder, LoadReply>((order) => {
  if (order.load === 'reservations') {
    const { sku } = order;
    return closedLoop({
      ...order,
      statusExpected: 201,
      requestOf: (index, host) => postText(host, '/v1/reservations', reservationBody(`cart-${index}`, sku)),
    });
  }
  if (order.load === 'stock-reads') {
    return closedLoop({
      ...order,
      statusExpected: 200,
      requestOf: (index, host) => getText(host, `/v1/stock/${scatteredSku(index)}`),
    });
  }
  return closedLoop({
    ...order,
    statusExpected: 201,
    requestOf: (index, host) => {
      receipts += 1;
      return postText(host, '/v1/sales', saleBody(`R-${receipts}`, scatteredSku(index)));
    },
  });
});
