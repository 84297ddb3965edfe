import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';
import type { Channel } from '../../rules/channel.ts';
import type { Allocation, AllocationLine, Order, OrderLine, OrderState, OrderStep } from '../../rules/order.ts';
import { HoldReader } from './hold-table.ts';

type OrderRow = {
  id: string;
  channel: Channel;
  owner: string;
  state: OrderState;
  payment: Order['payment'];
  placed_at: number;
  payment_due_at: number;
  on_shortage: Order['onShortage'];
  is_cancelling: number;
  wake_at: number | null;
};
type AllocationRow = { id: number; task: string; warehouse: WarehouseId; at: number };
type AllocationLineRow = { sku: Sku; quantity: number; shipped: number; given_up: number; releasing: number };

const COLUMNS = 'id, channel, owner, state, payment, placed_at, payment_due_at, on_shortage, is_cancelling, wake_at';

/** Reads orders, and finds those that something concerns. */
export class OrderReader {
  readonly #holds: HoldReader;
  readonly #one: Statement<[string], OrderRow>;
  readonly #latest: Statement<[number, string, number], OrderRow>;
  readonly #latestIn: Statement<[string, number, string, number], OrderRow>;
  readonly #lines: Statement<[string], Omit<OrderLine, 'holds'>>;
  readonly #allocations: Statement<[string], AllocationRow>;
  readonly #allocationLines: Statement<[number], AllocationLineRow>;
  readonly #steps: Statement<[string], OrderStep>;
  readonly #due: Statement<[number, number], { id: string }>;
  readonly #ofTask: Statement<[string, string], { order_id: string }>;
  readonly #openAt: Statement<[string, string, number], { order_id: string }>;
  readonly #releasing: Statement<[string, string], { units: number }>;
  readonly #waiting: Statement<[string, number], { id: string; channel: Channel }>;
  readonly #anyWaiting: Statement<[string], { found: number }>;
  readonly #waitingUnits: Statement<[string, string], { units: number }>;
  readonly #waitingSkus: Statement<[string, number], { sku: Sku }>;
  readonly #openUnits: Statement<[string, string, number], { id: string; quantity: number }>;
  readonly #openByState: Statement<[], { state: OrderState; orders: number }>;
  readonly #nextWake: Statement<[], { next: number | null }>;

