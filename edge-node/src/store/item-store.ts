import type { Sku } from '@edgestock/shared/inventory/ids';
import type { CatalogueItem } from '@edgestock/shared/protocol/directive';
import type { Database, Statement } from 'better-sqlite3';
import { asc, eq, gt, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { barcode, item } from './schema.ts';

export type ItemRow = { readonly sku: Sku; readonly name: string | null; readonly isListed: boolean };
export type BarcodeRow = { readonly barcode: string; readonly sku: Sku; readonly multiple: number };

/** The catalogue as far as this warehouse needs it: items and what scanners read for them. */
export class ItemStore {
  readonly #typed: BetterSQLite3Database;
  readonly #find: ReturnType<typeof prepareFind>;
  readonly #barcode: ReturnType<typeof prepareBarcode>;
  readonly #noteUnlisted: Statement<[string, number]>;
  readonly #list: Statement<[string, string | null, number]>;
  readonly #setBarcode: Statement<[string, string, number]>;
  readonly #dropBarcodes: Statement<[string]>;

  constructor(database: Database, typed: BetterSQLite3Database) {
    this.#typed = typed;
    this.#find = prepareFind(typed);
    this.#barcode = prepareBarcode(typed);
    this.#noteUnlisted = database.prepare(
      'INSERT INTO item (sku, name, is_listed, updated_at) VALUES (?, NULL, 0, ?) ON CONFLICT (sku) DO NOTHING',
    );
    // Prepared by hand: an import lists a million of these.
    this.#list = database.prepare(`
      INSERT INTO item (sku, name, is_listed, updated_at) VALUES (?, ?, 1, ?)
      ON CONFLICT (sku) DO UPDATE SET name = coalesce(excluded.name, name), is_listed = 1, updated_at = excluded.updated_at`);
    this.#setBarcode = database.prepare(`
      INSERT INTO barcode (barcode, sku, multiple) VALUES (?, ?, ?)
      ON CONFLICT (barcode) DO UPDATE SET sku = excluded.sku, multiple = excluded.multiple`);
    this.#dropBarcodes = database.prepare('DELETE FROM barcode WHERE sku = ?');
  }

  /** A SKU that a fact named before any catalogue did. */
  noteUnlisted(sku: Sku, now: number): void {
    this.#noteUnlisted.run(sku, now);
  }

  /** The catalogue names the SKU. Without a name it keeps the one it has. */
  list(listed: { sku: Sku; name: string | undefined }, now: number): void {
    this.#list.run(listed.sku, listed.name ?? null, now);
  }

  setBarcode(row: BarcodeRow): void {
    this.#setBarcode.run(row.barcode, row.sku, row.multiple);
  }

  /** The item as the catalogue has it now: barcodes it no longer has are forgotten. Inside a transaction. */
  upsert({ sku, name, barcodes }: CatalogueItem, now: number): void {
    this.list({ sku, name }, now);
    this.#dropBarcodes.run(sku);
    for (const { barcode, multiple } of barcodes) this.setBarcode({ barcode, sku, multiple });
  }

  find(sku: Sku): ItemRow | undefined {
    return this.#find.get({ sku }) as ItemRow | undefined;
  }

  /** Items after a SKU, in SKU order. */
  page(after: Sku | undefined, limit: number): readonly ItemRow[] {
    return this.#typed
      .select({ sku: item.sku, name: item.name, isListed: item.isListed })
      .from(item)
      .where(gt(item.sku, after ?? ''))
      .orderBy(asc(item.sku))
      .limit(limit)
      .all() as ItemRow[];
  }

  /** The first of the candidates that is some item's barcode. */
  firstBarcode(candidates: readonly string[]): BarcodeRow | undefined {
    for (const candidate of candidates) {
      const found = this.#barcode.get({ barcode: candidate });
      if (found !== undefined) return found as BarcodeRow;
    }
    return undefined;
  }
}

/** Prepared: building the query anew costs more than running it, and every scan asks. */
function prepareFind(typed: BetterSQLite3Database) {
  return typed
    .select({ sku: item.sku, name: item.name, isListed: item.isListed })
    .from(item)
    .where(eq(item.sku, sql.placeholder('sku')))
    .prepare();
}

function prepareBarcode(typed: BetterSQLite3Database) {
  return typed
    .select({ barcode: barcode.barcode, sku: barcode.sku, multiple: barcode.multiple })
    .from(barcode)
    .where(eq(barcode.barcode, sql.placeholder('barcode')))
    .prepare();
}
