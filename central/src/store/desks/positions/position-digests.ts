import { CountedPositions, type PlacedPosition } from '@edgestock/shared/inventory/counted-positions';
import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { PositionDigest } from '@edgestock/shared/inventory/position-digest';
import type { StateRow } from '@edgestock/shared/protocol/delta';
import { centralLimits } from '../../../limits.ts';
import type { DigestComparison } from '../../central-store.ts';
import type { PositionDigestTable } from '../../tables/position-table.ts';
import type { Tables } from '../../tables/tables.ts';

/**
 * What central has of each node's positions, as a digest that the node's own can be held against at a place of its log. Counted up
 * from the rows when a node first states one, in pages between the transactions, and carried along with every write from then
 * on. Nothing of it is stored: every start counts anew, and so finds what has rotted meanwhile.
 */
export class PositionDigests {
  readonly #table: PositionDigestTable;
  readonly #counted = new Map<WarehouseId, CountedPositions>();
  /** Takes back what the transaction under way has done. */
  #undo: (() => void)[] = [];

  constructor({ positionDigests }: Pick<Tables, 'positionDigests'>) {
    this.#table = positionDigests;
  }

  /** A position is written in the transaction under way. */
  changed({
    warehouse,
    sku,
    before,
    after,
  }: {
    readonly warehouse: WarehouseId;
    readonly sku: Sku;
    readonly before: PlacedPosition | undefined;
    readonly after: PlacedPosition | undefined;
  }): void {
    const counted = this.#counted.get(warehouse);
    if (counted === undefined) return;
    counted.changed(sku, before, after);
    this.#undo.push(() => counted.changed(sku, after, before));
  }

  /** Takes back what a transaction that failed has left; what another process has written is not counted along. */
  begin(): void {
    for (const undo of this.#undo.reverse()) undo();
    this.#undo = [];
    if (this.#table.isTakenOver()) this.forget();
  }

  /** What was written is durable. */
  committed(): void {
    this.#undo = [];
  }

  /**
   * Holds the positions, as the transaction under way has left them, against the digest of a node after a place of its log. One that
   * says it is of a place far beyond all that the node has ever `committed` has rotted: it would keep every digest from being judged.
   */
  async compare(
    warehouse: WarehouseId,
    stated: Uint8Array,
    { sequence, committed }: { readonly sequence: number; readonly committed: number },
  ): Promise<DigestComparison> {
    let counted = this.#counted.get(warehouse);
    if (counted === undefined) {
      counted = new CountedPositions(warehouse);
      this.#counted.set(warehouse, counted);
    }
    const { whole } = counted;
    if (whole === undefined) return { compared: 'not-yet' };
    if (counted.upTo > Math.max(sequence, committed) + centralLimits.heardLateDeltasMax) {
      // As far as the log shows; whatever comes next is newer.
      const misplaced = await this.#table.placeByLog(warehouse, Math.max(sequence, committed));
      this.forgetOne(warehouse);
      return { compared: 'not-yet', misplaced };
    }
    // States that went ahead of their history are of a later place.
    if (counted.upTo > sequence) return { compared: 'not-yet' };
    return { compared: 'yes', differing: whole.differing(stated) };
  }

  /** Whether the positions of a bucket are just these, as far as it is counted; `false` where that is not known. */
  consistsOf(warehouse: WarehouseId, bucket: number, rows: readonly StateRow[]): boolean {
    const whole = this.#counted.get(warehouse)?.whole;
    const named = new PositionDigest(warehouse);
    for (const { sku, version, state } of rows) named.add(sku, { version, ...state });
    return whole?.sumOf(bucket) === named.sumOf(bucket);
  }

  /** Counts the next page of a warehouse that has stated a digest; false when all are counted. Nothing may be written meanwhile. */
  async countNext(rowsMax: number): Promise<boolean> {
    for (const [warehouse, counted] of this.#counted) {
      if (counted.whole !== undefined) continue;
      const rows = await this.#table.page(warehouse, counted.after, rowsMax);
      counted.page(rows, rows.length < rowsMax);
      return true;
    }
    return false;
  }

  /** All are to be counted anew: a row that has rotted shows only then. */
  forget(): void {
    this.#counted.clear();
  }

  /** Those of one warehouse are to be counted anew: they were written, or given other places in the log, without being told here. */
  forgetOne(warehouse: WarehouseId): void {
    this.#counted.delete(warehouse);
  }
}
