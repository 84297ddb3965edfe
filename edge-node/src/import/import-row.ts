import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Condition } from '@edgestock/shared/inventory/movement';

/** A row of a catalogue, checked: an item, and maybe one of its barcodes. */
export type CatalogueRow = {
  readonly line: number;
  readonly sku: Sku;
  readonly name?: string | undefined;
  /** In its stored form: 14 digits for a GTIN, a shop's own code as printed. */
  readonly barcode?: string | undefined;
  /** Base units that one scan of the barcode means. */
  readonly multiple: number;
  /** Which warehouses the item concerns, where the row says it; for central only. */
  readonly warehouses?: readonly WarehouseId[] | undefined;
};

/**
 * A row of a stock file, checked: what was seen of a SKU, named by itself or by a barcode. A place that the file has no column
 * for is absent: then the row counts all of it. An empty cell is the default bin, no lot, sellable.
 */
export type StockRow = {
  readonly line: number;
  readonly sku?: Sku | undefined;
  /** As printed; the node's catalogue knows what it means. */
  readonly barcode?: string | undefined;
  /** Units, or scans of the barcode. */
  readonly quantity: number;
  readonly bin?: string | undefined;
  readonly lot?: string | undefined;
  /** `YYYY-MM-DD` */
  readonly expiry?: string | undefined;
  readonly condition?: Condition | undefined;
};
