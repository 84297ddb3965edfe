import type { PlacedPosition } from '@edgestock/shared/inventory/counted-positions';
import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { deficitOf } from '@edgestock/shared/inventory/position';
import { bucketOf } from '@edgestock/shared/inventory/position-digest';
import type { StateRow } from '@edgestock/shared/protocol/delta';
import type { StateMessage, StateRepair } from '@edgestock/shared/protocol/message';
import type { SnapshotRow } from '@edgestock/shared/protocol/snapshot';
import { faultOfState } from '../../../rules/delta-fault.ts';
import { repairPosition } from '../../../rules/repair-position.ts';
import type { AvailabilityWriter } from '../../tables/availability-table.ts';
import type { UnsettledTable } from '../../tables/epoch-table.ts';
import type { DeficitPlace, PositionRepairTable } from '../../tables/position-table.ts';
import type { Tables } from '../../tables/tables.ts';
import type { PositionDigests } from './position-digests.ts';

const SKUS_PER_PAGE = 1_000;

/**
 * Makes the positions of a bucket those of the node, whatever versions they have here: they differ although both sides say that
 * they are of the same place. Inside a transaction of the caller, with nothing collected in the writer of positions.
 */
export class PositionRepair {
  readonly #table: PositionRepairTable;
  readonly #availability: AvailabilityWriter;
  readonly #unsettled: UnsettledTable;
  readonly #digests: PositionDigests;

  constructor(tables: Pick<Tables, 'positionRepair' | 'availability' | 'unsettled'>, digests: PositionDigests) {
    this.#table = tables.positionRepair;
    this.#availability = tables.availability;
    this.#unsettled = tables.unsettled;
    this.#digests = digests;
  }

  /** Tells how many positions were wrong, and where goods are missing now. */
  async repair(
    { warehouse, rows, asOfSequence }: StateMessage,
    { bucket, isWhole }: StateRepair,
  ): Promise<{ readonly repaired: number; readonly deficits: readonly DeficitPlace[] }> {
    const deficits: DeficitPlace[] = [];
    let repaired = 0;
    const named = rows.filter(({ sku, version, state }) => bucketOf(sku) === bucket && !faultOfState(version, state));
    for (const row of named) {
      if (!(await this.#replaceIfWrong(warehouse, row, asOfSequence))) continue;
      repaired += 1;
      if (deficitOf(row.state) > 0) deficits.push({ warehouse, sku: row.sku });
    }
    if (isWhole && !this.#digests.consistsOf(warehouse, bucket, named)) {
      const skus = new Set(named.map(({ sku }) => sku));
      const others = (await this.#skusIn(warehouse, bucket)).filter((sku) => !skus.has(sku));
      repaired += await this.#emptyWrong(warehouse, others, asOfSequence);
    }
    return { repaired, deficits };
  }

  /**
   * Makes the positions of a stretch of SKUs those of a snapshot of their node: those that it does not name go. Tells which rows
   * cannot be meant; what central has from after the snapshot's place stays. The warehouse is not settled. What was counted of it for
   * digests is not kept up, and to be forgotten.
   */
  async takeOver(piece: {
    readonly warehouse: WarehouseId;
    readonly sequence: number;
    readonly at: number;
    readonly rows: readonly SnapshotRow[];
    /** The stretch begins behind the first, and ends with the other; without it there is no end. */
    readonly after: Sku | '';
    readonly upTo: Sku | undefined;
  }): Promise<readonly Pick<StateRow, 'sku' | 'version'>[]> {
    const { warehouse, sequence: place, at, rows, after, upTo } = piece;
    const named = new Map<Sku, SnapshotRow>();
    for (const row of rows) if (!named.has(row.sku)) named.set(row.sku, row);
    const unusable = [...named.values()].filter(({ version, state }) => faultOfState(version, state) !== undefined);
    const usable = [...named.values()].flatMap(({ sku, version, sequence, state }) =>
      faultOfState(version, state) === undefined ? [{ sku, version, sequence, state, at }] : [],
    );
    const known = await this.#table.known(
      warehouse,
      usable.map(({ sku }) => sku),
    );
    const wrong = usable.filter((row) => repairPosition(known.get(row.sku)?.position, row, place) !== undefined);
    await this.#table.replace(warehouse, wrong, { isSettled: false });
    // They add nothing to any answer before it is settled: the answers show them, and need not be summed up anew.
    for (const { sku } of wrong) await this.#availability.change(sku, []);
    await this.#table.advanceLog(warehouse, usable);
    const others = await this.#table.between(warehouse, after, upTo);
    await this.#emptyWrong(
      warehouse,
      others.filter((sku) => !named.has(sku)),
      place,
    );
    return unusable;
  }

  async #replaceIfWrong(warehouse: WarehouseId, row: StateRow, asOfSequence: number): Promise<boolean> {
    const { sku, state } = row;
    const known = (await this.#table.known(warehouse, [sku])).get(sku);
    if (repairPosition(known?.position, row, asOfSequence) === undefined) return false;
    // The node knows of more than central does, which has lost its memory of it: as with any other state (`mergePosition`).
    const { returned, allocatedSent } = known?.atCentral ?? { returned: 0, allocatedSent: 0 };
    const isAhead = state.returned > returned || state.allocated > allocatedSent;
    // Before its numbers change: what it added to the answers was more than it has.
    if (isAhead) await this.#availability.exclude(warehouse);
    // What is promised beyond the grants of a warehouse that is not settled is taken away when it is.
    const isSettled = !(await this.#unsettled.has(warehouse));
    await this.#table.replace(warehouse, [row], { isSettled });
    await this.#availability.recount(sku);
    const after = (await this.#table.known(warehouse, [sku])).get(sku)?.position;
    this.#digests.changed({ warehouse, sku, before: digested(known?.position), after: digested(after) });
    return true;
  }

  /** Returns how many were. */
  async #emptyWrong(warehouse: WarehouseId, skus: readonly Sku[], asOfSequence: number): Promise<number> {
    const known = await this.#table.known(warehouse, skus);
    const wrong = [...known].filter(([, one]) => repairPosition(one.position, undefined, asOfSequence) !== undefined);
    await this.#table.empty(
      warehouse,
      wrong.map(([sku]) => sku),
    );
    for (const [sku, { position }] of wrong) {
      await this.#availability.recount(sku);
      this.#digests.changed({ warehouse, sku, before: digested(position), after: undefined });
    }
    return wrong.length;
  }

  /** Reads all of the warehouse: only where a position is here that the node does not have, or one has moved meanwhile. */
  async #skusIn(warehouse: WarehouseId, bucket: number): Promise<readonly Sku[]> {
    const found: Sku[] = [];
    let page: readonly Sku[] = [];
    do {
      page = await this.#table.skusAfter(warehouse, page.at(-1) ?? '', SKUS_PER_PAGE);
      for (const sku of page) if (bucketOf(sku) === bucket) found.push(sku);
    } while (page.length === SKUS_PER_PAGE);
    return found;
  }
}

function digested(position: PlacedPosition | undefined): PlacedPosition | undefined {
  return position?.version === 0 ? undefined : position;
}
