import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { CatalogueItem } from '@edgestock/shared/protocol/directive';
import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import type { Database } from 'better-sqlite3';
import { centralLimits } from '../../../limits.ts';
import type { CentralItem } from '../../../rules/promise-command.ts';
import { directivePages } from '../down/directive-pages.ts';
import type { DownLogWriter } from '../down/down-log.ts';
import { CatalogueReader, CatalogueWriter } from './catalogue-table.ts';

/** Keeps the catalogue and tells the warehouses it concerns, both or neither. What is as it was is not told again. */
export class Catalogue {
  readonly #reader: CatalogueReader;
  readonly #writer: CatalogueWriter;
  readonly #downLog: DownLogWriter;

  constructor(database: Database, downLog: DownLogWriter) {
    this.#reader = new CatalogueReader(database);
    this.#writer = new CatalogueWriter(database);
    this.#downLog = downLog;
  }

  /** Of several items of one SKU the last counts. `enrolled`: every warehouse there is. */
  upsert(items: readonly CentralItem[], enrolled: readonly WarehouseId[]): void {
    const news = new Map<WarehouseId, CatalogueItem[]>();
    for (const item of new Map(items.map((one) => [one.sku, one])).values()) {
      const before = this.#reader.get(item.sku);
      this.#writer.put(item);
      for (const warehouse of enrolled) {
        if (!concerns(item, warehouse)) continue;
        const isNews = before === undefined || !concerns(before, warehouse) || !isSameItem(before, item);
        if (isNews) pushTo(news, warehouse, item);
      }
    }
    for (const { warehouses, items: told } of alike(news)) this.#tell(warehouses, told);
  }

  /** A warehouse that has just been enrolled hears of everything that concerns all. */
  introduce(warehouse: WarehouseId): void {
    let after: Sku | undefined;
    for (;;) {
      const page = this.#reader.everywhere(after, centralLimits.catalogueItemsPerDirective);
      if (page.length === 0) return;
      this.#tell([warehouse], page);
      after = page.at(-1)?.sku;
    }
  }

  /** Everything once more, to nodes that may have heard anything. */
  tellAgain(enrolled: readonly WarehouseId[]): void {
    let after: Sku | undefined;
    for (;;) {
      const page = this.#reader.page(after, centralLimits.catalogueItemsPerDirective);
      const last = page.at(-1);
      if (last === undefined) return;
      const news = new Map<WarehouseId, CatalogueItem[]>();
      for (const item of page) {
        for (const warehouse of enrolled) if (concerns(item, warehouse)) pushTo(news, warehouse, item);
      }
      for (const { warehouses, items } of alike(news)) this.#tell(warehouses, items);
      after = last.sku;
    }
  }

  #tell(warehouses: readonly WarehouseId[], items: readonly CatalogueItem[]): void {
    const encode = (some: readonly CatalogueItem[]) => encodeDirective({ kind: 'catalogue-upsert', items: some });
    for (let from = 0; from < items.length; from += centralLimits.catalogueItemsPerDirective) {
      const some = items.slice(from, from + centralLimits.catalogueItemsPerDirective);
      for (const page of directivePages(some, encode)) this.#downLog.appendToAll(warehouses, page);
    }
  }
}

/** Warehouses with the same news together: they share the bytes. */
function alike(news: ReadonlyMap<WarehouseId, readonly CatalogueItem[]>) {
  const groups = new Map<string, { warehouses: WarehouseId[]; items: readonly CatalogueItem[] }>();
  for (const [warehouse, items] of news) {
    const key = items.map(({ sku }) => sku).join();
    const group = groups.get(key) ?? { warehouses: [], items };
    group.warehouses.push(warehouse);
    groups.set(key, group);
  }
  return groups.values();
}

function concerns({ warehouses }: CentralItem, warehouse: WarehouseId): boolean {
  return warehouses === 'all' || warehouses.includes(warehouse);
}

function isSameItem(a: CatalogueItem, b: CatalogueItem): boolean {
  return (
    a.name === b.name &&
    a.barcodes.length === b.barcodes.length &&
    a.barcodes.every(({ barcode, multiple }, place) => {
      const other = b.barcodes[place];
      return other?.barcode === barcode && other.multiple === multiple;
    })
  );
}

function pushTo(news: Map<WarehouseId, CatalogueItem[]>, warehouse: WarehouseId, item: CatalogueItem): void {
  const items = news.get(warehouse);
  if (items === undefined) news.set(warehouse, [item]);
  else items.push(item);
}
