import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { deficitOf } from '@edgestock/shared/inventory/position';
import type { StateRow } from '@edgestock/shared/protocol/delta';
import type { Database, Statement } from 'better-sqlite3';
import { type KnownPosition, mergePosition } from '../../../rules/merge-position.ts';
import { type CollectedPosition, CollectedPositions } from '../../rows/collected-positions.ts';
import { PLACED_COLUMNS, type PlacedRow, placedOf } from '../../rows/placed-row.ts';
import type { UnspentChange } from '../../tables/availability-table.ts';
import type { DeficitPlace, PositionChange, PositionsWritten, PositionWriter } from '../../tables/position-table.ts';
import type { SqliteAvailabilityWriter } from './availability-table.ts';

/**
 * A hot SKU sold in twenty batches costs one write, and neighbours share the page that is at hand.
 *
 * Measured with checks, log, answers and cursor, durable, scattered sales of 500 to a batch and four batches to a transaction:
 * 46,000 to 67,000 deltas/s over 40,000 positions (0.35 of a bare upsert of the position rows in the same run), 0.53 of bare
 * over 400,000 positions. Of the time, writing positions took 29 %, answers and their revisions 28 %, commits 22 %, checks 18 %.
 */
export class SqlitePositionWriter implements PositionWriter {
  readonly #collected = new CollectedPositions();
  readonly #known: Statement<[string, string], PlacedRow & KnownPosition>;
  readonly #move: Statement<[number, number, number, number, number, string, string]>;
  readonly #upsert: Statement<(string | number)[]>;
  readonly #advanceLog: Statement<[number, string, string, number]>;
  readonly #suspect: Statement<[{ sku: string; warehouse: string; version: number }]>;
  readonly #availability: SqliteAvailabilityWriter;

