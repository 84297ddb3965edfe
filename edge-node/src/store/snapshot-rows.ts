import type { Sku } from '@edgestock/shared/inventory/ids';
import { decodeDelta } from '@edgestock/shared/protocol/codec';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import type { SnapshotPlace, SnapshotRow, SnapshotSetAside } from '@edgestock/shared/protocol/snapshot';
import { assert } from '@edgestock/shared/runtime/assert';
import type { Database, Statement } from 'better-sqlite3';
import { positionBefore } from '../rules/position-before.ts';
import { setAsidesBefore } from '../rules/set-asides-before.ts';
import { MovementStore } from './movement-store.ts';
import { conditionOf, ShelfStore } from './shelf-store.ts';

/** Rows of some SKUs in their order; `last` is the last SKU looked at, and absent behind the last there is. */
export type SnapshotPage = { readonly rows: readonly SnapshotRow[]; readonly last: Sku | undefined };

type PlaceRow = { bin: string; lot: string; condition: number; quantity: number };
type LotRow = { lot: string; expiry: string };
type HolderRow = Omit<SnapshotSetAside, 'otherWarehouse'> & {
  otherWarehouse: SnapshotSetAside['otherWarehouse'] | null;
};

/**
 * The books as they were where the log begins. The checkpoint keeps the balances of that place; a position that has not moved
 * since still is what it was, and of one that has its first movement in the log tells what it found. So nothing is kept for
 * this and nothing is copied: asked again, also after a restart, it says the same for as long as the log begins there.
 */
export class SnapshotRows {
  readonly #shelves: ShelfStore;
  readonly #movements: MovementStore;
  readonly #places: Statement<[string], PlaceRow>;
  readonly #lots: Statement<[string], LotRow>;
  readonly #holders: Statement<[{ sku: string }], HolderRow>;
  readonly #reserves: Statement<[string, string], { one: number }>;

  constructor(database: Database) {
    this.#shelves = new ShelfStore(database);
    this.#movements = new MovementStore(database);
    this.#places = database.prepare(`
      SELECT bin, lot, condition, quantity FROM checkpoint_balance WHERE sku = ? AND quantity <> 0
      ORDER BY bin, lot, condition`);
    this.#lots = database.prepare(`
      SELECT lot, expiry FROM lot WHERE sku = ? AND EXISTS (
        SELECT 1 FROM checkpoint_balance b WHERE b.sku = lot.sku AND b.lot = lot.lot) ORDER BY lot`);
    this.#holders = database.prepare(`
      SELECT 'task' AS holder, task AS document, quantity - released - shipped AS quantity, released, shipped,
        NULL AS otherWarehouse FROM task_line WHERE sku = @sku
      UNION ALL SELECT state, reservation, quantity, 0, 0, NULL FROM reservation_line JOIN reservation ON id = reservation
        WHERE sku = @sku AND state IN ('held', 'confirmed')
      UNION ALL SELECT 'transfer', t.id, planned, 0, 0, to_warehouse FROM transfer_line l JOIN transfer t ON t.number = l.transfer
        WHERE sku = @sku AND state = 'planned' AND planned <> 0`);
    this.#reserves = database.prepare('SELECT 1 AS one FROM reservation_line WHERE reservation = ? AND sku = ?');
  }

  /** What there was at a place where the log begins of the next SKUs after one, or of the first (`''`), at most so many. */
  after(sku: Sku | '', begin: number, skusMax: number): SnapshotPage {
    const page = this.#shelves.page(sku, skusMax);
    const rows = page.flatMap(({ sku: one, position }) => {
      const next = position.sequence > begin ? this.#movements.nextOfSku(one, begin) : undefined;
      const { version, sequence, ...state } = next === undefined ? position : positionBefore(decodeDelta(next.delta));
      assert(sequence <= begin, () => `the log has a gap: ${one} moved at ${sequence}, and that movement is missing`);
      // It came after that place.
      if (version === 0) return [];
      const setAsides = this.#setAsides(one, { begin, hasMoved: next !== undefined });
      return split({ sku: one, version, sequence, state, ...this.#placed(one), setAsides });
    });
    return { rows, last: page.length < skusMax ? undefined : page.at(-1)?.sku };
  }

  #placed(sku: Sku) {
    const places = this.#places
      .all(sku)
      .map((row): SnapshotPlace => ({ ...row, condition: conditionOf(row.condition) }));
    return { places, expiries: places.some(({ lot }) => lot !== '') ? this.#lots.all(sku) : [] };
  }

  #setAsides(
    sku: Sku,
    { begin, hasMoved }: { readonly begin: number; readonly hasMoved: boolean },
  ): readonly SnapshotSetAside[] {
    const now = this.#holders.all({ sku }).map(({ otherWarehouse, ...one }): SnapshotSetAside => {
      return otherWarehouse === null || otherWarehouse === undefined ? one : { ...one, otherWarehouse };
    });
    const deltas = hasMoved ? this.#movements.ofSkuSince(sku, begin).map(({ delta }) => decodeDelta(delta)) : [];
    return setAsidesBefore(now, deltas, (document) => this.#reserves.get(document, sku) !== undefined);
  }
}

/** As one row, or as several where it says more than one may. */
function split(row: SnapshotRow): readonly SnapshotRow[] {
  const { places, expiries, setAsides } = row;
  const max = wireLimits.snapshotDetailsPerRowMax;
  if (places.length + expiries.length + setAsides.length <= max) return [row];
  const none = { ...row, places: [], expiries: [], setAsides: [] };
  return [
    ...pagesOf(places, max).map((some) => ({ ...none, places: some })),
    ...pagesOf(expiries, max).map((some) => ({ ...none, expiries: some })),
    ...pagesOf(setAsides, max).map((some) => ({ ...none, setAsides: some })),
  ];
}

function pagesOf<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  const pages: T[][] = [];
  for (let from = 0; from < all.length; from += size) pages.push(all.slice(from, from + size));
  return pages;
}
