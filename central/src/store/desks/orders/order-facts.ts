import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import type { Awaitable } from '@edgestock/shared/runtime/awaitable';
import { centralLimits } from '../../../limits.ts';
import type { Channel } from '../../../rules/channel.ts';
import type { OrderContext } from '../../../rules/order-context.ts';
import type { Offer } from '../../../rules/sourcing.ts';
import type { Tables } from '../../tables/tables.ts';

const terms = { shipWithinMs: centralLimits.orderShipWithinMs, serveWithinMs: centralLimits.orderServeWithinMs };

/**
 * Answers what rules about orders ask. A rule asks in the middle of its work and cannot wait; nobody knows beforehand what it
 * will ask, and to fetch all that it might would cost most orders more than what they come to. So it is run on what is at hand;
 * what it asked besides is fetched, and it is run again, until it asks nothing new. It is pure: only the last run counts.
 */
export class OrderFacts {
  readonly #tables: Pick<Tables, 'quota' | 'buffers' | 'orderFinder' | 'unsettled' | 'unknownTasks'>;

  constructor(tables: Pick<Tables, 'quota' | 'buffers' | 'orderFinder' | 'unsettled' | 'unknownTasks'>) {
    this.#tables = tables;
  }

  async decide<Decision>(
    { channel, now }: { readonly channel: Channel; readonly now: number },
    rule: (context: OrderContext) => Decision,
  ): Promise<Decision> {
    const { quota, buffers, orderFinder, unsettled, unknownTasks } = this.#tables;
    const offers = new Asked<readonly Offer[]>([]);
    const buffered = new Asked(0);
    const rooms = new Asked(0);
    const settled = new Asked(true);
    const tasks = new Asked<readonly SkuQuantity[] | undefined>(undefined);
    const context: OrderContext = {
      now,
      offersOf: (sku) => offers.of(sku, () => quota.offers(channel, sku, now)),
      bufferOf: (sku) => buffered.of(sku, () => buffers.of(channel, sku)),
      backorderRoomOf: (sku) =>
        rooms.of(sku, async () =>
          Math.max(0, centralLimits.backorderUnitsPerSkuMax - (await orderFinder.waitingUnits(sku, channel))),
        ),
      isSettled: (warehouse) => settled.of(warehouse, async () => !(await unsettled.has(warehouse))),
      unknownTaskOf: (warehouse, task) =>
        tasks.of(`${warehouse}\n${task}`, async () => (await unknownTasks.get(warehouse, task))?.lines),
      terms,
    };
    const kinds = [offers, buffered, rooms, settled, tasks];
    for (;;) {
      const decision = rule(context);
      if (kinds.every(({ isAnswered }) => isAnswered)) return decision;
      for (const asked of kinds) await asked.fetch();
    }
  }
}

/** Questions of one kind, by what they are about. */
class Asked<Fact> {
  readonly #meanwhile: Fact;
  readonly #known = new Map<string, { readonly fact: Fact }>();
  readonly #open = new Map<string, () => Awaitable<Fact>>();

  /** What a run is told that will not count. */
  constructor(meanwhile: Fact) {
    this.#meanwhile = meanwhile;
  }

  get isAnswered(): boolean {
    return this.#open.size === 0;
  }

  of(about: string, fetch: () => Awaitable<Fact>): Fact {
    const known = this.#known.get(about);
    if (known !== undefined) return known.fact;
    this.#open.set(about, fetch);
    return this.#meanwhile;
  }

  async fetch(): Promise<void> {
    for (const [about, fetch] of this.#open) this.#known.set(about, { fact: await fetch() });
    this.#open.clear();
  }
}
