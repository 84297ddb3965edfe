import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { assert, must, unreachable } from '@edgestock/shared/runtime/assert';
import type { Order } from '../../../rules/order.ts';
import type { OrderContext } from '../../../rules/order-context.ts';
import type { OrderDecision } from '../../../rules/order-draft.ts';
import type { OrderEffect } from '../../../rules/order-effect.ts';
import { decideOrder, type OrderEvent } from '../../../rules/order-saga.ts';
import type { SourcedHold } from '../../../rules/sourcing.ts';
import type { DownLogWriter } from '../../tables/down-table.ts';
import type { UnsettledTable } from '../../tables/epoch-table.ts';
import type { HoldWriter } from '../../tables/hold-table.ts';
import type { OrderReader, OrderWriter, UnknownTaskTable } from '../../tables/order-table.ts';
import type { QuotaTable } from '../../tables/quota-table.ts';
import type { Tables } from '../../tables/tables.ts';
import type { QuotaRecall } from '../catalogue/quota-recall.ts';
import type { QuotaDraft } from '../promises/quota-draft.ts';
import { Dispatch } from './dispatch.ts';
import { type Asking, OrderFacts } from './order-facts.ts';

/** What one event came to. */
export type OrderProgress = {
  readonly order: Order;
  readonly isChanged: boolean;
  /** Units that went back to unspent quota, or were asked back from a node. */
  readonly freed: readonly FreedUnits[];
};

export type FreedUnits = {
  readonly sku: Sku;
  readonly warehouse: WarehouseId;
  readonly quantity: number;
};

type Parts = {
  readonly quota: QuotaTable;
  readonly recalls: QuotaRecall;
  readonly downLog: DownLogWriter;
  readonly unsettled: UnsettledTable;
  readonly unknownTasks: UnknownTaskTable;
};

type FoundFact = { readonly fact: 'ship' | 'give-up'; readonly task: string; readonly lines: readonly SkuQuantity[] };

/**
 * Carries orders on: what the rule decides is written with its effects, on quotas, holds and logs down, in the transaction of
 * its caller. A crash leaves the order before or after a step, never in one.
 */
export class OrderSagas {
  readonly #reader: OrderReader;
  readonly #facts: OrderFacts;
  readonly #writer: OrderWriter;
  readonly #holds: HoldWriter;
  readonly #parts: Parts;

  constructor(tables: Tables, parts: Parts) {
    this.#reader = tables.orders;
    this.#facts = new OrderFacts(tables);
    this.#writer = tables.orderWriter;
    this.#holds = tables.holdWriter;
    this.#parts = parts;
  }

