import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SourcedHold } from '../../../rules/sourcing.ts';
import type { Holder, HoldReader, HoldRow, HoldWriter } from '../../tables/hold-table.ts';
import type { Session } from '../session.ts';

/** `HoldReader` on PostgreSQL. */
export class PostgresHoldReader implements HoldReader {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async of({ kind, id }: Holder): Promise<readonly SourcedHold[]> {
    return this.#session.rows<SourcedHold>(
      'SELECT sku, warehouse, quantity FROM hold WHERE kind = $1 AND holder = $2 ORDER BY sku, warehouse',
      [kind, id],
    );
  }

  async newestAt(warehouse: WarehouseId, sku: Sku, limit: number): Promise<readonly HoldRow[]> {
    return this.#session.rows<HoldRow>(
      `SELECT kind, holder AS id, channel, sku, warehouse, quantity FROM hold
      WHERE warehouse = $1 AND sku = $2 ORDER BY hold.id DESC LIMIT $3`,
      [warehouse, sku, limit],
    );
  }
}

/** `HoldWriter` on PostgreSQL. */
export class PostgresHoldWriter implements HoldWriter {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async add({ kind, id, channel, sku, warehouse, quantity }: HoldRow): Promise<void> {
    await this.#session.send(
      `INSERT INTO hold (kind, holder, channel, sku, warehouse, quantity) VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (kind, holder, sku, warehouse) DO UPDATE SET quantity = hold.quantity + excluded.quantity`,
      [kind, id, channel, sku, warehouse, quantity],
    );
  }

  /** Both parts see the row as it was, so it is never less than reduced and never both. */
  async reduce({ kind, id, sku, warehouse }: HoldRow, quantity: number): Promise<void> {
    const isRow = 'kind = $1 AND holder = $2 AND sku = $3 AND warehouse = $4';
    await this.#session.send(
      `WITH reduced AS (UPDATE hold SET quantity = quantity - $5 WHERE ${isRow} AND quantity > $5)
      DELETE FROM hold WHERE ${isRow} AND quantity = $5`,
      [kind, id, sku, warehouse, quantity],
    );
  }

  async remove(kind: Holder['kind'], ids: readonly string[]): Promise<readonly SourcedHold[]> {
    return this.#session.rows<SourcedHold>(
      'DELETE FROM hold WHERE kind = $1 AND holder = ANY ($2::text[]) RETURNING sku, warehouse, quantity',
      [kind, ids],
    );
  }
}
