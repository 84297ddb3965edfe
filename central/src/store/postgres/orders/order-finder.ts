import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Channel } from '../../../rules/channel.ts';
import type { OrderState } from '../../../rules/order.ts';
import type { OpenTask, OrderFinder } from '../../tables/order-table.ts';
import { firstRow, type Session } from '../session.ts';

/** In the words of the index `allocation_line_open`. */
const IS_OPEN = 'l.warehouse = $1 AND l.sku = $2 AND l.quantity > l.shipped + l.given_up';
const WAITS = 'FROM order_line l JOIN orders o ON o.id = l.order_id WHERE l.sku = $1 AND l.backordered > 0';

/** `OrderFinder` on PostgreSQL. */
export class PostgresOrderFinder implements OrderFinder {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async due(now: number, limit: number): Promise<readonly string[]> {
    return this.#ids('SELECT id FROM orders WHERE wake_at <= $1 ORDER BY wake_at, id LIMIT $2', [now, limit]);
  }

  async ofTask(task: string, warehouse: WarehouseId): Promise<string | undefined> {
    const [id] = await this.#ids('SELECT order_id AS id FROM allocation WHERE task = $1 AND warehouse = $2', [
      task,
      warehouse,
    ]);
    return id;
  }

  async taskLine(
    task: string,
    warehouse: WarehouseId,
    sku: Sku,
  ): Promise<{ readonly shipped: number; readonly givenUp: number } | undefined> {
    const row = await firstRow<{ shipped: number; givenUp: number }>(
      this.#session,
      `SELECT l.shipped, l.given_up AS "givenUp" FROM allocation a JOIN allocation_line l ON l.allocation = a.id
      WHERE a.task = $1 AND a.warehouse = $2 AND l.sku = $3`,
      [task, warehouse, sku],
    );
    return row;
  }

  async openAt(warehouse: WarehouseId, sku: Sku, limit: number): Promise<readonly string[]> {
    const ids = await this.#ids(
      `SELECT a.order_id AS id FROM allocation_line l JOIN allocation a ON a.id = l.allocation
      WHERE ${IS_OPEN} AND l.quantity - l.shipped - l.given_up > l.releasing ORDER BY l.allocation DESC LIMIT $3`,
      [warehouse, sku, limit],
    );
    return [...new Set(ids)];
  }

  async openUnits(
    warehouse: WarehouseId,
    sku: Sku,
    limit: number,
  ): Promise<readonly { readonly id: string; readonly quantity: number }[]> {
    return this.#session.rows<{ id: string; quantity: number }>(
      `SELECT a.task AS id, l.quantity - l.shipped - l.given_up AS quantity
      FROM allocation_line l JOIN allocation a ON a.id = l.allocation
      WHERE ${IS_OPEN} ORDER BY l.allocation DESC LIMIT $3`,
      [warehouse, sku, limit],
    );
  }

  async openTasksAt(warehouse: WarehouseId): Promise<readonly OpenTask[]> {
    return this.#session.rows<OpenTask>(
      `SELECT a.task, a.order_id AS "order", a.at, a.is_heard AS "isHeard",
        json_agg(json_build_object('sku', l.sku, 'quantity', l.quantity, 'releasing', l.releasing) ORDER BY l.sku) AS lines
      FROM allocation a JOIN allocation_line l ON l.allocation = a.id
      WHERE a.id IN (SELECT l.allocation FROM allocation_line l
        WHERE l.warehouse = $1 AND l.quantity > l.shipped + l.given_up)
      GROUP BY a.id ORDER BY a.id`,
      [warehouse],
    );
  }

  async firmHoldersAt(warehouse: WarehouseId): Promise<readonly string[]> {
    return this.#ids(
      `SELECT o.id FROM orders o
      WHERE o.state = 'firm' AND o.id IN (SELECT h.holder FROM hold h WHERE h.warehouse = $1 AND h.kind = 'order')
      ORDER BY o.placed_at, o.id`,
      [warehouse],
    );
  }

  async openByState(): Promise<Readonly<Record<string, number>>> {
    const counted = await this.#session.rows<{ state: OrderState; orders: number }>(
      "SELECT state, count(*) AS orders FROM orders WHERE state IN ('placed', 'firm') GROUP BY state",
    );
    return { placed: 0, firm: 0, ...Object.fromEntries(counted.map(({ state, orders }) => [state, orders])) };
  }

  async nextWake(): Promise<number | undefined> {
    const row = await firstRow<{ next: number | null }>(
      this.#session,
      'SELECT min(wake_at) AS next FROM orders WHERE wake_at IS NOT NULL',
    );
    return row?.next ?? undefined;
  }

  async releasing(warehouse: WarehouseId, sku: Sku): Promise<number> {
    return this.#units(`SELECT sum(l.releasing)::bigint AS units FROM allocation_line l WHERE ${IS_OPEN}`, [
      warehouse,
      sku,
    ]);
  }

  async waiting(sku: Sku, limit: number): Promise<readonly { readonly id: string; readonly channel: Channel }[]> {
    return this.#session.rows<{ id: string; channel: Channel }>(
      `SELECT o.id, o.channel ${WAITS} AND o.state = 'firm' ORDER BY o.placed_at, o.id LIMIT $2`,
      [sku, limit],
    );
  }

  async waitedFor(skus: readonly Sku[]): Promise<readonly Sku[]> {
    const rows = await this.#session.rows<{ sku: Sku }>(
      'SELECT DISTINCT sku FROM order_line WHERE sku = ANY ($1::text[]) AND backordered > 0',
      [skus],
    );
    const waitedFor = new Set(rows.map(({ sku }) => sku));
    return skus.filter((sku) => waitedFor.has(sku));
  }

  async waitingUnits(sku: Sku, channel: Channel): Promise<number> {
    return this.#units(`SELECT sum(l.backordered)::bigint AS units ${WAITS} AND o.channel = $2`, [sku, channel]);
  }

  async waitingSkus(after: Sku | undefined, limit: number): Promise<readonly Sku[]> {
    const rows = await this.#session.rows<{ sku: Sku }>(
      'SELECT DISTINCT sku FROM order_line WHERE backordered > 0 AND sku > $1 ORDER BY sku LIMIT $2',
      [after ?? '', limit],
    );
    return rows.map(({ sku }) => sku);
  }

  async #ids(text: string, parameters: readonly (string | number)[]): Promise<readonly string[]> {
    const rows = await this.#session.rows<{ id: string }>(text, parameters);
    return rows.map(({ id }) => id);
  }

  /** The sum of no rows is null. */
  async #units(text: string, parameters: readonly (string | number)[]): Promise<number> {
    const row = await firstRow<{ units: number | null }>(this.#session, text, parameters);
    return row?.units ?? 0;
  }
}
