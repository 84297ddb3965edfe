import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { StateRow } from '@edgestock/shared/protocol/delta';
import { PLACED_COLUMNS, type PlacedRow, placedOf } from '../../rows/placed-row.ts';
import type { KnownPlacedPosition, PositionRepairTable } from '../../tables/position-table.ts';
import type { Session } from '../session.ts';
import { positionArrays } from './position-arrays.ts';

/** Quota that central has spent or given back stays counted, whatever a node says: what was promised was promised. */
const GRANTED_MIN = 'position.returned + position.allocated_sent + position.held';

type KnownRow = PlacedRow & { readonly sku: Sku; readonly returned: number; readonly allocatedSent: number };

export class PostgresPositionRepairTable implements PositionRepairTable {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async known(warehouse: WarehouseId, skus: readonly Sku[]): Promise<ReadonlyMap<Sku, KnownPlacedPosition>> {
    const rows = await this.#session.rows<KnownRow>(
      `SELECT sku, ${PLACED_COLUMNS}, returned, allocated_sent AS "allocatedSent" FROM position
       WHERE warehouse = $1 AND sku = ANY($2::text[])`,
      [warehouse, skus],
    );
    return new Map(
      rows.map((row) => {
        const { sku, returned, allocatedSent } = row;
        return [sku, { position: placedOf(row), atCentral: { returned, allocatedSent } }];
      }),
    );
  }

  async replace(
    warehouse: WarehouseId,
    rows: readonly StateRow[],
    { isSettled }: { readonly isSettled: boolean },
  ): Promise<void> {
    const { insert, parameters } = positionArrays(rows.map((row) => ({ warehouse, row, logSequence: 0 })));
    // What is promised beyond the grants of a warehouse that is not settled is taken away when it is.
    const granted = isSettled ? `greatest(excluded.granted, ${GRANTED_MIN})` : 'excluded.granted';
    await this.#session.send(
      `${insert}
       ON CONFLICT (sku, warehouse) DO UPDATE SET
         on_hand = excluded.on_hand, unsellable = excluded.unsellable, reserved = excluded.reserved,
         committed = excluded.committed, quota = excluded.quota, safety_stock = excluded.safety_stock,
         version = excluded.version, sequence = excluded.sequence, at = excluded.at, suspect = false,
         granted = ${granted}, allocated = excluded.allocated, returned_seen = excluded.returned_seen,
         returned = greatest(position.returned, excluded.returned),
         allocated_sent = greatest(position.allocated_sent, excluded.allocated_sent)`,
      parameters,
    );
  }

  async empty(warehouse: WarehouseId, skus: readonly Sku[]): Promise<void> {
    await this.#session.send(
      `UPDATE position SET on_hand = 0, unsellable = 0, reserved = 0, committed = 0, quota = 0, safety_stock = 0, version = 0,
         sequence = 0, suspect = false, granted = ${GRANTED_MIN}, allocated = 0, returned_seen = 0
       WHERE warehouse = $1 AND sku = ANY($2::text[])`,
      [warehouse, skus],
    );
  }

  async advanceLog(warehouse: WarehouseId, rows: readonly Pick<StateRow, 'sku' | 'sequence'>[]): Promise<void> {
    await this.#session.send(
      `UPDATE position SET log_sequence = placed.sequence
       FROM unnest($1::text[], $2::bigint[]) AS placed (sku, sequence)
       WHERE position.warehouse = $3 AND position.sku = placed.sku AND position.log_sequence < placed.sequence`,
      [rows.map(({ sku }) => sku), rows.map(({ sequence }) => sequence), warehouse],
    );
  }

  async between(warehouse: WarehouseId, after: Sku | '', upTo: Sku | undefined): Promise<readonly Sku[]> {
    const end = upTo === undefined ? '' : 'AND sku <= $3';
    const rows = await this.#session.rows<{ sku: Sku }>(
      `SELECT sku FROM position WHERE warehouse = $1 AND sku > $2 ${end} AND version > 0 ORDER BY sku`,
      upTo === undefined ? [warehouse, after] : [warehouse, after, upTo],
    );
    return rows.map(({ sku }) => sku);
  }

  async skusAfter(warehouse: WarehouseId, after: Sku | '', limit: number): Promise<readonly Sku[]> {
    const rows = await this.#session.rows<{ sku: Sku }>(
      'SELECT sku FROM position WHERE warehouse = $1 AND sku > $2 ORDER BY sku LIMIT $3',
      [warehouse, after, limit],
    );
    return rows.map(({ sku }) => sku);
  }
}
