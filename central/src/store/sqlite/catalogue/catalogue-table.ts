import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { CatalogueItem } from '@edgestock/shared/protocol/directive';
import type { Database, Statement } from 'better-sqlite3';
import type { CentralItem } from '../../../rules/promise-command.ts';
import type { CatalogueReader, CatalogueWriter } from '../../tables/catalogue-table.ts';

type ItemRow = { sku: Sku; name: string | null; is_everywhere: number };

export class SqliteCatalogueReader implements CatalogueReader {
  readonly #one: Statement<[string], ItemRow>;
  readonly #everywhere: Statement<[string, number], ItemRow>;
  readonly #page: Statement<[string, number], ItemRow>;
  readonly #barcodes: Statement<[string], { barcode: string; multiple: number }>;
  readonly #warehouses: Statement<[string], { warehouse: WarehouseId }>;

  constructor(database: Database) {
    this.#one = database.prepare('SELECT sku, name, is_everywhere FROM item WHERE sku = ?');
    this.#everywhere = database.prepare(
      'SELECT sku, name, is_everywhere FROM item WHERE sku > ? AND is_everywhere = 1 ORDER BY sku LIMIT ?',
    );
    this.#page = database.prepare('SELECT sku, name, is_everywhere FROM item WHERE sku > ? ORDER BY sku LIMIT ?');
    this.#barcodes = database.prepare('SELECT barcode, multiple FROM item_barcode WHERE sku = ? ORDER BY place');
    this.#warehouses = database.prepare('SELECT warehouse FROM assortment WHERE sku = ? ORDER BY warehouse');
  }

  get(sku: Sku): CentralItem | undefined {
    const row = this.#one.get(sku);
    return row && this.#wholeOf(row);
  }

  of(skus: readonly Sku[]): ReadonlyMap<Sku, CentralItem> {
    return new Map(
      skus.flatMap((sku) => {
        const item = this.get(sku);
        return item === undefined ? [] : [[sku, item] as const];
      }),
    );
  }

  page(after: Sku | undefined, limit: number): readonly CentralItem[] {
    return this.#page.all(after ?? '', limit).map((row) => this.#wholeOf(row));
  }

  everywhere(after: Sku | undefined, limit: number): readonly CatalogueItem[] {
    return this.#everywhere.all(after ?? '', limit).map((row) => this.#itemOf(row));
  }

  #wholeOf(row: ItemRow): CentralItem {
    const isEverywhere = row.is_everywhere === 1;
    const warehouses = isEverywhere ? 'all' : this.#warehouses.all(row.sku).map(({ warehouse }) => warehouse);
    return { ...this.#itemOf(row), warehouses };
  }

  #itemOf({ sku, name }: ItemRow): CatalogueItem {
    return { sku, ...(name === null ? {} : { name }), barcodes: this.#barcodes.all(sku) };
  }
}

export class SqliteCatalogueWriter implements CatalogueWriter {
  readonly #upsert: Statement<[string, string | null, number]>;
  readonly #dropBarcodes: Statement<[string]>;
  readonly #takeBarcode: Statement<[string]>;
  readonly #addBarcode: Statement<[string, number, string, number]>;
  readonly #dropWarehouses: Statement<[string]>;
  readonly #addWarehouse: Statement<[string, string]>;

  constructor(database: Database) {
    this.#upsert = database.prepare(`
      INSERT INTO item (sku, name, is_everywhere) VALUES (?, ?, ?)
      ON CONFLICT (sku) DO UPDATE SET name = excluded.name, is_everywhere = excluded.is_everywhere`);
    this.#dropBarcodes = database.prepare('DELETE FROM item_barcode WHERE sku = ?');
    this.#takeBarcode = database.prepare('DELETE FROM item_barcode WHERE barcode = ?');
    this.#addBarcode = database.prepare('INSERT INTO item_barcode (sku, place, barcode, multiple) VALUES (?, ?, ?, ?)');
    this.#dropWarehouses = database.prepare('DELETE FROM assortment WHERE sku = ?');
    this.#addWarehouse = database.prepare('INSERT INTO assortment (sku, warehouse) VALUES (?, ?)');
  }

  put(items: readonly CentralItem[]): void {
    for (const item of items) this.#put(item);
  }

  #put({ sku, name, barcodes, warehouses }: CentralItem): void {
    this.#upsert.run(sku, name ?? null, warehouses === 'all' ? 1 : 0);
    this.#dropBarcodes.run(sku);
    for (const [place, { barcode, multiple }] of barcodes.entries()) {
      this.#takeBarcode.run(barcode);
      this.#addBarcode.run(sku, place, barcode, multiple);
    }
    this.#dropWarehouses.run(sku);
    if (warehouses !== 'all') for (const warehouse of new Set(warehouses)) this.#addWarehouse.run(sku, warehouse);
  }
}
