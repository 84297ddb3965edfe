import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';
import type { Channel } from '../../../rules/channel.ts';
import type { Allocation, AllocationLine, Order, OrderLine, OrderState, OrderStep } from '../../../rules/order.ts';
import { holdsOf } from '../../../rules/sourcing.ts';
import type { OrderReader, OrderWriter } from '../../tables/order-table.ts';
import { SqliteHoldReader } from '../promises/hold-table.ts';

type OrderRow = {
  id: string;
  channel: Channel;
  owner: string;
  state: OrderState;
  payment: Order['payment'];
  placed_at: number;
  payment_due_at: number;
  /** What becomes of units that go missing. */
  on_shortage: 'cancel' | 'backorder';
  is_cancelling: number;
  wake_at: number | null;
  asked_on_shortage: Order['onShortage'] | null;
  payment_ttl_seconds: number | null;
};
type AllocationRow = { id: number; task: string; warehouse: WarehouseId; at: number };
type AllocationLineRow = { sku: Sku; quantity: number; shipped: number; given_up: number; releasing: number };

const COLUMNS = `id, channel, owner, state, payment, placed_at, payment_due_at, on_shortage, is_cancelling, wake_at,
  asked_on_shortage, payment_ttl_seconds`;

const columnsOf = (table: string) => COLUMNS.replaceAll(/\w+/g, (column) => `${table}.${column}`);
type PageAtParameters = {
  readonly state: OrderState | null;
  readonly warehouse: WarehouseId;
  readonly placedAt: number;
  readonly id: string;
  readonly limit: number;
};

/** Reads orders. */
export class SqliteOrderReader implements OrderReader {
  readonly #holds: SqliteHoldReader;
  readonly #has: Statement<[string], unknown>;
  readonly #one: Statement<[string], OrderRow>;
  readonly #latest: Statement<[number, string, number], OrderRow>;
  readonly #latestIn: Statement<[string, number, string, number], OrderRow>;
  readonly #latestAt: Statement<[PageAtParameters], OrderRow>;
  readonly #latestOpenAt: Statement<[PageAtParameters], OrderRow>;
  readonly #lines: Statement<[string], Omit<OrderLine, 'holds'>>;
  readonly #allocations: Statement<[string], AllocationRow>;
  readonly #allocationLines: Statement<[number], AllocationLineRow>;
  readonly #steps: Statement<[string], OrderStep>;

