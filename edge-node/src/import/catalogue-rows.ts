import { itemBarcode } from '@edgestock/shared/inventory/item-barcode';
import type { Columns } from './columns.ts';
import { quoted, RowFields } from './fields.ts';
import type { CatalogueRow } from './import-row.ts';
import { importLimits } from './limits.ts';
import type { RowProblem } from './row-problem.ts';

/**
 * What to do with a barcode whose check digit is wrong: refuse the file, import its item without it, or keep the digits as a
 * shop's own code (labels are sometimes printed wrong, and a scanner then reads exactly that).
 */
export const badBarcodePolicies = ['refuse', 'skip', 'keep'] as const;
export type BadBarcodePolicy = (typeof badBarcodePolicies)[number];

export type ParsedRow<Row> = {
  readonly row: Row | undefined;
  readonly problems: readonly RowProblem[];
  readonly zerosAdded: number;
  readonly isBarcodeBad: boolean;
};

/** One row of a catalogue file, checked by itself. */
export function parseCatalogueRow(
  line: number,
  cells: readonly string[],
  columns: Columns,
  plan: { readonly badBarcodes: BadBarcodePolicy; readonly isForCentral?: boolean },
): ParsedRow<CatalogueRow> {
  const fields = new RowFields(line, cells, columns);
  const sku = fields.sku();
  if (sku === undefined && fields.problems.length === 0) fields.problem('sku-missing', 'the row has no SKU');
  const name = fields.name(importLimits.nameCharsMax);
  const { barcode, zerosAdded, isBad } = barcodeOf(fields, plan.badBarcodes);
  const multiple =
    barcode === undefined || fields.cell('multiple') === ''
      ? 1
      : (fields.wholeNumber('multiple', { min: 1, max: importLimits.multipleMax }) ?? 1);
  const warehouses = plan.isForCentral === true ? fields.warehouses() : undefined;
  const isWhole = sku !== undefined && fields.problems.length === 0;
  return {
    row: isWhole ? { line, sku, name, barcode, multiple, warehouses } : undefined,
    problems: fields.problems,
    zerosAdded,
    isBarcodeBad: isBad,
  };
}

type BarcodeCell = { readonly barcode: string | undefined; readonly zerosAdded: number; readonly isBad: boolean };

function barcodeOf(fields: RowFields, policy: BadBarcodePolicy): BarcodeCell {
  const text = fields.text('barcode', importLimits.barcodeCharsMax);
  if (text === undefined) return { barcode: undefined, zerosAdded: 0, isBad: false };
  const read = itemBarcode(text);
  if (read.outcome === 'barcode') return { barcode: read.barcode, zerosAdded: read.zerosAdded, isBad: false };
  if (policy === 'refuse') {
    fields.problem(
      'barcode-invalid',
      `barcode ${quoted(text)}: ${read.message}. Correct it, empty the cell, or choose --bad-barcodes skip`,
    );
  }
  return { barcode: policy === 'keep' ? text : undefined, zerosAdded: 0, isBad: true };
}
