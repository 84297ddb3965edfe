import { LINE_QUANTITY_MAX } from '@edgestock/shared/inventory/quantity';
import type { ParsedRow } from './catalogue-rows.ts';
import type { Columns } from './columns.ts';
import { RowFields } from './fields.ts';
import type { StockRow } from './import-row.ts';
import { importLimits } from './limits.ts';

/** One row of a stock file, checked by itself. */
export function parseStockRow(line: number, cells: readonly string[], columns: Columns): ParsedRow<StockRow> {
  const fields = new RowFields(line, cells, columns);
  const sku = fields.sku();
  const barcode = sku === undefined ? fields.text('barcode', importLimits.barcodeCharsMax) : undefined;
  if (sku === undefined && barcode === undefined && fields.problems.length === 0) {
    fields.problem('sku-missing', 'the row has neither a SKU nor a barcode');
  }
  const quantity = fields.wholeNumber('quantity', { min: 0, max: LINE_QUANTITY_MAX });
  const lot = place(fields, 'lot');
  const expiry = fields.date('expiry');
  if (expiry !== undefined && (lot ?? '') === '') {
    fields.problem('expiry-without-lot', 'an expiry belongs to a lot: name the lot too');
  }
  const bin = place(fields, 'bin');
  const condition = fields.has('condition') ? fields.condition() : undefined;
  const isWhole = quantity !== undefined && fields.problems.length === 0;
  return {
    row: isWhole ? { line, sku, barcode, quantity, bin, lot, expiry, condition } : undefined,
    problems: fields.problems,
    zerosAdded: 0,
    isBarcodeBad: false,
  };
}

/** Absent without a column; '' for an empty cell of one. */
function place(fields: RowFields, column: 'bin' | 'lot'): string | undefined {
  return fields.has(column) ? (fields.text(column, importLimits.textCharsMax) ?? '') : undefined;
}
