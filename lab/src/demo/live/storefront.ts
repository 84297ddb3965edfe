import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Random } from '@edgestock/shared/runtime/random';
import type { ShopApi } from '../../api/shop-api.ts';
import { type Ending, type Visit, visitShop } from '../shop/customer.ts';
import type { PromiseAccount } from '../shop/promise-account.ts';

export type StorefrontOptions = {
  readonly shop: ShopApi;
  readonly account: PromiseAccount;
  /** What people come for: few articles, and few units of them. */
  readonly skus: readonly string[];
  readonly visitsPerSecond: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
};

/** How visits end, as shares of all; the rest is paid with us. */
const shares: readonly (readonly [Ending, number])[] = [
  ['abandoned', 0.15],
  ['payment-failed', 0.08],
  ['never-paid', 0.05],
  ['paid-elsewhere', 0.2],
];
const OPEN_MAX = 64;
const BACKORDER_SHARE = 0.1;

/** Customers of the web shop at random moments, until `signal`. Resolves when the last answer is in. */
export async function runStorefront(options: StorefrontOptions): Promise<void> {
  const { shop, account, clock, random, signal, visitsPerSecond } = options;
  const run = random.hex(4);
  const open = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for (let number = 1; !signal.aborted && failures.length === 0; number += 1) {
    await clock.sleep((-Math.log(1 - random.fraction()) * 1_000) / visitsPerSecond, signal);
    if (signal.aborted) break;
    if (open.size >= OPEN_MAX) await Promise.race(open);
    const visit = visitShop(visitOf(`web-${run}-${number}`, options), { shop, account }).then(
      () => undefined,
      (error: unknown) => void failures.push(error),
    );
    const tracked = visit.finally(() => open.delete(tracked));
    open.add(tracked);
  }
  await Promise.all(open);
  if (failures.length > 0) throw failures[0];
}

function visitOf(id: string, { skus, random }: StorefrontOptions): Visit {
  const sku = () => skus[Math.floor(random.fraction() * skus.length)] ?? '';
  const lines = Array.from({ length: random.fraction() < 0.3 ? 2 : 1 }, () => ({
    sku: sku(),
    quantity: 1 + Math.floor(random.fraction() ** 2 * 3),
  }));
  return {
    id,
    lines,
    ending: endingOf(random.fraction()),
    onShortage: random.fraction() < BACKORDER_SHARE ? 'backorder' : 'refuse',
  };
}

function endingOf(chance: number): Ending {
  let upTo = 0;
  for (const [ending, share] of shares) {
    upTo += share;
    if (chance < upTo) return ending;
  }
  return 'paid';
}
