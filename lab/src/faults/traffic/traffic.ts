import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import type { JsonRequest } from '../../api/json-request.ts';
import { attempt } from './attempt.ts';
import type { History, Operation } from './history.ts';

/** What tills sell; what storefronts want is kept apart from it, so that it gets scarce by promises alone. */
const SHELF_SKUS = Array.from({ length: 30 }, (_, index) => `shelf-${index + 1}`);
export const SHOP_SKUS = ['shop-1', 'shop-2', 'shop-3', 'shop-4'];
const TILLS = 4;
const STOREFRONTS = 3;
const RETRY_PAUSE_MS = 60;
/** How long an operation that is wanted for sure is sent again. */
const PATIENCE_MS = 20_000;
/** Of those that got no answer: somebody gave up, and never learns whether it was recorded. */
const ABANDONED = 0.3;
const SHOP_PAUSE_FACTOR = 4;

/**
 * Tills that sell, take back and receive at nodes, and storefronts that reserve at central, all the time and whatever happens to
 * what they speak to. Some give up when they get no answer, the others send the same again.
 */
export class Traffic {
  readonly #history: History;
  readonly #running: Promise<void>[];
  #isOpen = true;
  #number = 0;

  constructor(options: {
    readonly history: History;
    /** Addresses of nodes by warehouse: several tills at each. */
    readonly nodes: ReadonlyMap<string, string>;
    readonly centralUrl?: string;
    readonly pauseMs: number;
  }) {
    const { history, nodes, centralUrl, pauseMs } = options;
    this.#history = history;
    const tills = [...nodes].flatMap(([warehouse, url]) =>
      Array.from({ length: TILLS }, (_, index) =>
        this.#go(pauseMs, () => this.#atTill({ warehouse, url, till: `till-${index + 1}` })),
      ),
    );
    const storefronts = centralUrl === undefined ? 0 : STOREFRONTS;
    const shops = Array.from({ length: storefronts }, () =>
      this.#go(pauseMs * SHOP_PAUSE_FACTOR, () => this.#atShop(centralUrl ?? '')),
    );
    this.#running = [...tills, ...shops];
  }

  /** Lets it go on for so long. */
  async flow(ms: number): Promise<void> {
    await systemClock.sleep(ms);
  }

  /** Resolves when everything that was begun is answered or given up. */
  async stop(): Promise<void> {
    this.#isOpen = false;
    await Promise.all(this.#running);
  }

  async #go(
    pauseMs: number,
    next: () => { readonly operation: Operation; readonly url: string; readonly request: JsonRequest },
  ) {
    while (this.#isOpen) {
      const { operation, ...call } = next();
      await this.#carryOut(operation, call);
      await systemClock.sleep(pauseMs);
    }
  }

  async #carryOut(operation: Operation, call: { readonly url: string; readonly request: JsonRequest }): Promise<void> {
    const givesUpAt = systemClock.monotonicMs() + PATIENCE_MS;
    while (systemClock.monotonicMs() < givesUpAt) {
      const { ending, isWorthAnother } = await attempt(this.#history, operation, call);
      if (!isWorthAnother || ending === 'ok') return;
      if (ending === 'unknown' && systemRandom.fraction() < ABANDONED) return;
      await systemClock.sleep(RETRY_PAUSE_MS);
    }
  }

  #atTill({ warehouse, url, till }: { readonly warehouse: string; readonly url: string; readonly till: string }) {
    this.#number += 1;
    const number = this.#number;
    const count = 1 + (number % 3);
    const lines = Array.from({ length: count }, (_, index) => ({
      sku: SHELF_SKUS[(number * 7 + index * 3) % SHELF_SKUS.length] ?? '',
      quantity: 1 + ((number + index) % 2),
    }));
    const changes = (sign: number) => lines.map(({ sku, quantity }) => ({ sku, units: sign * quantity }));
    if (number % 7 === 0) {
      const id = `delivery-${warehouse}-${number}`;
      return {
        operation: { id, door: 'node', warehouse, changes: changes(1) } as const,
        url: `${url}/v1/movements`,
        request: { body: { kind: 'receive', document: id, lines }, key: id },
      };
    }
    const isReturn = number % 10 === 0;
    const receipt = `r${number}`;
    return {
      operation: { id: `${till}/${receipt}`, door: 'node', warehouse, changes: changes(isReturn ? 1 : -1) } as const,
      url: `${url}${isReturn ? '/v1/returns' : '/v1/sales'}`,
      request: { body: { till, receipt, lines } },
    };
  }

  #atShop(centralUrl: string) {
    this.#number += 1;
    const id = `cart-${this.#number}`;
    const sku = SHOP_SKUS[this.#number % SHOP_SKUS.length] ?? '';
    return {
      operation: { id, door: 'central', warehouse: 'central', changes: [{ sku, units: 1 }] } as const,
      url: `${centralUrl}/v1/reservations`,
      request: { body: { id, owner: id, lines: [{ sku, quantity: 1 }], ttlSeconds: 3_600 } },
    };
  }
}
