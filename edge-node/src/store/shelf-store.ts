import type { Sku } from '@edgestock/shared/inventory/ids';
import { type Condition, conditions } from '@edgestock/shared/inventory/movement';
import { emptyPosition, type Position } from '@edgestock/shared/inventory/position';
import type { StateRow } from '@edgestock/shared/protocol/delta';
import { must } from '@edgestock/shared/runtime/assert';
import type { Database, Statement } from 'better-sqlite3';
import { isSamePlace, type Place, type PlacedQuantity, type Shelf } from '../rules/shelf.ts';

type PositionRow = {
  on_hand: number;
  unsellable: number;
  reserved: number;
  committed: number;
  quota: number;
  safety_stock: number;
  granted: number;
  allocated: number;
  returned: number;
  version: number;
  sequence: number;
  changed_at: number;
};

/** Positions and balances as the rules see them: one shelf per SKU. Writes belong to the ledger's transaction. */
export class ShelfStore {
  readonly #position: Statement<[string], PositionRow>;
  readonly #quotaUnits: Statement<[], { units: number }>;
  readonly #page: Statement<[string, number], PositionRow & { sku: Sku }>;
  readonly #balances: Statement<[string], { bin: string; lot: string; condition: number; quantity: number }>;
  readonly #expiries: Statement<[string], { lot: string; expiry: string }>;
  readonly #isKnown: Statement<[string], { one: number }>;
  readonly #savePosition: Statement<(string | number)[]>;
  readonly #saveBalance: Statement<[string, string, string, number, number]>;
  readonly #deleteBalance: Statement<[string, string, string, number]>;
  readonly #saveExpiry: Statement<[string, string, string]>;

