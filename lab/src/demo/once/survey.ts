import { noLines, wholeReceipts } from '../../replay/interpretation.ts';
import { readSalesFile } from '../../replay/sales-file.ts';
import type { Shop } from '../../replay/shop-flags.ts';

/** Units by SKU, by warehouse. */
export type UnitsByWarehouse = ReadonlyMap<string, ReadonlyMap<string, number>>;

export type Survey = {
  /** Receipts that move goods. */
  readonly receipts: number;
  /** In order of their ids. */
  readonly warehouses: readonly string[];
  /** What leaves the shelves according to the file, returns not set off: enough to cover it in any order. */
  readonly leaving: UnitsByWarehouse;
};

/** Reads the file once beforehand: which nodes it takes, and what must be on their shelves for most sales to be covered. */
export async function surveyOf(path: string, shop: Shop): Promise<Survey> {
  const leaving = new Map<string, Map<string, number>>();
  let receipts = 0;
  for await (const receipt of wholeReceipts(readSalesFile(path, shop), shop.interpretation, noLines())) {
    receipts += 1;
    const units = leaving.get(receipt.warehouse) ?? new Map<string, number>();
    leaving.set(receipt.warehouse, units);
    for (const { goods } of receipt.lines) {
      if (goods.meaning !== 'return') units.set(goods.sku, (units.get(goods.sku) ?? 0) + goods.quantity);
    }
  }
  return { receipts, warehouses: [...leaving.keys()].sort(), leaving };
}
