import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { deficitOf } from '@edgestock/shared/inventory/position';
import { bucketOf } from '@edgestock/shared/inventory/position-digest';
import type { StateRow } from '@edgestock/shared/protocol/delta';
import type { StateMessage, StateRepair } from '@edgestock/shared/protocol/message';
import type { SnapshotRow } from '@edgestock/shared/protocol/snapshot';
import type { Database, Statement } from 'better-sqlite3';
import { faultOfState } from '../../../rules/delta-fault.ts';
import { repairPosition } from '../../../rules/repair-position.ts';
import type { UnsettledTable } from '../epochs/unsettled-table.ts';
import type { AvailabilityWriter } from './availability-table.ts';
import { PLACED_COLUMNS, type PlacedRow, placedOf } from './placed-position.ts';
import type { PositionDigests } from './position-digests.ts';
import type { DeficitPlace } from './position-table.ts';

const ROWS_PER_PAGE = 1_000;
/** Quota that central has spent or given back stays counted, whatever a node says: what was promised was promised. */
const GRANTED_MIN = 'position.returned + position.allocated_sent + position.held';

type KnownRow = PlacedRow & { readonly returned: number; readonly allocatedSent: number };

/**
 * Makes the positions of a bucket those of the node, whatever versions they have here: they differ although both sides say that
 * they are of the same place. Inside a transaction of the caller, with nothing collected in the writer of positions.
 */
export class PositionRepair {
  readonly #known: Statement<[string, string], KnownRow>;
  readonly #page: Statement<[string, string, number], PlacedRow & { sku: Sku }>;
  readonly #replace: Statement<[Record<string, string | number>]>;
  readonly #empty: Statement<[string, string]>;
  readonly #advanceLog: Statement<[number, string, string, number]>;
  readonly #stretch: Statement<[string, string, string | null, string | null], { sku: Sku }>;
  readonly #availability: AvailabilityWriter;
  readonly #unsettled: UnsettledTable;
  readonly #digests: PositionDigests;

