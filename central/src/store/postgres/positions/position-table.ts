import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { deficitOf } from '@edgestock/shared/inventory/position';
import type { StateRow } from '@edgestock/shared/protocol/delta';
import { type KnownPosition, mergePosition } from '../../../rules/merge-position.ts';
import { type CollectedPosition, CollectedPositions } from '../../rows/collected-positions.ts';
import { PLACED_COLUMNS, type PlacedRow, placedOf } from '../../rows/placed-row.ts';
import type { AvailabilityWriter } from '../../tables/availability-table.ts';
import type { DeficitPlace, PositionChange, PositionsWritten, PositionWriter } from '../../tables/position-table.ts';
import type { Session } from '../session.ts';
import { positionArrays } from './position-arrays.ts';

type KnownRow = PlacedRow & KnownPosition & { readonly sku: Sku; readonly warehouse: WarehouseId };
/** By SKU and warehouse, as `keyOf` has it. */
type KnownRows = ReadonlyMap<string, KnownRow>;
type Collected = CollectedPosition & { readonly sku: Sku; readonly warehouse: WarehouseId };
type Newer = Collected & {
  readonly row: StateRow;
  readonly known: KnownRow | undefined;
  readonly units: number;
};

/**
 * Reads all rows that a transaction brings states of with one statement, and writes what the merge makes of them with at most
 * three more, whatever their number.
 */
export class PostgresPositionWriter implements PositionWriter {
  readonly #session: Session;
  readonly #availability: AvailabilityWriter;
  readonly #collected = new CollectedPositions();

  constructor(session: Session, availability: AvailabilityWriter) {
    this.#session = session;
    this.#availability = availability;
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

  async write(): Promise<PositionsWritten> {
    const collected = this.#collected
      .take()
      .map(({ sku, places }) =>
        Array.from(places, ([warehouse, position]): Collected => ({ ...position, sku, warehouse })),
      );
    const positions = collected.flat();
    const { newer, ahead, older } = merged(positions, await this.#knownOf(positions));
    // Before their numbers change: what they added to the answers was more than they have.
    for (const warehouse of ahead) await this.#availability.exclude(warehouse);
    await this.#upsert([...newer.values()]);
    await this.#advanceLog(older);
    const suspects = await this.#suspect(positions.filter(({ suspectVersion }) => suspectVersion > 0));
    for (const ofSku of collected) await this.#answer(ofSku, newer, suspects);
    return {
      deficits: [...newer.values()].flatMap(missing),
      changes: Array.from(newer.values(), changeOf),
    };
  }

  async #knownOf(positions: readonly Collected[]): Promise<KnownRows> {
    const asked = positions.filter(({ row }) => row !== undefined);
    if (asked.length === 0) return new Map();
    const rows = await this.#session.rows<KnownRow>(
      `SELECT p.sku, p.warehouse, ${PLACED_COLUMNS}, returned, allocated_sent AS "allocatedSent"
       FROM unnest($1::text[], $2::text[]) AS asked (sku, warehouse)
         JOIN position p ON p.sku = asked.sku AND p.warehouse = asked.warehouse
       ORDER BY p.sku, p.warehouse FOR UPDATE OF p`,
      [asked.map(({ sku }) => sku), asked.map(({ warehouse }) => warehouse)],
    );
    return new Map(rows.map((row) => [keyOf(row), row]));
  }

