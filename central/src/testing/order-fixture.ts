import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import type { OrderContext } from '../rules/order-context.ts';
import type { OrderDecision } from '../rules/order-draft.ts';
import { placeOrder } from '../rules/order-placing.ts';
import type { Offer } from '../rules/sourcing.ts';
import { skuOf, warehouseOf } from './node-log.ts';

export const PLACED_AT = 1_800_000_000_000;
export const PAYMENT_MS = 1_000;
export const terms = { shipWithinMs: 10_000, serveWithinMs: 100_000 };

/** `A2 B1`. */
export const linesOf = (text: string): readonly SkuQuantity[] =>
  text
    .split(' ')
    .flatMap((one) => (one === '' ? [] : [{ sku: skuOf(one.slice(0, 1)), quantity: Number(one.slice(1)) }]));

/** `W1 A2 B1, W2 A5`: earlier ones come first where nothing else decides. */
export const offersOf = (text: string): readonly Offer[] =>
  text.split(', ').flatMap((one, priority) => {
    const [warehouse = '', ...lines] = one.split(' ');
    return linesOf(lines.join(' ')).map(({ sku, quantity }) => ({
      warehouse: warehouseOf(warehouse),
      sku,
      unspent: quantity,
      priority,
      isSilent: false,
    }));
  });

export const contextOf = (
  offers: string,
  change: {
    readonly afterMs?: number;
    readonly backorderRoom?: number;
    readonly buffer?: number;
    readonly unsettled?: readonly string[];
    readonly unknownTasks?: Readonly<Record<string, readonly SkuQuantity[]>>;
  } = {},
): OrderContext => ({
  now: PLACED_AT + (change.afterMs ?? 0),
  offersOf: (sku) => offersOf(offers).filter((offer) => offer.sku === sku),
  bufferOf: () => change.buffer ?? 0,
  backorderRoomOf: () => change.backorderRoom ?? 100,
  isSettled: (warehouse) => !(change.unsettled ?? []).includes(warehouse),
  unknownTaskOf: (_, task) => change.unknownTasks?.[task],
  terms,
});

/** Places order `o`; throws where it is refused. */
export function placed(
  lines: string,
  offers: string,
  onShortage: 'refuse' | 'cancel' | 'backorder' = 'refuse',
): OrderDecision {
  const placing = placeOrder(
    {
      id: 'o',
      channel: DEFAULT_CHANNEL,
      owner: 'customer',
      lines: linesOf(lines),
      paymentDueAt: PLACED_AT + PAYMENT_MS,
      paymentTtlSeconds: PAYMENT_MS / 1_000,
      onShortage,
    },
    contextOf(offers),
  );
  if (placing.placing === 'insufficient') throw new Error(`short of ${JSON.stringify(placing.shortages)}`);
  return placing;
}
