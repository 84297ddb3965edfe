import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';
import type { Channel } from '../../../rules/channel.ts';
import type { OrderState } from '../../../rules/order.ts';
import type { OpenTask, OrderFinder } from '../../tables/order-table.ts';

type TaskLineRow = {
  task: string;
  order: string;
  at: number;
  isHeard: number;
  sku: Sku;
  quantity: number;
  releasing: number;
};

/** Finds the orders that something concerns: a moment, a task, missing goods, new units. */
export class SqliteOrderFinder implements OrderFinder {
  readonly #due: Statement<[number, number], { id: string }>;
  readonly #ofTask: Statement<[string, string], { order_id: string }>;
  readonly #taskLine: Statement<[string, string, string], { shipped: number; givenUp: number }>;
  readonly #openAt: Statement<[string, string, number], { order_id: string }>;
  readonly #releasing: Statement<[string, string], { units: number }>;
  readonly #waiting: Statement<[string, number], { id: string; channel: Channel }>;
  readonly #anyWaiting: Statement<[string], { found: number }>;
  readonly #waitingUnits: Statement<[string, string], { units: number }>;
  readonly #waitingSkus: Statement<[string, number], { sku: Sku }>;
  readonly #openUnits: Statement<[string, string, number], { id: string; quantity: number }>;
  readonly #openTasks: Statement<[string], TaskLineRow>;
  readonly #firmHolders: Statement<[string], { id: string }>;
  readonly #openByState: Statement<[], { state: OrderState; orders: number }>;
  readonly #nextWake: Statement<[], { next: number | null }>;

