import type { FileEncoding } from '@edgestock/edge-node/import/file-encoding';
import { WrongCall } from '@edgestock/shared/command/wrong-call';
import { parseSku, type Sku } from '@edgestock/shared/inventory/ids';
import { isLineQuantity, LINE_QUANTITY_MAX } from '@edgestock/shared/inventory/quantity';
import { parseColumnMapping } from '../../replay/columns.ts';
import { type Change, chunksOf, type NodeRequest } from '../../replay/receipt-requests.ts';
import { readSalesFile } from '../../replay/sales-file.ts';
import type { UnitsByWarehouse } from './survey.ts';

/**
 * What to tell the nodes before the first sale: goods received under the document "opening-stock". A position with more
 * units than a line may have gets several lines.
 */
export async function* openingRequests(stock: UnitsByWarehouse): AsyncGenerator<NodeRequest> {
  for (const [warehouse, units] of stock) {
    const changes = [...units].flatMap(([sku, total]) => linesOf(sku as Sku, total));
    for (const [index, chunk] of chunksOf(changes).entries()) {
      yield {
        warehouse,
        path: '/v1/movements',
        key: `opening-stock ${index + 1}`,
        body: {
          kind: 'receive',
          reason: 'opening-stock',
          document: 'opening-stock',
          lines: chunk.map(({ sku, units: quantity }) => ({ sku, quantity })),
        },
        changes: chunk,
      };
    }
  }
}

function linesOf(sku: Sku, total: number): readonly Change[] {
  const count = Math.ceil(total / LINE_QUANTITY_MAX);
  return Array.from({ length: count }, (_, index) => ({
    sku,
    units: Math.min(LINE_QUANTITY_MAX, total - index * LINE_QUANTITY_MAX),
  }));
}

type SpreadStock = {
  readonly warehouses: readonly string[];
  readonly isSpread: boolean;
  readonly encoding: FileEncoding;
};

/**
 * Reads opening stock from a file (store, sku, quantity). Stock of stores without a node stays out; without a store
 * column each SKU is shared equally among all. Throws `WrongCall` at the first line that is no stock: half a stock list
 * would make every comparison wrong.
 */
export async function stockFromFile(
  path: string,
  columns: string | undefined,
  { warehouses, isSpread, encoding }: SpreadStock,
): Promise<UnitsByWarehouse> {
  const mapping = columns ? parseColumnMapping(columns) : undefined;
  const stock = new Map(warehouses.map((warehouse) => [warehouse, new Map<string, number>()]));
  const add = (warehouse: string, sku: string, units: number) => {
    const shelf = stock.get(warehouse);
    if (units > 0) shelf?.set(sku, (shelf.get(sku) ?? 0) + units);
  };
  for await (const { row, store, sku: text = '', quantity = '' } of readSalesFile(path, { mapping, encoding }, [
    'sku',
    'quantity',
  ])) {
    const sku = parseSku(text);
    const units = Number(quantity);
    if (!sku || !/^\d+(\.0+)?$/.test(quantity) || !(units === 0 || isLineQuantity(units))) {
      throw new WrongCall(
        `${path} line ${row}: "${quantity}" of "${text}" is no stock`,
        'A line needs a SKU and a whole number of units. --stock-columns names the columns.',
      );
    }
    if (store !== undefined && !isSpread) add(store, sku, units);
    else {
      const share = Math.floor(units / warehouses.length);
      const rest = units - share * warehouses.length;
      for (const [index, warehouse] of warehouses.entries()) add(warehouse, sku, share + (index < rest ? 1 : 0));
    }
  }
  return stock;
}