  /** Central's own totals are never behind what the node knows of them: they may be, after central was restored from a backup. */
  async #upsert(newer: readonly Newer[]): Promise<void> {
    if (newer.length === 0) return;
    const columns = positionArrays(newer.map(({ warehouse, row, logSequence }) => ({ warehouse, row, logSequence })));
    await this.#session.send(
      `${columns.insert}
       ON CONFLICT (sku, warehouse) DO UPDATE SET
         on_hand = excluded.on_hand, unsellable = excluded.unsellable, reserved = excluded.reserved,
         committed = excluded.committed, quota = excluded.quota, safety_stock = excluded.safety_stock,
         version = excluded.version, sequence = excluded.sequence,
         log_sequence = greatest(position.log_sequence, excluded.log_sequence), at = excluded.at, suspect = false,
         granted = greatest(position.granted, excluded.granted),
         allocated = greatest(position.allocated, excluded.allocated),
         returned_seen = greatest(position.returned_seen, excluded.returned_seen),
         returned = greatest(position.returned, excluded.returned),
         allocated_sent = greatest(position.allocated_sent, excluded.allocated_sent)
       WHERE excluded.version > position.version`,
      columns.parameters,
    );
  }

  async #advanceLog(older: readonly Collected[]): Promise<void> {
    if (older.length === 0) return;
    await this.#session.send(
      `UPDATE position SET log_sequence = placed.log_sequence
       FROM unnest($1::text[], $2::text[], $3::bigint[]) AS placed (sku, warehouse, log_sequence)
       WHERE position.sku = placed.sku AND position.warehouse = placed.warehouse
         AND position.log_sequence < placed.log_sequence`,
      [
        older.map(({ sku }) => sku),
        older.map(({ warehouse }) => warehouse),
        older.map(({ logSequence }) => logSequence),
      ],
    );
  }

  /** Keys of those that were not suspect before. */
  async #suspect(suspects: readonly Collected[]): Promise<ReadonlySet<string>> {
    if (suspects.length === 0) return new Set();
    const rows = await this.#session.rows<{ sku: Sku; warehouse: WarehouseId }>(
      `WITH told AS (
         SELECT sku, warehouse, version
         FROM unnest($1::text[], $2::text[], $3::bigint[]) AS t (sku, warehouse, version)
       ), known AS (
         UPDATE position p SET suspect = true FROM told
         WHERE p.sku = told.sku AND p.warehouse = told.warehouse AND p.version < told.version AND NOT p.suspect
         RETURNING p.sku, p.warehouse
       ), unknown AS (
         INSERT INTO position (sku, warehouse, on_hand, unsellable, reserved, committed, quota, safety_stock, version, sequence,
           log_sequence, at, suspect)
         SELECT sku, warehouse, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, true FROM told
         ON CONFLICT (sku, warehouse) DO NOTHING
         RETURNING sku, warehouse
       )
       SELECT sku, warehouse FROM known UNION ALL SELECT sku, warehouse FROM unknown`,
      [
        suspects.map(({ sku }) => sku),
        suspects.map(({ warehouse }) => warehouse),
        suspects.map(({ suspectVersion }) => suspectVersion),
      ],
    );
    return new Set(rows.map(keyOf));
  }

  async #answer(
    ofSku: readonly Collected[],
    newer: ReadonlyMap<string, Newer>,
    suspects: ReadonlySet<string>,
  ): Promise<void> {
    const changes = ofSku.flatMap((position) => {
      const key = keyOf(position);
      const units = newer.get(key)?.units ?? (suspects.has(key) ? 0 : undefined);
      return units === undefined ? [] : [{ warehouse: position.warehouse, units }];
    });
    const [first] = ofSku;
    if (first !== undefined && changes.length > 0) await this.#availability.change(first.sku, changes);
  }
}

/** What is newer, whose nodes are ahead of central, and what came late with its log. */
function merged(positions: readonly Collected[], knownRows: KnownRows) {
  const newer = new Map<string, Newer>();
  const ahead = new Set<WarehouseId>();
  const older: Collected[] = [];
  for (const position of positions) {
    const { row, logSequence, warehouse } = position;
    if (row === undefined) continue;
    const key = keyOf(position);
    const known = knownRows.get(key);
    const merge = mergePosition(known, row);
    if (merge.merge === 'newer') {
      if (merge.isAhead) ahead.add(warehouse);
      newer.set(key, { ...position, row, known, units: merge.unspentChange });
    } else if (logSequence > 0) older.push(position);
  }
  return { newer, ahead, older };
}

/** Of the state at hand, so that the many without a deficit cost no look-up. */
function missing({ warehouse, sku, row }: Newer): readonly DeficitPlace[] {
  return deficitOf(row.state) > 0 ? [{ warehouse, sku }] : [];
}

function changeOf({ warehouse, sku, known, row: { version, sequence, state } }: Newer): PositionChange {
  return { warehouse, sku, before: known && placedOf(known), after: { version, sequence, ...state } };
}

function keyOf({ sku, warehouse }: { readonly sku: Sku; readonly warehouse: WarehouseId }): string {
  return `${sku}\n${warehouse}`;
}