  constructor(database: Database, availability: SqliteAvailabilityWriter) {
    this.#availability = availability;
    this.#known = database.prepare(`
      SELECT ${PLACED_COLUMNS}, returned, allocated_sent AS allocatedSent FROM position WHERE sku = ? AND warehouse = ?`);
    // Of a suspect position nothing: it is for the other statement, and SQLite sees that it needs to look at one index less.
    this.#move = database.prepare(`
      UPDATE position SET on_hand = ?, version = ?, sequence = ?, log_sequence = max(log_sequence, ?), at = ?
      WHERE sku = ? AND warehouse = ? AND suspect = 0`);
    // Central's own totals are never behind what the node knows of them: they may be, after central was restored from a backup.
    this.#upsert = database.prepare(`
      INSERT INTO position (sku, warehouse, on_hand, unsellable, reserved, committed, quota, safety_stock, version, sequence,
        log_sequence, at, suspect, granted, allocated, returned_seen, returned, allocated_sent)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?)
      ON CONFLICT (sku, warehouse) DO UPDATE SET
        on_hand = excluded.on_hand, unsellable = excluded.unsellable, reserved = excluded.reserved,
        committed = excluded.committed, quota = excluded.quota, safety_stock = excluded.safety_stock,
        version = excluded.version, sequence = excluded.sequence,
        log_sequence = max(position.log_sequence, excluded.log_sequence), at = excluded.at, suspect = 0,
        granted = max(position.granted, excluded.granted), allocated = max(position.allocated, excluded.allocated),
        returned_seen = max(position.returned_seen, excluded.returned_seen),
        returned = max(position.returned, excluded.returned),
        allocated_sent = max(position.allocated_sent, excluded.allocated_sent)
      WHERE excluded.version > position.version`);
    this.#advanceLog = database.prepare(
      'UPDATE position SET log_sequence = ? WHERE sku = ? AND warehouse = ? AND log_sequence < ?',
    );
    this.#suspect = database.prepare(`
      INSERT INTO position (sku, warehouse, on_hand, unsellable, reserved, committed, quota, safety_stock, version, sequence,
        log_sequence, at, suspect)
      VALUES (@sku, @warehouse, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
      ON CONFLICT (sku, warehouse) DO UPDATE SET suspect = 1 WHERE position.version < @version AND position.suspect = 0`);
  }

  begin(): void {
    this.#collected.clear();
  }

  put(warehouse: WarehouseId, row: StateRow, logSequence: number): void {
    this.#collected.put(warehouse, row, logSequence);
  }

  suspect(warehouse: WarehouseId, sku: Sku, version: number): void {
    this.#collected.suspect(warehouse, sku, version);
  }

  write(): PositionsWritten {
    const deficits: DeficitPlace[] = [];
    const written: PositionChange[] = [];
    for (const { sku, places } of this.#collected.take()) {
      const changes: UnspentChange[] = [];
      for (const [warehouse, collected] of places) {
        const units = this.#write(warehouse, sku, collected, written);
        if (units === undefined) continue;
        changes.push({ warehouse, units });
        // Of the state at hand, so that the many without a deficit cost no look-up.
        if (collected.row !== undefined && deficitOf(collected.row.state) > 0) deficits.push({ warehouse, sku });
      }
      if (changes.length > 0) this.#availability.change(sku, changes);
    }
    return { deficits, changes: written };
  }

  /** Units by which central's quota changes; `undefined` when nothing of the position did. */
  #write(
    warehouse: WarehouseId,
    sku: Sku,
    { row, logSequence, suspectVersion }: CollectedPosition,
    written: PositionChange[],
  ): number | undefined {
    let change: number | undefined;
    if (row !== undefined) {
      const known = this.#known.get(sku, warehouse);
      const merge = mergePosition(known, row);
      if (merge.merge === 'newer') {
        // Before its numbers change: what it added to the answers was more than it has.
        if (merge.isAhead) this.#availability.exclude(warehouse);
        if (!(isMoveOnly(known, row, merge) && this.#moveRow(warehouse, row, logSequence))) {
          this.#upsertRow(warehouse, row, logSequence);
        }
        const { version, sequence, state } = row;
        const after = { version, sequence, ...state };
        written.push({ warehouse, sku, before: known && placedOf(known), after });
        change = merge.unspentChange;
      } else if (logSequence > 0) this.#advanceLog.run(logSequence, sku, warehouse, logSequence);
    }
    if (suspectVersion > 0 && this.#suspect.run({ sku, warehouse, version: suspectVersion }).changes > 0) change ??= 0;
    return change;
  }

  /** False where the position is suspect: nothing is written then. */
  #moveRow(warehouse: WarehouseId, { sku, version, sequence, state, at }: StateRow, logSequence: number): boolean {
    return this.#move.run(state.onHand, version, sequence, logSequence, at, sku, warehouse).changes > 0;
  }

  #upsertRow(warehouse: WarehouseId, { sku, version, sequence, state, at }: StateRow, logSequence: number): void {
    this.#upsert.run(
      sku,
      warehouse,
      state.onHand,
      state.unsellable,
      state.reserved,
      state.committed,
      state.quota,
      state.safetyStock,
      version,
      sequence,
      logSequence,
      at,
      state.granted,
      state.allocated,
      state.returned,
      state.returned,
      state.allocated,
    );
  }
}

/**
 * Only the units on hand are others than before: of most sales, receipts and counts. To write these five columns costs 2.8 us of the
 * 4.0 that all of them do, since indexes and checks that they have no part in are left alone.
 */
function isMoveOnly(
  known: (PlacedRow & KnownPosition) | undefined,
  { state }: StateRow,
  { isAhead }: { readonly isAhead: boolean },
): boolean {
  return (
    known !== undefined &&
    !isAhead &&
    state.unsellable === known.unsellable &&
    state.reserved === known.reserved &&
    state.committed === known.committed &&
    state.quota === known.quota &&
    state.safetyStock === known.safety_stock &&
    state.granted === known.granted &&
    state.allocated === known.allocated &&
    state.returned === known.returned_seen
  );
}