  constructor(database: Database) {
    this.#holds = new SqliteHoldReader(database);
    this.#has = database.prepare('SELECT 1 FROM orders WHERE id = ?').pluck();
    this.#one = database.prepare(`SELECT ${COLUMNS} FROM orders WHERE id = ?`);
    const latest = (where: string) =>
      `SELECT ${COLUMNS} FROM orders WHERE ${where} (placed_at, id) < (?, ?) ORDER BY placed_at DESC, id DESC LIMIT ?`;
    this.#latest = database.prepare(latest(''));
    this.#latestIn = database.prepare(latest('state = ? AND'));
    // What is open is little: from there. Else from what the warehouse ever had; CROSS JOIN keeps that order.
    this.#latestOpenAt = database.prepare(`
      SELECT ${COLUMNS} FROM orders WHERE state = @state AND (placed_at, id) < (@placedAt, @id)
        AND EXISTS (SELECT 1 FROM allocation WHERE order_id = orders.id AND +warehouse = @warehouse)
      ORDER BY placed_at DESC, id DESC LIMIT @limit`);
    this.#latestAt = database.prepare(`
      SELECT ${columnsOf('orders')} FROM allocation a CROSS JOIN orders ON orders.id = a.order_id
      WHERE a.warehouse = @warehouse AND (a.placed_at, a.order_id) < (@placedAt, @id) AND (@state IS NULL OR +state = @state)
      GROUP BY a.placed_at, a.order_id ORDER BY a.placed_at DESC, a.order_id DESC LIMIT @limit`);
    this.#lines = database.prepare(
      'SELECT sku, ordered, cancelled, backordered FROM order_line WHERE order_id = ? ORDER BY place',
    );
    this.#allocations = database.prepare(
      'SELECT id, task, warehouse, at FROM allocation WHERE order_id = ? ORDER BY id',
    );
    this.#allocationLines = database.prepare(
      'SELECT sku, quantity, shipped, given_up, releasing FROM allocation_line WHERE allocation = ? ORDER BY sku',
    );
    this.#steps = database.prepare('SELECT at, step, why FROM order_step WHERE order_id = ? ORDER BY place');
  }

  known(ids: readonly string[]): ReadonlySet<string> {
    return new Set(ids.filter((id) => this.#has.get(id) !== undefined));
  }

  get(id: string): Order | undefined {
    const row = this.#one.get(id);
    return row && this.#order(row);
  }

  each(ids: readonly string[]): ReadonlyMap<string, Order> {
    const orders = ids.flatMap((id) => this.get(id) ?? []);
    return new Map(orders.map((order) => [order.id, order]));
  }

  /** Latest first. */
  latest(options: {
    readonly state?: OrderState;
    readonly warehouse?: WarehouseId;
    readonly before?: { readonly placedAt: number; readonly id: string };
    readonly limit: number;
  }): readonly Order[] {
    const { placedAt, id } = options.before ?? { placedAt: Number.MAX_SAFE_INTEGER, id: '' };
    const { state = null, warehouse, limit } = options;
    if (warehouse !== undefined) {
      const page = state === 'firm' || state === 'placed' ? this.#latestOpenAt : this.#latestAt;
      return page.all({ state, warehouse, placedAt, id, limit }).map((row) => this.#order(row));
    }
    const rows =
      options.state === undefined
        ? this.#latest.all(placedAt, id, options.limit)
        : this.#latestIn.all(options.state, placedAt, id, options.limit);
    return rows.map((row) => this.#order(row));
  }

  #order(row: OrderRow): Order {
    const { id } = row;
    const holds = this.#holds.of({ kind: 'order', id });
    return {
      id,
      channel: row.channel,
      owner: row.owner,
      state: row.state,
      payment: row.payment,
      placedAt: row.placed_at,
      paymentDueAt: row.payment_due_at,
      ...(row.payment_ttl_seconds === null ? {} : { paymentTtlSeconds: row.payment_ttl_seconds }),
      onShortage: row.asked_on_shortage ?? row.on_shortage,
      isCancelling: row.is_cancelling === 1,
      lines: this.#lines.all(id).map((line) => ({
        ...line,
        holds: holdsOf(holds, line.sku),
      })),
      allocations: this.#allocations.all(id).map((allocation) => this.#allocation(allocation)),
      history: this.#steps.all(id),
      ...(row.wake_at === null ? {} : { wakeAt: row.wake_at }),
    };
  }

  #allocation({ id, task, warehouse, at }: AllocationRow): Allocation {
    const lines = this.#allocationLines
      .all(id)
      .map(({ given_up: givenUp, ...line }): AllocationLine => ({ ...line, givenUp }));
    return { task, warehouse, at, lines };
  }
}

/** Writes orders as they were decided, except what they hold. Inside a transaction of its caller. */
export class SqliteOrderWriter implements OrderWriter {
  readonly #upsert: Statement<[OrderRow]>;
  readonly #upsertLine: Statement<[Omit<OrderLine, 'holds'> & { order: string; place: number }]>;
  readonly #insertAllocation: Statement<[string, string, string, number, number]>;
  readonly #upsertAllocationLine: Statement<[AllocationLine & { task: string; warehouse: string }]>;
  readonly #hear: Statement<[string]>;
  readonly #insertStep: Statement<[string, number, number, string, string]>;

  constructor(database: Database) {
    this.#upsert = database.prepare(`
      INSERT INTO orders (${COLUMNS})
      VALUES (@id, @channel, @owner, @state, @payment, @placed_at, @payment_due_at, @on_shortage, @is_cancelling, @wake_at,
        @asked_on_shortage, @payment_ttl_seconds)
      ON CONFLICT (id) DO UPDATE SET state = excluded.state, payment = excluded.payment,
        is_cancelling = excluded.is_cancelling, wake_at = excluded.wake_at`);
    this.#upsertLine = database.prepare(`
      INSERT INTO order_line (order_id, sku, place, ordered, cancelled, backordered)
      VALUES (@order, @sku, @place, @ordered, @cancelled, @backordered)
      ON CONFLICT (order_id, sku) DO UPDATE SET cancelled = excluded.cancelled, backordered = excluded.backordered
      WHERE cancelled <> excluded.cancelled OR backordered <> excluded.backordered`);
    this.#insertAllocation = database.prepare(
      'INSERT INTO allocation (task, order_id, warehouse, at, placed_at, is_heard) VALUES (?, ?, ?, ?, ?, 0)',
    );
    this.#upsertAllocationLine = database.prepare(`
      INSERT INTO allocation_line (allocation, sku, warehouse, quantity, shipped, given_up, releasing)
      SELECT id, @sku, warehouse, @quantity, @shipped, @givenUp, @releasing FROM allocation WHERE task = @task
      ON CONFLICT (allocation, sku) DO UPDATE SET
        shipped = excluded.shipped, given_up = excluded.given_up, releasing = excluded.releasing`);
    this.#hear = database.prepare('UPDATE allocation SET is_heard = 1 WHERE task = ? AND is_heard = 0');
    this.#insertStep = database.prepare(
      'INSERT INTO order_step (order_id, place, at, step, why) VALUES (?, ?, ?, ?, ?)',
    );
  }

  /** The node has said that it has the task. */
  heard(task: string): void {
    this.#hear.run(task);
  }

  /** Writes what became of an order; `before` is `undefined` for a new one. */
  put(order: Order, before: Order | undefined): void {
    const { id } = order;
    this.#upsert.run({
      id,
      channel: order.channel,
      owner: order.owner,
      state: order.state,
      payment: order.payment,
      placed_at: order.placedAt,
      payment_due_at: order.paymentDueAt,
      on_shortage: order.onShortage === 'backorder' ? 'backorder' : 'cancel',
      is_cancelling: order.isCancelling ? 1 : 0,
      wake_at: order.wakeAt ?? null,
      asked_on_shortage: order.onShortage,
      payment_ttl_seconds: order.paymentTtlSeconds ?? null,
    });
    for (const [place, { holds: _, ...line }] of order.lines.entries())
      this.#upsertLine.run({ ...line, order: id, place });
    for (const [place, allocation] of order.allocations.entries()) {
      const known = before?.allocations[place];
      if (allocation === known) continue;
      const { task, warehouse, at, lines } = allocation;
      if (known === undefined) this.#insertAllocation.run(task, id, warehouse, at, order.placedAt);
      for (const line of lines) this.#upsertAllocationLine.run({ ...line, task, warehouse });
    }
    const known = before?.history.length ?? 0;
    for (const [place, { at, step, why }] of order.history.entries()) {
      if (place >= known) this.#insertStep.run(id, place, at, step, why);
    }
  }
}
