import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { CatalogueItem } from '@edgestock/shared/protocol/directive';
import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { centralLimits } from '../../../limits.ts';
import type { CentralItem } from '../../../rules/promise-command.ts';
import type { CatalogueReader, CatalogueWriter } from '../../tables/catalogue-table.ts';
import type { DownLogWriter } from '../../tables/down-table.ts';
import type { Tables } from '../../tables/tables.ts';
import { directivePages } from '../down/directive-pages.ts';

/** Keeps the catalogue and tells the warehouses it concerns, both or neither. What is as it was is not told again. */
export class Catalogue {
  readonly #reader: CatalogueReader;
  readonly #writer: CatalogueWriter;
  readonly #downLog: DownLogWriter;

  constructor(tables: Tables, downLog: DownLogWriter) {
    this.#reader = tables.catalogue;
    this.#writer = tables.catalogueWriter;
    this.#downLog = downLog;
  }

  /** Of several items of one SKU the last counts. `enrolled`: every warehouse there is. */
  async upsert(items: readonly CentralItem[], enrolled: readonly WarehouseId[]): Promise<void> {
    const news = new Map<WarehouseId, CatalogueItem[]>();
    const latest = new Map(items.map((one) => [one.sku, one]));
    const known = await this.#reader.of([...latest.keys()]);
    const moved = new Set<string>();
    for (const item of latest.values()) {
      const before = without(known.get(item.sku), moved);
      for (const { barcode } of item.barcodes) moved.add(barcode);
      for (const warehouse of enrolled) {
        if (!concerns(item, warehouse)) continue;
        const isNews = before === undefined || !concerns(before, warehouse) || !isSameItem(before, item);
        if (isNews) pushTo(news, warehouse, item);
      }
    }
    await this.#writer.put([...latest.values()]);
    for (const { warehouses, items: told } of alike(news)) await this.#tell(warehouses, told);
  }

  /** A warehouse that has just been enrolled hears of everything that concerns all. */
  async introduce(warehouse: WarehouseId): Promise<void> {
    let after: Sku | undefined;
    for (;;) {
      const page = await this.#reader.everywhere(after, centralLimits.catalogueItemsPerDirective);
      if (page.length === 0) return;
      await this.#tell([warehouse], page);
      after = page.at(-1)?.sku;
    }
  }

  /** Everything once more, to nodes that may have heard anything. */
  async tellAgain(enrolled: readonly WarehouseId[]): Promise<void> {
    let after: Sku | undefined;
    for (;;) {
      const page = await this.#reader.page(after, centralLimits.catalogueItemsPerDirective);
      const last = page.at(-1);
      if (last === undefined) return;
      const news = new Map<WarehouseId, CatalogueItem[]>();
      for (const item of page) {
        for (const warehouse of enrolled) if (concerns(item, warehouse)) pushTo(news, warehouse, item);
      }
      for (const { warehouses, items } of alike(news)) await this.#tell(warehouses, items);
      after = last.sku;
    }
  }

  async #tell(warehouses: readonly WarehouseId[], items: readonly CatalogueItem[]): Promise<void> {
    const encode = (some: readonly CatalogueItem[]) => encodeDirective({ kind: 'catalogue-upsert', items: some });
    for (let from = 0; from < items.length; from += centralLimits.catalogueItemsPerDirective) {
      const some = items.slice(from, from + centralLimits.catalogueItemsPerDirective);
      for (const page of directivePages(some, encode)) await this.#downLog.appendToAll(warehouses, page);
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

/** As an item is once others have its barcodes. */
function without(item: CentralItem | undefined, moved: ReadonlySet<string>): CentralItem | undefined {
  return item && { ...item, barcodes: item.barcodes.filter(({ barcode }) => !moved.has(barcode)) };
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
