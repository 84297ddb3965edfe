import { parseSku, type Sku } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import { noLines, wholeReceipts } from '../../replay/interpretation.ts';
import { readSalesFile } from '../../replay/sales-file.ts';
import type { Shop } from '../../replay/shop-flags.ts';
import type { UnitsByWarehouse } from '../once/survey.ts';

/** Tills and a web shop of different files that sell from the same shelves. */
export type SharedStock = {
  /** Which article of the web shop a till's article stands for: the best seller for the best seller. */
  readonly articleOf: (tillSku: string) => Sku;
  /** Units that tills and web shop want together, by SKU. */
  readonly wanted: ReadonlyMap<string, number>;
  /** What lies where in the beginning: too little, shared among the warehouses. */
  readonly opening: UnitsByWarehouse;
  readonly tillReceipts: number;
  readonly invoices: number;
};

type File = { readonly path: string; readonly shop: Shop };

/** Reads both files once beforehand. `share` is how much of what is wanted there is. */
export async function sharedStockOf(files: {
  readonly tills: File;
  readonly orders: File;
  readonly warehouses: readonly string[];
  readonly share: number;
}): Promise<SharedStock> {
  const [tills, orders] = [await salesOf(files.tills), await salesOf(files.orders)];
  const articles = bestFirst(orders.units);
  const articleByTillSku = new Map(
    bestFirst(tills.units).map((sku, rank) => [sku, articles[rank % Math.max(1, articles.length)] ?? sku]),
  );
  const articleOf = (tillSku: string): Sku =>
    must(parseSku(articleByTillSku.get(tillSku) ?? tillSku), 'an article of a file has a SKU');
  const wanted = new Map(orders.units);
  for (const [sku, units] of tills.units) wanted.set(articleOf(sku), (wanted.get(articleOf(sku)) ?? 0) + units);
  return {
    articleOf,
    wanted,
    opening: openingOf(wanted, files.warehouses, files.share),
    tillReceipts: tills.receipts,
    invoices: orders.receipts,
  };
}

async function salesOf({ path, shop }: File) {
  const units = new Map<string, number>();
  let receipts = 0;
  for await (const { lines } of wholeReceipts(readSalesFile(path, shop), shop.interpretation, noLines())) {
    receipts += 1;
    for (const { goods } of lines) {
      if (goods.meaning === 'sale') units.set(goods.sku, (units.get(goods.sku) ?? 0) + goods.quantity);
    }
  }
  return { units, receipts };
}

function bestFirst(units: ReadonlyMap<string, number>): readonly string[] {
  return [...units].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([sku]) => sku);
}

/** Each SKU begins at another warehouse, so that what cannot be divided does not all lie in the first one. */
function openingOf(
  wanted: ReadonlyMap<string, number>,
  warehouses: readonly string[],
  share: number,
): UnitsByWarehouse {
  const opening = new Map(warehouses.map((warehouse) => [warehouse, new Map<string, number>()]));
  for (const [index, [sku, units]] of [...wanted].entries()) {
    const there = Math.ceil(units * share);
    const each = Math.floor(there / warehouses.length);
    for (const [place, warehouse] of warehouses.entries()) {
      const isFavoured = (place - index + index * warehouses.length) % warehouses.length < there % warehouses.length;
      const here = each + (isFavoured ? 1 : 0);
      if (here > 0) opening.get(warehouse)?.set(sku, here);
    }
  }
  return opening;
}
