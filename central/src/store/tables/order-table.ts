import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Awaitable } from '@edgestock/shared/runtime/awaitable';
import type { Channel } from '../../rules/channel.ts';
import type { Order } from '../../rules/order.ts';
import type { TaskFacts } from '../../rules/task-fact.ts';
import type { UnknownTask } from '../promise-store.ts';

/** Reads orders. */
export interface OrderReader {
  get(id: string): Awaitable<Order | undefined>;
  /** Those of the ids that there are, by id. */
  each(ids: readonly string[]): Awaitable<ReadonlyMap<string, Order>>;
  /** Those of the ids that an order has, in whatever state. */
  known(ids: readonly string[]): Awaitable<ReadonlySet<string>>;
}

/** Writes orders as they were decided, except what they hold. Inside a transaction of its caller. */
export interface OrderWriter {
  /** The node has said that it has the task. */
  heard(task: string): Awaitable<void>;
  /** Writes what became of an order; `before` is `undefined` for a new one. */
  put(order: Order, before: Order | undefined): Awaitable<void>;
}

/** A task as its node was told it, and what was asked back of it without an answer. */
export type OpenTask = {
  readonly task: string;
  readonly order: string;
  readonly at: number;
  /** The node has said that it has it. */
  readonly isHeard: boolean;
  readonly lines: readonly { readonly sku: Sku; readonly quantity: number; readonly releasing: number }[];
};

/** Finds the orders that something concerns: a moment, a task, missing goods, new units. */
export interface OrderFinder {
  /** Those with a deadline that has come, the earliest first. */
  due(now: number, limit: number): Awaitable<readonly string[]>;
  /** The order that a task of a warehouse belongs to; `undefined` when central made no such task there. */
  ofTask(task: string, warehouse: WarehouseId): Awaitable<string | undefined>;
  /** What central has heard of a SKU of an order's task. */
  taskLine(
    task: string,
    warehouse: WarehouseId,
    sku: Sku,
  ): Awaitable<{ readonly shipped: number; readonly givenUp: number } | undefined>;
  /** Orders with units to be shipped at a position that were not asked back, the newest allocation first. */
  openAt(warehouse: WarehouseId, sku: Sku, limit: number): Awaitable<readonly string[]>;
  /** Tasks of a warehouse with something left to ship, each with all its lines, the oldest first. */
  openTasksAt(warehouse: WarehouseId): Awaitable<readonly OpenTask[]>;
  /** Firm orders that still hold units at a warehouse, the oldest first. */
  firmHoldersAt(warehouse: WarehouseId): Awaitable<readonly string[]>;
  /** When the next one must be looked at. */
  nextWake(): Awaitable<number | undefined>;
  /** Units of a position that were asked back and are not yet given up. */
  releasing(warehouse: WarehouseId, sku: Sku): Awaitable<number>;
  /** Paid orders that wait for a SKU, the oldest first. */
  waiting(sku: Sku, limit: number): Awaitable<readonly { readonly id: string; readonly channel: Channel }[]>;
  /** Those of the SKUs that somebody waits for, paid or not, in the order given. */
  waitedFor(skus: readonly Sku[]): Awaitable<readonly Sku[]>;
  /** Units of a SKU that wait in a channel. */
  waitingUnits(sku: Sku, channel: Channel): Awaitable<number>;
  /** SKUs that somebody waits for, in their order. */
  waitingSkus(after: Sku | undefined, limit: number): Awaitable<readonly Sku[]>;
}

/**
 * What nodes were told to ship by a central that this one does not remember: it was restored from a backup that is older. Their
 * units are counted in the quota; what is missing is the order. Writes belong inside a transaction of the caller.
 */
export interface UnknownTaskTable {
  get(warehouse: WarehouseId, task: string): Awaitable<UnknownTask | undefined>;
  /** What a node did with a task of no order; documents that were never allocated are the node's own affair. */
  report(facts: TaskFacts, now: number): Awaitable<void>;
  released(warehouse: WarehouseId, task: string, now: number): Awaitable<void>;
  /** Its order is known again. */
  remove(warehouse: WarehouseId, task: string): Awaitable<void>;
}
