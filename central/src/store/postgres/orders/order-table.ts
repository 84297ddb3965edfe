import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Order, OrderState } from '../../../rules/order.ts';
import type { OrderReader, OrderWriter } from '../../tables/order-table.ts';
import type { Parameter, Session } from '../session.ts';

type OrderRow = Omit<Order, 'onShortage' | 'paymentTtlSeconds' | 'wakeAt'> & {
  /** What becomes of units that go missing. */
  readonly missing: 'cancel' | 'backorder';
  readonly asked: Order['onShortage'] | null;
  readonly paymentTtlSeconds: number | null;
  readonly wakeAt: number | null;
};

/** Whole: a reader needs no second statement, and so no transaction, to see one committed state of it. */
const ORDER = `
  SELECT o.id, o.channel, o.owner, o.state, o.payment, o.placed_at AS "placedAt", o.payment_due_at AS "paymentDueAt",
    o.payment_ttl_seconds AS "paymentTtlSeconds", o.on_shortage AS missing, o.asked_on_shortage AS asked,
    o.is_cancelling AS "isCancelling", o.wake_at AS "wakeAt",
    (SELECT coalesce(json_agg(json_build_object('sku', l.sku, 'ordered', l.ordered, 'cancelled', l.cancelled,
        'backordered', l.backordered, 'holds',
        (SELECT coalesce(json_agg(json_build_object('warehouse', h.warehouse, 'quantity', h.quantity)
            ORDER BY h.warehouse), '[]')
          FROM hold h WHERE h.kind = 'order' AND h.holder = o.id AND h.sku = l.sku)) ORDER BY l.place), '[]')
      FROM order_line l WHERE l.order_id = o.id) AS lines,
    (SELECT coalesce(json_agg(json_build_object('task', a.task, 'warehouse', a.warehouse, 'at', a.at, 'lines',
        (SELECT coalesce(json_agg(json_build_object('sku', l.sku, 'quantity', l.quantity, 'shipped', l.shipped,
            'givenUp', l.given_up, 'releasing', l.releasing) ORDER BY l.sku), '[]')
          FROM allocation_line l WHERE l.allocation = a.id)) ORDER BY a.id), '[]')
      FROM allocation a WHERE a.order_id = o.id) AS allocations,
    (SELECT coalesce(json_agg(json_build_object('at', s.at, 'step', s.step, 'why', s.why) ORDER BY s.place), '[]')
      FROM order_step s WHERE s.order_id = o.id) AS history
  FROM orders o`;

const LATEST = 'ORDER BY o.placed_at DESC, o.id DESC LIMIT $3';

/** `OrderReader` on PostgreSQL. */
export class PostgresOrderReader implements OrderReader {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async get(id: string): Promise<Order | undefined> {
    return (await this.each([id])).get(id);
  }

  async each(ids: readonly string[]): Promise<ReadonlyMap<string, Order>> {
    const rows = await this.#session.rows<OrderRow>(`${ORDER} WHERE o.id = ANY ($1::text[])`, [ids]);
    return new Map(rows.map((row) => [row.id, orderOf(row)]));
  }

  async known(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.#session.rows<{ id: string }>('SELECT id FROM orders WHERE id = ANY ($1::text[])', [ids]);
    return new Set(rows.map(({ id }) => id));
  }

  /** One statement for each set of filters, so that each is planned for what it asks. */
  async latest(options: {
    readonly state?: OrderState;
    readonly warehouse?: WarehouseId;
    readonly before?: { readonly placedAt: number; readonly id: string };
    readonly limit: number;
  }): Promise<readonly Order[]> {
    const { state, warehouse, before, limit } = options;
    const parameters: Parameter[] = [before?.placedAt ?? Number.MAX_SAFE_INTEGER, before?.id ?? '', limit];
    const given = (value: Parameter) => `$${parameters.push(value)}`;
    const isIn = state === undefined ? '' : `AND o.state = ${given(state)}`;
    const page = (where: string) => this.#session.rows<OrderRow>(`${ORDER} WHERE ${where} ${LATEST}`, parameters);
    const isBefore = '(o.placed_at, o.id) < ($1, $2)';
    if (warehouse === undefined) return (await page(`${isBefore} ${isIn}`)).map(orderOf);
    const isAt = `a.warehouse = ${given(warehouse)}`;
    // What is open is little: from there. Else from what the warehouse ever had, which comes in the order of the page.
    const where =
      state === 'firm' || state === 'placed'
        ? `${isBefore} ${isIn} AND EXISTS (SELECT 1 FROM allocation a WHERE a.order_id = o.id AND ${isAt})`
        : `o.id IN (SELECT page.order_id FROM (
            SELECT DISTINCT a.placed_at, a.order_id FROM allocation a JOIN orders o ON o.id = a.order_id ${isIn}
            WHERE ${isAt} AND (a.placed_at, a.order_id) < ($1, $2)
            ORDER BY a.placed_at DESC, a.order_id DESC LIMIT $3) page)`;
    return (await page(where)).map(orderOf);
  }
}