  /** Decides on what happened to an order that is there, and carries it out. */
  async decide(id: string, event: OrderEvent, now: number): Promise<OrderProgress> {
    return this.decideOn(must(await this.#reader.get(id), 'the order is there'), event, now);
  }

  /** The same of an order that was just read. */
  async decideOn(before: Order, event: OrderEvent, now: number): Promise<OrderProgress> {
    const [progress] = await this.decideEach([{ before, event }], now);
    return must(progress, 'one event has one outcome');
  }

  /**
   * The same of several orders, each of them once: they ask the store together and tell their nodes together. None of it may take
   * what is on offer, since each is decided on what there is before the first.
   */
  async decideEach(
    happened: readonly { readonly before: Order; readonly event: OrderEvent }[],
    now: number,
  ): Promise<readonly OrderProgress[]> {
    const decided = await Promise.all(
      happened.map(async ({ before, event }) => {
        const { channel } = before;
        return { before, decision: await this.ask({ channel, now }, (context) => decideOrder(before, event, context)) };
      }),
    );
    assert(decided.length === 1 || !decided.some(({ decision }) => isTaking(decision)), 'orders take units one by one');
    const dispatch = new Dispatch();
    const progress: OrderProgress[] = [];
    for (const { before, decision } of decided)
      progress.push(await this.#carryOut(decision, { before, now, dispatch }));
    await dispatch.send(this.#parts);
    return progress;
  }

  /** Takes up a new order. What it holds is taken from the draft it was decided on, where there is one. */
  async begin(decision: OrderDecision, now: number, draft?: Pick<QuotaDraft, 'take'>): Promise<OrderProgress> {
    const dispatch = new Dispatch();
    const progress = await this.#carryOut(decision, { now, dispatch, ...(draft === undefined ? {} : { draft }) });
    await dispatch.send(this.#parts);
    return progress;
  }

  /** What a rule says to an order of a channel. */
  ask<Decision>(asking: Asking, rule: (context: OrderContext) => Decision): Promise<Decision> {
    return this.#facts.decide(asking, rule);
  }

  async #carryOut(
    { order, effects }: OrderDecision,
    {
      before,
      now,
      dispatch,
      draft,
    }: {
      readonly before?: Order;
      readonly now: number;
      readonly dispatch: Dispatch;
      readonly draft?: Pick<QuotaDraft, 'take'>;
    },
  ): Promise<OrderProgress> {
    if (order === before) return { order, isChanged: false, freed: [] };
    await this.#writer.put(order, before);
    // Together and first: what a decision holds is unspent before it, whatever it frees.
    const holds = effects.filter((effect) => effect.effect === 'hold');
    const others = effects.filter((effect) => effect.effect !== 'hold');
    await this.#hold(order, holds, draft);
    const freed: FreedUnits[] = [];
    for (const effect of others) freed.push(...(await this.#carryOutEffect(order, effect, dispatch)));
    const found: FoundFact[] = [];
    for (const effect of others)
      if (effect.effect === 'allocate' && effect.isThere) found.push(...(await this.#takeUp(effect)));
    let after = order;
    for (const { fact, task, lines } of found)
      after = (await this.decide(order.id, { event: fact, task, lines }, now)).order;
    return { order: after, isChanged: true, freed };
  }

  /** A task that its node has already, and whose order is known again: what became of it since. */
  async #takeUp({ warehouse, task }: Extract<OrderEffect, { effect: 'allocate' }>): Promise<readonly FoundFact[]> {
    const known = must(await this.#parts.unknownTasks.get(warehouse, task), 'the rule was told of the task');
    await this.#parts.unknownTasks.remove(warehouse, task);
    await this.#writer.heard(task);
    const { lines: there } = known;
    const facts = (fact: FoundFact['fact'], unitsOf: (line: (typeof there)[number]) => number): FoundFact => {
      const lines = there.map((line) => ({ sku: line.sku, quantity: unitsOf(line) }));
      return { fact, task, lines: lines.filter(({ quantity }) => quantity > 0) };
    };
    return [facts('ship', ({ shipped }) => shipped), facts('give-up', ({ givenUp }) => givenUp)].filter(
      ({ lines }) => lines.length > 0,
    );
  }

  /** The rule has left the buffer what is the buffer's; that the units are unspent is for the statement to say (P3). */
  async #hold(
    { id, channel }: Order,
    holds: readonly SourcedHold[],
    draft: Pick<QuotaDraft, 'take'> | undefined,
  ): Promise<void> {
    if (holds.length === 0) return;
    if (draft === undefined) await this.#parts.quota.holdMoved(holds);
    else draft.take(holds);
    for (const { sku, warehouse, quantity } of holds)
      await this.#holds.add({ kind: 'order', id, channel, sku, warehouse, quantity });
  }

  async #carryOutEffect(
    { id, channel }: Order,
    effect: Exclude<OrderEffect, { effect: 'hold' }>,
    dispatch: Dispatch,
  ): Promise<readonly FreedUnits[]> {
    const holder = { kind: 'order', id, channel } as const;
    switch (effect.effect) {
      case 'free': {
        const { sku, warehouse, quantity } = effect;
        await this.#holds.reduce({ ...holder, sku, warehouse, quantity }, quantity);
        await this.#parts.quota.free([{ sku, warehouse, quantity }]);
        return [{ sku, warehouse, quantity }];
      }
      case 'allocate': {
        const { warehouse, lines, isThere } = effect;
        const held = lines.map((line) => ({ ...line, warehouse }));
        for (const hold of held) await this.#holds.reduce({ ...holder, ...hold }, hold.quantity);
        // Its units are allocated there already: those held for it now are somebody else's.
        if (isThere) await this.#parts.quota.free(held);
        else dispatch.allocate(id, effect);
        return [];
      }
      case 'release': {
        const { warehouse, lines } = effect;
        // It is told when the warehouse is settled, less what it has given up by then.
        if (!(await this.#parts.unsettled.has(warehouse))) dispatch.release(effect);
        return lines.map((line) => ({ ...line, warehouse }));
      }
      default:
        return unreachable(effect);
    }
  }
}

function isTaking({ effects }: OrderDecision): boolean {
  return effects.some(({ effect }) => effect === 'hold');
}