  constructor(database: Database) {
    this.#due = database.prepare('SELECT id FROM orders WHERE wake_at <= ? ORDER BY wake_at LIMIT ?');
    this.#ofTask = database.prepare('SELECT order_id FROM allocation WHERE task = ? AND warehouse = ?');
    this.#taskLine = database.prepare(`
      SELECT l.shipped, l.given_up AS givenUp FROM allocation a JOIN allocation_line l ON l.allocation = a.id
      WHERE a.task = ? AND a.warehouse = ? AND l.sku = ?`);
    const open = 'l.warehouse = ? AND l.sku = ? AND l.quantity > l.shipped + l.given_up';
    this.#openAt = database.prepare(`
      SELECT a.order_id FROM allocation_line l JOIN allocation a ON a.id = l.allocation
      WHERE ${open} AND l.quantity - l.shipped - l.given_up > l.releasing ORDER BY l.allocation DESC LIMIT ?`);
    this.#releasing = database.prepare(
      `SELECT coalesce(sum(l.releasing), 0) AS units FROM allocation_line l WHERE ${open}`,
    );
    // CROSS JOIN: from those who wait. Left to itself the planner walks all firm orders, since they come sorted.
    const waits = `FROM order_line l CROSS JOIN orders o ON o.id = l.order_id WHERE l.sku = ? AND l.backordered > 0`;
    this.#waiting = database.prepare(
      `SELECT o.id, o.channel ${waits} AND o.state = 'firm' ORDER BY o.placed_at, o.id LIMIT ?`,
    );
    this.#anyWaiting = database.prepare(
      'SELECT EXISTS (SELECT 1 FROM order_line WHERE sku = ? AND backordered > 0) AS found',
    );
    this.#waitingUnits = database.prepare(`SELECT coalesce(sum(l.backordered), 0) AS units ${waits} AND o.channel = ?`);
    this.#waitingSkus = database.prepare(
      'SELECT DISTINCT sku FROM order_line WHERE backordered > 0 AND sku > ? ORDER BY sku LIMIT ?',
    );
    this.#openUnits = database.prepare(`
      SELECT a.task AS id, l.quantity - l.shipped - l.given_up AS quantity
      FROM allocation_line l JOIN allocation a ON a.id = l.allocation WHERE ${open} ORDER BY l.allocation DESC LIMIT ?`);
    this.#openTasks = database.prepare(`
      SELECT a.task, a.order_id AS "order", a.at, a.is_heard AS isHeard, l.sku, l.quantity, l.releasing
      FROM allocation a JOIN allocation_line l ON l.allocation = a.id
      WHERE a.id IN (SELECT l.allocation FROM allocation_line l
        WHERE l.warehouse = ? AND l.quantity > l.shipped + l.given_up)
      ORDER BY a.id, l.sku`);
    this.#firmHolders = database.prepare(`
      SELECT DISTINCT o.id FROM hold h JOIN orders o ON o.id = h.holder
      WHERE h.warehouse = ? AND h.kind = 'order' AND o.state = 'firm' ORDER BY o.placed_at, o.id`);
    this.#openByState = database.prepare(
      "SELECT state, count(*) AS orders FROM orders WHERE state IN ('placed', 'firm') GROUP BY state",
    );
    this.#nextWake = database.prepare('SELECT min(wake_at) AS next FROM orders WHERE wake_at IS NOT NULL');
  }

  /** Those with a deadline that has come, the earliest first. */
  due(now: number, limit: number): readonly string[] {
    return this.#due.all(now, limit).map(({ id }) => id);
  }

  /** The order that a task of a warehouse belongs to; `undefined` when central made no such task there. */
  ofTask(task: string, warehouse: WarehouseId): string | undefined {
    return this.#ofTask.get(task, warehouse)?.order_id;
  }

  /** What central has heard of a SKU of an order's task. */
  taskLine(
    task: string,
    warehouse: WarehouseId,
    sku: Sku,
  ): { readonly shipped: number; readonly givenUp: number } | undefined {
    return this.#taskLine.get(task, warehouse, sku);
  }

  /** Orders with units to be shipped at a position that were not asked back, the newest allocation first. */
  openAt(warehouse: WarehouseId, sku: Sku, limit: number): readonly string[] {
    return [...new Set(this.#openAt.all(warehouse, sku, limit).map(({ order_id: id }) => id))];
  }

  /** Tasks with units to be shipped at a position, and how many; the newest first. */
  openUnits(
    warehouse: WarehouseId,
    sku: Sku,
    limit: number,
  ): readonly { readonly id: string; readonly quantity: number }[] {
    return this.#openUnits.all(warehouse, sku, limit);
  }

  /** Tasks of a warehouse with something left to ship, each with all its lines, the oldest first. */
  openTasksAt(warehouse: WarehouseId): readonly OpenTask[] {
    const tasks = Map.groupBy(this.#openTasks.all(warehouse), ({ task }) => task);
    return [...tasks].flatMap(([task, lines]) => {
      const [first] = lines;
      return first === undefined
        ? []
        : [{ task, order: first.order, at: first.at, isHeard: first.isHeard === 1, lines }];
    });
  }

  /** Firm orders that still hold units at a warehouse, the oldest first. */
  firmHoldersAt(warehouse: WarehouseId): readonly string[] {
    return this.#firmHolders.all(warehouse).map(({ id }) => id);
  }

  /** Orders that are not finished, by state. */
  openByState(): Readonly<Record<string, number>> {
    const counted = this.#openByState.all().map(({ state, orders }) => [state, orders] as const);
    return { placed: 0, firm: 0, ...Object.fromEntries(counted) };
  }

  /** When the next one must be looked at. */
  nextWake(): number | undefined {
    return this.#nextWake.get()?.next ?? undefined;
  }

  /** Units of a position that were asked back and are not yet given up. */
  releasing(warehouse: WarehouseId, sku: Sku): number {
    return this.#releasing.get(warehouse, sku)?.units ?? 0;
  }

  /** Paid orders that wait for a SKU, the oldest first. */
  waiting(sku: Sku, limit: number): readonly { readonly id: string; readonly channel: Channel }[] {
    return this.#waiting.all(sku, limit);
  }

  waitedFor(skus: readonly Sku[]): readonly Sku[] {
    return skus.filter((sku) => this.#anyWaiting.get(sku)?.found === 1);
  }

  /** Units of a SKU that wait in a channel. */
  waitingUnits(sku: Sku, channel: Channel): number {
    return this.#waitingUnits.get(sku, channel)?.units ?? 0;
  }

  /** SKUs that somebody waits for, in their order. */
  waitingSkus(after: Sku | undefined, limit: number): readonly Sku[] {
    return this.#waitingSkus.all(after ?? '', limit).map(({ sku }) => sku);
  }
}
