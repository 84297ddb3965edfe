import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { must, unreachable } from '@edgestock/shared/runtime/assert';
import type { Database } from 'better-sqlite3';
import { centralLimits } from '../../../limits.ts';
import type { Channel } from '../../../rules/channel.ts';
import type { Order } from '../../../rules/order.ts';
import type { OrderContext } from '../../../rules/order-context.ts';
import type { OrderDecision } from '../../../rules/order-draft.ts';
import type { OrderEffect } from '../../../rules/order-effect.ts';
import { decideOrder, type OrderEvent } from '../../../rules/order-saga.ts';
import { BufferReader } from '../catalogue/buffer-table.ts';
import type { QuotaRecall } from '../catalogue/quota-recall.ts';
import type { DownLogWriter } from '../down/down-log.ts';
import type { UnsettledTable } from '../epochs/unsettled-table.ts';
import { HoldWriter } from '../promises/hold-table.ts';
import type { QuotaTable } from '../promises/quota-table.ts';
import { OrderFinder } from './order-finder.ts';
import { OrderReader, OrderWriter } from './order-table.ts';
import type { UnknownTaskTable } from './unknown-task-table.ts';

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

type FoundFact = { readonly fact: 'ship' | 'give-up'; readonly task: string; readonly lines: readonly SkuQuantity[] };

/**
 * Carries orders on: what the rule decides is written with its effects, on quotas, holds and logs down, in the transaction of
 * its caller. A crash leaves the order before or after a step, never in one.
 */
export class OrderSagas {
  readonly #reader: OrderReader;
  readonly #finder: OrderFinder;
  readonly #writer: OrderWriter;
  readonly #holds: HoldWriter;
  readonly #buffers: BufferReader;
  readonly #quota: QuotaTable;
  readonly #recalls: QuotaRecall;
  readonly #downLog: DownLogWriter;
  readonly #unsettled: UnsettledTable;
  readonly #unknownTasks: UnknownTaskTable;

  constructor(
    database: Database,
    parts: {
      readonly quota: QuotaTable;
      readonly recalls: QuotaRecall;
      readonly downLog: DownLogWriter;
      readonly unsettled: UnsettledTable;
      readonly unknownTasks: UnknownTaskTable;
    },
  ) {
    this.#reader = new OrderReader(database);
    this.#finder = new OrderFinder(database);
    this.#writer = new OrderWriter(database);
    this.#holds = new HoldWriter(database);
    this.#buffers = new BufferReader(database);
    this.#quota = parts.quota;
    this.#recalls = parts.recalls;
    this.#downLog = parts.downLog;
    this.#unsettled = parts.unsettled;
    this.#unknownTasks = parts.unknownTasks;
  }

  /** Decides on what happened to an order that is there, and carries it out. */
  decide(id: string, event: OrderEvent, now: number): OrderProgress {
    const before = must(this.#reader.get(id), 'the order is there');
    const decision = decideOrder(before, event, this.contextOf(before.channel, now));
    if (decision.order === before) return { order: before, isChanged: false, freed: [] };
    return this.#carryOut(decision, before, now);
  }

  /** Takes up a new order. */
  begin(decision: OrderDecision, now: number): OrderProgress {
    return this.#carryOut(decision, undefined, now);
  }

  contextOf(channel: Channel, now: number): OrderContext {
    return {
      now,
      offersOf: (sku) => this.#quota.offers(channel, sku, now),
      bufferOf: (sku) => this.#buffers.of(channel, sku),
      backorderRoomOf: (sku) =>
        Math.max(0, centralLimits.backorderUnitsPerSkuMax - this.#finder.waitingUnits(sku, channel)),
      isSettled: (warehouse) => !this.#unsettled.has(warehouse),
      unknownTaskOf: (warehouse, task) => this.#unknownTasks.get(warehouse, task)?.lines,
      terms: { shipWithinMs: centralLimits.orderShipWithinMs, serveWithinMs: centralLimits.orderServeWithinMs },
    };
  }

  #carryOut({ order, effects }: OrderDecision, before: Order | undefined, now: number): OrderProgress {
    this.#writer.put(order, before);
    const freed = effects.flatMap((effect) => this.#carryOutEffect(order, effect));
    const found = effects.flatMap((effect) => (effect.effect === 'allocate' ? this.#takeUp(effect) : []));
    let after = order;
    for (const { fact, task, lines } of found) after = this.decide(order.id, { event: fact, task, lines }, now).order;
    return { order: after, isChanged: true, freed };
  }

  /** A task that its node has already, and whose order is known again: what became of it since. */
  #takeUp({ warehouse, task }: Extract<OrderEffect, { effect: 'allocate' }>): readonly FoundFact[] {
    const known = this.#unknownTasks.get(warehouse, task);
    if (known === undefined) return [];
    this.#unknownTasks.remove(warehouse, task);
    this.#writer.heard(task);
    const { lines: there } = known;
    const facts = (fact: FoundFact['fact'], unitsOf: (line: (typeof there)[number]) => number): FoundFact => {
      const lines = there.map((line) => ({ sku: line.sku, quantity: unitsOf(line) }));
      return { fact, task, lines: lines.filter(({ quantity }) => quantity > 0) };
    };
    return [facts('ship', ({ shipped }) => shipped), facts('give-up', ({ givenUp }) => givenUp)].filter(
      ({ lines }) => lines.length > 0,
    );
  }

  #carryOutEffect({ id, channel }: Order, effect: OrderEffect): readonly FreedUnits[] {
    const holder = { kind: 'order', id, channel } as const;
    switch (effect.effect) {
      case 'hold':
        // The rule has left the buffer what is the buffer's; that the units are unspent is for the statement to say (P3).
        this.#quota.holdMoved(effect.sku, [effect]);
        this.#holds.add({ ...holder, sku: effect.sku, warehouse: effect.warehouse, quantity: effect.quantity });
        return [];
      case 'free': {
        const { sku, warehouse, quantity } = effect;
        this.#holds.reduce({ ...holder, sku, warehouse, quantity }, quantity);
        this.#quota.free(sku, effect);
        return [{ sku, warehouse, quantity }];
      }
      case 'allocate': {
        const { task, warehouse, lines, dueAt } = effect;
        // Its units are allocated there since before central was restored: those held for it now are somebody else's.
        const isThere = this.#unknownTasks.get(warehouse, task) !== undefined;
        for (const { sku, quantity } of lines) {
          this.#holds.reduce({ ...holder, sku, warehouse, quantity }, quantity);
          if (isThere) this.#quota.free(sku, { warehouse, quantity });
          else {
            this.#quota.allocate(sku, { warehouse, quantity });
            this.#recalls.settle(warehouse, sku);
          }
        }
        if (isThere) return [];
        this.#downLog.append(warehouse, encodeDirective({ kind: 'allocate', task, order: id, lines, dueAt }));
        return [];
      }
      case 'release': {
        const { task, warehouse, lines, reason } = effect;
        // It is told when the warehouse is settled, less what it has given up by then.
        if (!this.#unsettled.has(warehouse))
          this.#downLog.append(warehouse, encodeDirective({ kind: 'release', task, lines, reason }));
        return lines.map((line) => ({ ...line, warehouse }));
      }
      default:
        return unreachable(effect);
    }
  }
}