  constructor(database: Database) {
    this.#position = database.prepare(
      `SELECT on_hand, unsellable, reserved, committed, quota, safety_stock, granted, allocated, returned, version, sequence,
        changed_at FROM position WHERE sku = ?`,
    );
    this.#quotaUnits = database.prepare('SELECT coalesce(sum(quota), 0) AS units FROM position');
    this.#page = database.prepare(
      `SELECT sku, on_hand, unsellable, reserved, committed, quota, safety_stock, granted, allocated, returned, version,
        sequence, changed_at FROM position WHERE sku > ? ORDER BY sku LIMIT ?`,
    );
    this.#balances = database.prepare('SELECT bin, lot, condition, quantity FROM balance WHERE sku = ?');
    this.#expiries = database.prepare('SELECT lot, expiry FROM lot WHERE sku = ?');
    this.#isKnown = database.prepare('SELECT 1 AS one FROM item WHERE sku = ?');
    this.#savePosition = database.prepare(`
      INSERT INTO position (sku, on_hand, unsellable, reserved, committed, quota, safety_stock, granted, allocated, returned,
        version, sequence, changed_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (sku) DO UPDATE SET
        on_hand = excluded.on_hand, unsellable = excluded.unsellable, reserved = excluded.reserved,
        committed = excluded.committed, quota = excluded.quota, safety_stock = excluded.safety_stock,
        granted = excluded.granted, allocated = excluded.allocated, returned = excluded.returned,
        version = excluded.version, sequence = excluded.sequence, changed_at = excluded.changed_at`);
    this.#saveBalance = database.prepare(`
      INSERT INTO balance (sku, bin, lot, condition, quantity) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (sku, bin, lot, condition) DO UPDATE SET quantity = excluded.quantity`);
    this.#deleteBalance = database.prepare(
      'DELETE FROM balance WHERE sku = ? AND bin = ? AND lot = ? AND condition = ?',
    );
    this.#saveExpiry = database.prepare(`
      INSERT INTO lot (sku, lot, expiry) VALUES (?, ?, ?) ON CONFLICT (sku, lot) DO UPDATE SET expiry = excluded.expiry`);
  }

  /** The SKU's shelf; an empty one when nothing is known of it. */
  load(sku: Sku): Shelf {
    const position = this.position(sku);
    return {
      sku,
      isKnown: position !== undefined || this.#isKnown.get(sku) !== undefined,
      position: position ?? emptyPosition,
      balances: this.balances(sku),
      expiries: this.expiries(sku),
    };
  }

  position(sku: Sku): Position | undefined {
    const row = this.#position.get(sku);
    return row === undefined ? undefined : positionOf(row);
  }

  /** Positions after a SKU, in SKU order. */
  page(after: string, limit: number): readonly { readonly sku: Sku; readonly position: Position }[] {
    return this.#page.all(after, limit).map((row) => ({ sku: row.sku, position: positionOf(row) }));
  }

  /** Units granted to central and not spent, over all positions: reads every one of them. */
  quotaUnits(): number {
    return this.#quotaUnits.get()?.units ?? 0;
  }

  /** The position as replication sends it ahead of its history. */
  stateRow(sku: Sku): StateRow | undefined {
    const row = this.#position.get(sku);
    return row && stateRowOf({ ...row, sku });
  }

  /** The same of the positions after a SKU, in SKU order. */
  stateRowsAfter(after: Sku | '', limit: number): readonly StateRow[] {
    return this.#page.all(after, limit).map(stateRowOf);
  }

  balances(sku: Sku): readonly PlacedQuantity[] {
    return this.#balances.all(sku).map((row) => ({ ...row, condition: conditionOf(row.condition) }));
  }

  /** Expiry dates of the SKU's lots. */
  expiries(sku: Sku): ReadonlyMap<string, string> {
    const rows = this.#expiries.all(sku);
    return rows.length === 0 ? noExpiries : new Map(rows.map((row) => [row.lot, row.expiry]));
  }

  /** Writes what changed between two states of one shelf. */
  save(before: Shelf, after: Shelf, now: number): void {
    const { sku, position } = after;
    this.#savePosition.run(
      sku,
      position.onHand,
      position.unsellable,
      position.reserved,
      position.committed,
      position.quota,
      position.safetyStock,
      position.granted,
      position.allocated,
      position.returned,
      position.version,
      position.sequence,
      now,
    );
    if (after.balances !== before.balances) this.#saveBalances(sku, before.balances, after.balances);
    if (after.expiries !== before.expiries) {
      for (const [lot, expiry] of after.expiries) {
        if (before.expiries.get(lot) !== expiry) this.#saveExpiry.run(sku, lot, expiry);
      }
    }
  }

  #saveBalances(sku: Sku, before: readonly PlacedQuantity[], after: readonly PlacedQuantity[]): void {
    for (const balance of after) {
      const old = before.find((other) => isSamePlace(other, balance));
      if (old?.quantity !== balance.quantity) {
        this.#saveBalance.run(sku, balance.bin, balance.lot, conditionCode(balance), balance.quantity);
      }
    }
    for (const balance of before) {
      if (!after.some((other) => isSamePlace(other, balance))) {
        this.#deleteBalance.run(sku, balance.bin, balance.lot, conditionCode(balance));
      }
    }
  }
}

const noExpiries: ReadonlyMap<string, string> = new Map();

export function conditionCode(place: Pick<Place, 'condition'>): number {
  return conditions.indexOf(place.condition);
}

export function conditionOf(code: number): Condition {
  return must(conditions[code], 'conditions are append-only: a stored code is always known');
}

function stateRowOf(row: PositionRow & { readonly sku: Sku }): StateRow {
  const { version, sequence, ...state } = positionOf(row);
  return { sku: row.sku, version, sequence, state, at: row.changed_at };
}

function positionOf(row: PositionRow): Position {
  return {
    onHand: row.on_hand,
    unsellable: row.unsellable,
    reserved: row.reserved,
    committed: row.committed,
    quota: row.quota,
    safetyStock: row.safety_stock,
    granted: row.granted,
    allocated: row.allocated,
    returned: row.returned,
    version: row.version,
    sequence: row.sequence,
  };
}