  constructor(
    database: Database,
    parts: { readonly availability: AvailabilityWriter; readonly unsettled: UnsettledTable },
    digests: PositionDigests,
  ) {
    this.#availability = parts.availability;
    this.#unsettled = parts.unsettled;
    this.#digests = digests;
    this.#known = database.prepare(`
      SELECT ${PLACED_COLUMNS}, returned, allocated_sent AS allocatedSent FROM position WHERE sku = ? AND warehouse = ?`);
    this.#page = database.prepare(
      `SELECT sku, ${PLACED_COLUMNS} FROM position WHERE warehouse = ? AND sku > ? ORDER BY sku LIMIT ?`,
    );
    // What is promised beyond the grants of a warehouse that is not settled is taken away when it is.
    this.#replace = database.prepare(`
      INSERT INTO position (sku, warehouse, on_hand, unsellable, reserved, committed, quota, safety_stock, version, sequence,
        log_sequence, at, suspect, granted, allocated, returned_seen, returned, allocated_sent)
      VALUES (@sku, @warehouse, @onHand, @unsellable, @reserved, @committed, @quota, @safetyStock, @version, @sequence,
        0, @at, 0, @granted, @allocated, @returned, @returned, @allocated)
      ON CONFLICT (sku, warehouse) DO UPDATE SET
        on_hand = excluded.on_hand, unsellable = excluded.unsellable, reserved = excluded.reserved,
        committed = excluded.committed, quota = excluded.quota, safety_stock = excluded.safety_stock,
        version = excluded.version, sequence = excluded.sequence, at = excluded.at, suspect = 0,
        granted = iif(@isSettled, max(excluded.granted, ${GRANTED_MIN}), excluded.granted),
        allocated = excluded.allocated, returned_seen = excluded.returned_seen,
        returned = max(position.returned, excluded.returned),
        allocated_sent = max(position.allocated_sent, excluded.allocated_sent)`);
    this.#empty = database.prepare(`
      UPDATE position SET on_hand = 0, unsellable = 0, reserved = 0, committed = 0, quota = 0, safety_stock = 0, version = 0,
        sequence = 0, suspect = 0, granted = ${GRANTED_MIN}, allocated = 0, returned_seen = 0
      WHERE sku = ? AND warehouse = ?`);
    // Where its history begins: a walk from here finds nothing, which is true, instead of an older movement.
    this.#advanceLog = database.prepare(
      'UPDATE position SET log_sequence = ? WHERE sku = ? AND warehouse = ? AND log_sequence < ?',
    );
    this.#stretch = database.prepare(
      'SELECT sku FROM position WHERE warehouse = ? AND sku > ? AND (? IS NULL OR sku <= ?) AND version > 0',
    );
  }

  /** Tells how many positions were wrong, and where goods are missing now. */
  repair(
    { warehouse, rows, asOfSequence }: StateMessage,
    { bucket, isWhole }: StateRepair,
  ): { readonly repaired: number; readonly deficits: readonly DeficitPlace[] } {
    const deficits: DeficitPlace[] = [];
    let repaired = 0;
    const named = rows.filter(({ sku, version, state }) => bucketOf(sku) === bucket && !faultOfState(version, state));
    for (const row of named) {
      if (!this.#replaceIfWrong(warehouse, row, asOfSequence)) continue;
      repaired += 1;
      if (deficitOf(row.state) > 0) deficits.push({ warehouse, sku: row.sku });
    }
    if (isWhole && !this.#digests.consistsOf(warehouse, bucket, named)) {
      const skus = new Set(named.map(({ sku }) => sku));
      for (const sku of this.#skusIn(warehouse, bucket)) {
        if (!skus.has(sku) && this.#emptyIfWrong(warehouse, sku, asOfSequence)) repaired += 1;
      }
    }
    return { repaired, deficits };
  }

  /**
   * Makes the positions of a stretch of SKUs those of a snapshot of their node: those that it does not name go. Tells which rows
   * cannot be meant; what central has from after the snapshot's place stays. The warehouse is not settled. What was counted of it for
   * digests is not kept up, and to be forgotten.
   */
  takeOver(piece: {
    readonly warehouse: WarehouseId;
    readonly sequence: number;
    readonly at: number;
    readonly rows: readonly SnapshotRow[];
    /** The stretch begins behind the first, and ends with the other; without it there is no end. */
    readonly after: Sku | '';
    readonly upTo: Sku | undefined;
  }): readonly Pick<StateRow, 'sku' | 'version'>[] {
    const { warehouse, sequence: place, at, rows, after, upTo } = piece;
    const named = new Set<Sku>();
    const unusable: SnapshotRow[] = [];
    for (const row of rows) {
      const { sku, version, sequence, state } = row;
      if (named.has(sku)) continue;
      named.add(sku);
      if (faultOfState(version, state) !== undefined) {
        unusable.push(row);
        continue;
      }
      const known = this.#known.get(sku, warehouse);
      if (repairPosition(known && placedOf(known), { sku, version, sequence, state, at }, place) !== undefined) {
        this.#replace.run({ sku, warehouse, ...state, version, sequence, at, isSettled: 0 });
        // It adds nothing to any answer before it is settled: the answer shows the position, and need not be summed up anew.
        this.#availability.change(sku, []);
      }
      this.#advanceLog.run(sequence, sku, warehouse, sequence);
    }
    for (const { sku } of this.#stretch.all(warehouse, after, upTo ?? null, upTo ?? null)) {
      if (!named.has(sku)) this.#emptyIfWrong(warehouse, sku, place);
    }
    return unusable;
  }

  #replaceIfWrong(warehouse: WarehouseId, row: StateRow, asOfSequence: number): boolean {
    const { sku, version, sequence, state, at } = row;
    const known = this.#known.get(sku, warehouse);
    const before = known && placedOf(known);
    if (repairPosition(before, row, asOfSequence) === undefined) return false;
    // The node knows of more than central does, which has lost its memory of it: as with any other state (`mergePosition`).
    const isAhead = state.returned > (known?.returned ?? 0) || state.allocated > (known?.allocatedSent ?? 0);
    // Before its numbers change: what it added to the answers was more than it has.
    if (isAhead) this.#availability.exclude(warehouse);
    const isSettled = this.#unsettled.has(warehouse) ? 0 : 1;
    this.#replace.run({ sku, warehouse, ...state, version, sequence, at, isSettled });
    this.#written(warehouse, sku, known);
    return true;
  }

  #emptyIfWrong(warehouse: WarehouseId, sku: Sku, asOfSequence: number): boolean {
    const known = this.#known.get(sku, warehouse);
    if (known === undefined || repairPosition(placedOf(known), undefined, asOfSequence) === undefined) return false;
    this.#empty.run(sku, warehouse);
    this.#written(warehouse, sku, known);
    return true;
  }

  #written(warehouse: WarehouseId, sku: Sku, before: PlacedRow | undefined): void {
    this.#availability.recount(sku);
    this.#digests.changed(warehouse, sku, digested(before), digested(this.#known.get(sku, warehouse)));
  }

  /** Reads all of the warehouse: only where a position is here that the node does not have, or one has moved meanwhile. */
  #skusIn(warehouse: WarehouseId, bucket: number): readonly Sku[] {
    const found: Sku[] = [];
    let page: readonly { readonly sku: Sku }[] = [];
    do {
      page = this.#page.all(warehouse, page.at(-1)?.sku ?? '', ROWS_PER_PAGE);
      for (const { sku } of page) if (bucketOf(sku) === bucket) found.push(sku);
    } while (page.length === ROWS_PER_PAGE);
    return found;
  }
}

function digested(row: PlacedRow | undefined) {
  return row === undefined || row.version === 0 ? undefined : placedOf(row);
}