/** `OrderWriter` on PostgreSQL. */
export class PostgresOrderWriter implements OrderWriter {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async heard(task: string): Promise<void> {
    await this.#session.send('UPDATE allocation SET is_heard = true WHERE task = $1 AND NOT is_heard', [task]);
  }

  async put(order: Order, before: Order | undefined): Promise<void> {
    await this.#putOrder(order, before);
    await this.#putAllocations(order, before);
  }

  async #putOrder(order: Order, before: Order | undefined): Promise<void> {
    const { lines } = order;
    const known = before?.history.length ?? 0;
    const steps = order.history.slice(known);
    await this.#session.send(
      `WITH put AS (
        INSERT INTO orders (id, channel, owner, state, payment, placed_at, payment_due_at, on_shortage, is_cancelling,
          wake_at, asked_on_shortage, payment_ttl_seconds)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (id) DO UPDATE SET state = excluded.state, payment = excluded.payment,
          is_cancelling = excluded.is_cancelling, wake_at = excluded.wake_at),
      lines AS (
        INSERT INTO order_line (order_id, sku, place, ordered, cancelled, backordered)
        SELECT $1, sku, place - 1, ordered, cancelled, backordered
        FROM unnest($13::text[], $14::bigint[], $15::bigint[], $16::bigint[]) WITH ORDINALITY
          AS line (sku, ordered, cancelled, backordered, place)
        ON CONFLICT (order_id, sku) DO UPDATE SET cancelled = excluded.cancelled, backordered = excluded.backordered
        WHERE order_line.cancelled <> excluded.cancelled OR order_line.backordered <> excluded.backordered)
      INSERT INTO order_step (order_id, place, at, step, why)
      SELECT $1, $17 + place - 1, at, step, why
      FROM unnest($18::bigint[], $19::text[], $20::text[]) WITH ORDINALITY AS step (at, step, why, place)`,
      [
        ...[order.id, order.channel, order.owner, order.state, order.payment, order.placedAt, order.paymentDueAt],
        order.onShortage === 'backorder' ? 'backorder' : 'cancel',
        ...[order.isCancelling, order.wakeAt ?? null, order.onShortage, order.paymentTtlSeconds ?? null],
        lines.map(({ sku }) => sku),
        lines.map(({ ordered }) => ordered),
        lines.map(({ cancelled }) => cancelled),
        lines.map(({ backordered }) => backordered),
        known,
        steps.map(({ at }) => at),
        steps.map(({ step }) => step),
        steps.map(({ why }) => why),
      ],
    );
  }

  /** Those that changed, and all of their lines. */
  async #putAllocations({ id, placedAt, allocations }: Order, before: Order | undefined): Promise<void> {
    const changed = allocations.filter((allocation, place) => allocation !== before?.allocations[place]);
    if (changed.length === 0) return;
    const made = allocations.slice(before?.allocations.length ?? 0);
    const lines = changed.flatMap(({ task, lines: ofTask }) => ofTask.map((line) => ({ task, ...line })));
    await this.#session.send(
      // A row that is made here is not there yet for who looks it up in the table.
      `WITH made AS (
        INSERT INTO allocation (task, order_id, warehouse, at, placed_at, is_heard)
        SELECT task, $1, warehouse, at, $2, false
        FROM unnest($3::text[], $4::text[], $5::bigint[]) WITH ORDINALITY AS one (task, warehouse, at, place) ORDER BY place
        RETURNING id, task, warehouse),
      put AS (
        SELECT id, task, warehouse FROM made
        UNION ALL SELECT id, task, warehouse FROM allocation WHERE order_id = $1)
      INSERT INTO allocation_line (allocation, sku, warehouse, quantity, shipped, given_up, releasing)
      SELECT put.id, line.sku, put.warehouse, line.quantity, line.shipped, line.given_up, line.releasing
      FROM unnest($6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[])
          AS line (task, sku, quantity, shipped, given_up, releasing)
        JOIN put ON put.task = line.task
      ON CONFLICT (allocation, sku) DO UPDATE SET
        shipped = excluded.shipped, given_up = excluded.given_up, releasing = excluded.releasing`,
      [
        id,
        placedAt,
        made.map(({ task }) => task),
        made.map(({ warehouse }) => warehouse),
        made.map(({ at }) => at),
        lines.map(({ task }) => task),
        lines.map(({ sku }) => sku),
        lines.map(({ quantity }) => quantity),
        lines.map(({ shipped }) => shipped),
        lines.map(({ givenUp }) => givenUp),
        lines.map(({ releasing }) => releasing),
      ],
    );
  }
}

function orderOf({ missing, asked, paymentTtlSeconds, wakeAt, ...order }: OrderRow): Order {
  return {
    ...order,
    ...(paymentTtlSeconds === null ? {} : { paymentTtlSeconds }),
    onShortage: asked ?? missing,
    ...(wakeAt === null ? {} : { wakeAt }),
  };
}
