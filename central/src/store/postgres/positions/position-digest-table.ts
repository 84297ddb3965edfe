import type { PlacedPosition } from '@edgestock/shared/inventory/counted-positions';
import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { PLACED_COLUMNS, type PlacedRow, placedOf } from '../../rows/placed-row.ts';
import type { PositionDigestTable } from '../../tables/position-table.ts';
import type { Session, WritingSession } from '../session.ts';

/** Pages are read between the transactions. */
export class PostgresPositionDigestTable implements PositionDigestTable {
  readonly #session: WritingSession;
  readonly #reads: Session;
  #takeovers = 0;

  constructor(session: WritingSession, reads: Session) {
    this.#session = session;
    this.#reads = reads;
  }

  isTakenOver(): boolean {
    const { takeovers } = this.#session;
    const isTakenOver = takeovers !== this.#takeovers;
    this.#takeovers = takeovers;
    return isTakenOver;
  }

  async page(
    warehouse: WarehouseId,
    after: Sku | '',
    limit: number,
  ): Promise<readonly { readonly sku: Sku; readonly position: PlacedPosition }[]> {
    const rows = await this.#reads.rows<PlacedRow & { sku: Sku }>(
      `SELECT sku, ${PLACED_COLUMNS} FROM position WHERE warehouse = $1 AND sku > $2 AND version > 0 ORDER BY sku LIMIT $3`,
      [warehouse, after, limit],
    );
    return rows.map((row) => ({ sku: row.sku, position: placedOf(row) }));
  }

  placeByLog(warehouse: WarehouseId, beyond: number): Promise<number> {
    // Whatever comes next is newer.
    return this.#session.run('UPDATE position SET sequence = log_sequence WHERE warehouse = $1 AND sequence > $2', [
      warehouse,
      beyond,
    ]);
  }
}