  constructor(database: Database) {
    this.#holds = new HoldReader(database);
    this.#one = database.prepare(`SELECT ${COLUMNS} FROM orders WHERE id = ?`);
    const latest = (where: string) =>
      `SELECT ${COLUMNS} FROM orders WHERE ${where} (placed_at, id) < (?, ?) ORDER BY placed_at DESC, id DESC LIMIT ?`;
    this.#latest = database.prepare(latest(''));
    this.#latestIn = database.prepare(latest('state = ? AND'));
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
    this.#due = database.prepare('SELECT id FROM orders WHERE wake_at <= ? ORDER BY wake_at LIMIT ?');
    this.#ofTask = database.prepare('SELECT order_id FROM allocation WHERE task = ? AND warehouse = ?');
    const open = 'l.warehouse = ? AND l.sku = ? AND l.quantity > l.shipped + l.given_up';
    this.#openAt = database.prepare(`
      SELECT a.order_id FROM allocation_line l JOIN allocation a ON a.id = l.allocation
      WHERE ${open} AND l.quantity - l.shipped - l.given_up > l.releasing ORDER BY l.allocation DESC LIMIT ?`);
    this.#releasing = database.prepare(
      `SELECT coalesce(sum(l.releasing), 0) AS units FROM allocation_line l WHERE ${open}`,
    );
    const waits = `FROM order_line l JOIN orders o ON o.id = l.order_id WHERE l.sku = ? AND l.backordered > 0`;
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
    this.#openByState = database.prepare(
      "SELECT state, count(*) AS orders FROM orders WHERE state IN ('placed', 'firm') GROUP BY state",
    );
    this.#nextWake = database.prepare('SELECT min(wake_at) AS next FROM orders WHERE wake_at IS NOT NULL');
  }

  get(id: string): Order | undefined {
    const row = this.#one.get(id);
    return row && this.#order(row);
  }

  /** Latest first. */
  latest(options: {
    readonly state?: OrderState;
    readonly before?: { readonly placedAt: number; readonly id: string };
    readonly limit: number;
  }): readonly Order[] {
    const { placedAt, id } = options.before ?? { placedAt: Number.MAX_SAFE_INTEGER, id: '' };
    const rows =
      options.state === undefined
        ? this.#latest.all(placedAt, id, options.limit)
        : this.#latestIn.all(options.state, placedAt, id, options.limit);
    return rows.map((row) => this.#order(row));
  }

  /** Those with a deadline that has come, the earliest first. */
  due(now: number, limit: number): readonly string[] {
    return this.#due.all(now, limit).map(({ id }) => id);
  }

  /** The order that a task of a warehouse belongs to; `undefined` when central made no such task there. */
  ofTask(task: string, warehouse: WarehouseId): string | undefined {
    return this.#ofTask.get(task, warehouse)?.order_id;
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

  isAnyWaiting(sku: Sku): boolean {
    return this.#anyWaiting.get(sku)?.found === 1;
  }

  /** Units of a SKU that wait in a channel. */
  waitingUnits(sku: Sku, channel: Channel): number {
    return this.#waitingUnits.get(sku, channel)?.units ?? 0;
  }

  /** SKUs that somebody waits for, in their order. */
  waitingSkus(after: Sku | undefined, limit: number): readonly Sku[] {
    return this.#waitingSkus.all(after ?? '', limit).map(({ sku }) => sku);
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
      onShortage: row.on_shortage,
      isCancelling: row.is_cancelling === 1,
      lines: this.#lines.all(id).map((line) => ({
        ...line,
        holds: holds.filter(({ sku }) => sku === line.sku).map(({ warehouse, quantity }) => ({ warehouse, quantity })),
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
export class OrderWriter {
  readonly #upsert: Statement<[OrderRow]>;
  readonly #upsertLine: Statement<[Omit<OrderLine, 'holds'> & { order: string; place: number }]>;
  readonly #insertAllocation: Statement<[string, string, string, number]>;
  readonly #upsertAllocationLine: Statement<[AllocationLine & { task: string; warehouse: string }]>;
  readonly #insertStep: Statement<[string, number, number, string, string]>;

  constructor(database: Database) {
    this.#upsert = database.prepare(`
      INSERT INTO orders (${COLUMNS})
      VALUES (@id, @channel, @owner, @state, @payment, @placed_at, @payment_due_at, @on_shortage, @is_cancelling, @wake_at)
      ON CONFLICT (id) DO UPDATE SET state = excluded.state, payment = excluded.payment,
        is_cancelling = excluded.is_cancelling, wake_at = excluded.wake_at`);
    this.#upsertLine = database.prepare(`
      INSERT INTO order_line (order_id, sku, place, ordered, cancelled, backordered)
      VALUES (@order, @sku, @place, @ordered, @cancelled, @backordered)
      ON CONFLICT (order_id, sku) DO UPDATE SET cancelled = excluded.cancelled, backordered = excluded.backordered
      WHERE cancelled <> excluded.cancelled OR backordered <> excluded.backordered`);
    this.#insertAllocation = database.prepare(
      'INSERT INTO allocation (task, order_id, warehouse, at) VALUES (?, ?, ?, ?)',
    );
    this.#upsertAllocationLine = database.prepare(`
      INSERT INTO allocation_line (allocation, sku, warehouse, quantity, shipped, given_up, releasing)
      SELECT id, @sku, warehouse, @quantity, @shipped, @givenUp, @releasing FROM allocation WHERE task = @task
      ON CONFLICT (allocation, sku) DO UPDATE SET
        shipped = excluded.shipped, given_up = excluded.given_up, releasing = excluded.releasing`);
    this.#insertStep = database.prepare(
      'INSERT INTO order_step (order_id, place, at, step, why) VALUES (?, ?, ?, ?, ?)',
    );
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
      on_shortage: order.onShortage,
      is_cancelling: order.isCancelling ? 1 : 0,
      wake_at: order.wakeAt ?? null,
    });
    for (const [place, { holds: _, ...line }] of order.lines.entries())
      this.#upsertLine.run({ ...line, order: id, place });
    for (const [place, allocation] of order.allocations.entries()) {
      const known = before?.allocations[place];
      if (allocation === known) continue;
      const { task, warehouse, at, lines } = allocation;
      if (known === undefined) this.#insertAllocation.run(task, id, warehouse, at);
      for (const line of lines) this.#upsertAllocationLine.run({ ...line, task, warehouse });
    }
    const known = before?.history.length ?? 0;
    for (const [place, { at, step, why }] of order.history.entries()) {
      if (place >= known) this.#insertStep.run(id, place, at, step, why);
    }
  }
}
