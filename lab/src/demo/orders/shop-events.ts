import { hash } from 'node:crypto';
import type { Demand, NewOrder } from '../../api/shop-api.ts';
import { type LineCounts, wholeReceipts } from '../../replay/interpretation.ts';
import type { GoodsLine } from '../../replay/receipt-requests.ts';
import type { Receipt } from '../../replay/receipts.ts';
import { readSalesFile } from '../../replay/sales-file.ts';
import type { Shop } from '../../replay/shop-flags.ts';
import type { Ending, Visit } from '../shop/customer.ts';

/** What an invoice of a web shop's file means: somebody buys, takes it back, or goods were written off. */
export type ShopEvent =
  | { readonly event: 'visit'; readonly customer: string; readonly visit: Visit }
  | { readonly event: 'takes-back'; readonly id: string; readonly customer: string; readonly lines: readonly Demand[] }
  | { readonly event: 'written-off'; readonly id: string; readonly lines: readonly Demand[] };

/** Lines of one order; a longer invoice becomes several. */
const ORDER_LINES_MAX = 200;

/** How visits end, as shares of 100: the file only has those that were paid. */
const endings: readonly (readonly [Ending, number])[] = [
  ['payment-failed', 8],
  ['never-paid', 4],
  ['abandoned', 8],
  ['paid-elsewhere', 15],
  ['paid', 65],
];
const shortages: readonly (readonly [NonNullable<NewOrder['onShortage']>, number])[] = [
  ['refuse', 30],
  ['backorder', 15],
  ['cancel', 55],
];

/** The invoices of the file in its order. The same file always gives the same events. */
export async function* shopEvents(path: string, shop: Shop, counts: LineCounts): AsyncGenerator<ShopEvent> {
  const customers = new Map<string, string>();
  const remembered = rememberCustomers(readSalesFile(path, shop), customers);
  for await (const receipt of wholeReceipts(remembered, shop.interpretation, counts)) {
    const number = receipt.lines[0]?.receipt ?? '';
    const customer = customers.get(number) ?? '';
    // The reading is a line ahead: the next receipt's customer is known already, and stays.
    customers.delete(number);
    yield* eventsOf(receipt, customer);
  }
}

/** Notes who is named on each receipt on the way. */
async function* rememberCustomers<Line extends { readonly receipt?: string; readonly customer?: string }>(
  lines: AsyncIterable<Line>,
  customers: Map<string, string>,
): AsyncGenerator<Line> {
  for await (const line of lines) {
    if (line.customer) customers.set(line.receipt ?? '', line.customer);
    yield line;
  }
}

function* eventsOf(receipt: Receipt<GoodsLine>, customer: string): Generator<ShopEvent> {
  const idOf = (number: number) => `inv-${receipt.id.replace('#', '.')}${number === 0 ? '' : `~${number + 1}`}`;
  const bought = summed(receipt.lines, 'sale');
  for (let number = 0; number * ORDER_LINES_MAX < bought.length; number += 1) {
    const id = idOf(number);
    const lines = bought.slice(number * ORDER_LINES_MAX, (number + 1) * ORDER_LINES_MAX);
    const visit = { id, lines, ending: chosen(endings, `${id} ends`), onShortage: chosen(shortages, `${id} is short`) };
    yield { event: 'visit', customer, visit };
  }
  const back = summed(receipt.lines, 'return');
  if (back.length > 0) yield { event: 'takes-back', id: idOf(0), customer, lines: back };
  const writtenOff = summed(receipt.lines, 'write-off');
  if (writtenOff.length > 0) yield { event: 'written-off', id: idOf(0), lines: writtenOff };
}

/** One line for each SKU: what a shop sends, and what can be counted. */
function summed(lines: readonly GoodsLine[], meaning: GoodsLine['goods']['meaning']): readonly Demand[] {
  const units = new Map<string, number>();
  for (const { goods } of lines) {
    if (goods.meaning === meaning) units.set(goods.sku, (units.get(goods.sku) ?? 0) + goods.quantity);
  }
  return [...units].map(([sku, quantity]) => ({ sku, quantity }));
}

/** By shares of 100, the same for the same text. */
function chosen<T>(from: readonly (readonly [T, number])[], text: string): T {
  let rest = hash('sha256', text, 'buffer').readUInt32BE(0) % 100;
  for (const [one, share] of from) {
    if (rest < share) return one;
    rest -= share;
  }
  throw new Error('the shares must add up to 100');
}
