import type { Demand, NewOrder, ShopApi } from '../../api/shop-api.ts';
import type { PromiseAccount } from './promise-account.ts';

/** How one visit to the web shop ends. */
export const endings = ['paid', 'paid-elsewhere', 'payment-failed', 'never-paid', 'abandoned'] as const;
export type Ending = (typeof endings)[number];

export type Visit = {
  readonly id: string;
  readonly lines: readonly Demand[];
  readonly ending: Ending;
  readonly onShortage: NonNullable<NewOrder['onShortage']>;
};

/** How long an order waits for its payment: when none will come, not for long. */
const PAYMENT_TTL_SECONDS = 1_800;
const NEVER_PAID_TTL_SECONDS = 3;
/** Longer than any answer takes: a promise that ended before its payment arrived would count as kept here. */
const CART_TTL_SECONDS = 900;

type Shop = Pick<ShopApi, 'reserve' | 'release' | 'confirm' | 'place' | 'pay'>;

/**
 * One customer of the web shop, from the cart to the payment, as the account sees it. Resolves when the customer is gone: true
 * when there is an order now that central goes on with.
 */
export async function visitShop(
  visit: Visit,
  { shop, account }: { readonly shop: Shop; readonly account: PromiseAccount },
): Promise<boolean> {
  if (visit.ending === 'paid-elsewhere' || visit.ending === 'abandoned') return withCart(visit, shop, account);
  const { id, lines, onShortage } = visit;
  const paymentTtlSeconds = visit.ending === 'never-paid' ? NEVER_PAID_TTL_SECONDS : PAYMENT_TTL_SECONDS;
  const placed = await shop.place({ id, owner: id, lines, onShortage, paymentTtlSeconds });
  if (placed.reply === 'refused') return no(account);
  const promised = placed.made.lines.map(({ sku, holds, ordered, cancelled, backordered }) => {
    // An order that waits with all of a line is promised nothing of it yet; one answered late may be beyond its holds.
    const held = holds.reduce((sum, { quantity }) => sum + quantity, 0);
    return { sku, quantity: Math.min(held, ordered - cancelled - backordered) };
  });
  account.promised(promised);
  if (visit.ending === 'paid') {
    const paid = await shop.pay(id, 'authorised');
    if (paid.reply === 'refused') account.givenUp(promised);
    return paid.reply === 'made';
  }
  account.givenUp(promised);
  // The other kind closes the window: central gives up waiting by itself.
  if (visit.ending === 'payment-failed') await shop.pay(id, 'failed');
  return false;
}

/** The cart is held first; then it is paid with somebody else, or left standing. */
async function withCart({ id, lines, ending }: Visit, shop: Shop, account: PromiseAccount): Promise<boolean> {
  const held = await shop.reserve({ id, owner: id, lines, ttlSeconds: CART_TTL_SECONDS });
  if (held.reply === 'refused') return no(account);
  account.promised(lines);
  if (ending === 'paid-elsewhere') {
    const confirmed = await shop.confirm(id);
    if (confirmed.reply === 'refused') account.givenUp(lines);
    return confirmed.reply === 'made';
  }
  account.givenUp(lines);
  await shop.release(id);
  return false;
}

function no(account: PromiseAccount): false {
  account.refused();
  return false;
}
