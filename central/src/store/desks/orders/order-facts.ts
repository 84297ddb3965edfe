import type { Awaitable } from '@edgestock/shared/runtime/awaitable';
import { centralLimits } from '../../../limits.ts';
import type { Channel } from '../../../rules/channel.ts';
import type { OrderContext } from '../../../rules/order-context.ts';
import type { Offer } from '../../../rules/sourcing.ts';
import type { UnknownTask } from '../../promise-store.ts';
import type { Tables } from '../../tables/tables.ts';
import type { QuotaDraft } from '../promises/quota-draft.ts';

const { backorderUnitsPerSkuMax, orderShipWithinMs, orderServeWithinMs } = centralLimits;
const terms = { shipWithinMs: orderShipWithinMs, serveWithinMs: orderServeWithinMs };

/** For whom a rule asks; where several take from one draft, what is on offer is what those before have left in it. */
export type Asking = {
  readonly channel: Channel;
  readonly now: number;
  readonly draft?: Pick<QuotaDraft, 'offersOf' | 'bufferOf'>;
};

/**
 * Answers what rules about orders ask. A rule asks in the middle of its work and cannot wait; nobody knows beforehand what it
 * will ask, and to fetch all that it might would cost most orders more than what they come to. So a table that answers at once is
 * asked at once. What takes its time is fetched after the rule has run, and then it is run again, until it waits for nothing. It
 * is pure: only the last run counts.
 */
export class OrderFacts {
  readonly #tables: Pick<Tables, 'quota' | 'buffers' | 'orderFinder' | 'unsettled' | 'unknownTasks'>;

  constructor(tables: Pick<Tables, 'quota' | 'buffers' | 'orderFinder' | 'unsettled' | 'unknownTasks'>) {
    this.#tables = tables;
  }

  async decide<Decision>(
    { channel, now, draft }: Asking,
    rule: (context: OrderContext) => Decision,
  ): Promise<Decision> {
    const { quota, buffers, orderFinder, unsettled, unknownTasks } = this.#tables;
    const open: Open = [];
    const offers = new Asked<readonly Offer[]>(open, []);
    const buffered = new Asked(open, 0);
    const waiting = new Asked(open, 0);
    const unsettledAt = new Asked(open, false);
    const tasks = new Asked<UnknownTask | undefined>(open, undefined);
    const context: OrderContext = {
      now,
      offersOf: (sku) => draft?.offersOf(sku) ?? offers.of(sku, () => quota.offers(channel, sku, now)),
      bufferOf: (sku) => draft?.bufferOf(sku) ?? buffered.of(sku, () => buffers.of(channel, sku)),
      backorderRoomOf: (sku) =>
        Math.max(0, backorderUnitsPerSkuMax - waiting.of(sku, () => orderFinder.waitingUnits(sku, channel))),
      isSettled: (warehouse) => !unsettledAt.of(warehouse, () => unsettled.has(warehouse)),
      unknownTaskOf: (warehouse, task) =>
        tasks.of(`${warehouse}\n${task}`, () => unknownTasks.get(warehouse, task))?.lines,
      terms,
    };
    for (;;) {
      const decision = rule(context);
      if (open.length === 0) return decision;
      // Asked together: a server is waited for once.
      await Promise.all(open.splice(0).map((fetch) => fetch()));
    }
  }
}

/** What a run has asked and was not told, over all kinds of questions. */
type Open = (() => Promise<void>)[];

/** Questions of one kind, by what they are about. */
class Asked<Fact> {
  readonly #open: Open;
  readonly #meanwhile: Fact;
  readonly #fetched = new Map<string, { readonly fact: Fact }>();

  /** `meanwhile` is what a run is told that will not count. */
  constructor(open: Open, meanwhile: Fact) {
    this.#open = open;
    this.#meanwhile = meanwhile;
  }

  of(about: string, ask: () => Awaitable<Fact>): Fact {
    const known = this.#fetched.get(about);
    if (known !== undefined) return known.fact;
    if (this.#open.length > 0) {
      // Another answer is on its way already.
      this.#open.push(() => this.#fetch(about, ask));
      return this.#meanwhile;
    }
    const answer = ask();
    if (!(answer instanceof Promise)) return answer;
    this.#open.push(() => this.#fetch(about, () => answer));
    return this.#meanwhile;
  }

  async #fetch(about: string, ask: () => Awaitable<Fact>): Promise<void> {
    if (!this.#fetched.has(about)) this.#fetched.set(about, { fact: await ask() });
  }
}
