import { hash } from 'node:crypto';
import type { Sku } from '@edgestock/shared/inventory/ids';
import { type Condition, conditions } from '@edgestock/shared/inventory/movement';
import { LINE_QUANTITY_MAX } from '@edgestock/shared/inventory/quantity';
import type { CountLine } from '../ledger/command.ts';
import type { BarcodeMatch } from '../ledger/view.ts';
import type { StagedRow } from '../store/import-store.ts';
import { barcodeCandidates } from './barcode-candidates.ts';
import { quoted } from './fields.ts';
import type { CatalogueRow, StockRow } from './import-row.ts';
import type { RowProblem } from './row-problem.ts';

/** Keys sort by SKU first; no SKU, bin or lot has a line feed in it. */
const SEPARATOR = '\n';
const ABSENT = '\u0000';

/** A catalogue row as it is staged. Rows of one SKU are told apart by their lines. */
export function stagedCatalogueRow({ line, sku, name, barcode, multiple }: CatalogueRow): StagedRow {
  const fields = JSON.stringify([sku, name ?? null, barcode ?? null, multiple]);
  return { key: [sku, String(line).padStart(12, '0')].join(SEPARATOR), line, fields };
}

export function readCatalogueRow({ line, fields }: StagedRow): CatalogueRow {
  const [sku, name, barcode, multiple] = JSON.parse(fields) as [Sku, string | null, string | null, number];
  return { line, sku, name: name ?? undefined, barcode: barcode ?? undefined, multiple };
}

/** A stock row with its barcode looked up: the SKU and its units. */
export type CountedPlace = Omit<CountLine, 'atSequence'> & { readonly expiry?: string };

/** A stock row as it is staged, under the place that it counts; a problem when the node cannot tell what its barcode is. */
export function stagedStockRow(
  row: StockRow,
  find: (candidates: readonly string[]) => BarcodeMatch | undefined,
): StagedRow | RowProblem {
  const named = row.sku === undefined ? find(barcodeCandidates(row.barcode ?? '')) : { sku: row.sku, multiple: 1 };
  const { line, bin, lot, condition } = row;
  if (named === undefined) {
    const message = `no item here has the barcode ${quoted(row.barcode ?? '')}: import a catalogue that names it first`;
    return { line, code: 'barcode-unknown', message };
  }
  const counted = row.quantity * named.multiple;
  if (counted > LINE_QUANTITY_MAX) {
    const message = `${row.quantity} times ${named.multiple} units is more than ${LINE_QUANTITY_MAX}`;
    return { line, code: 'quantity-invalid', message };
  }
  const place = [bin ?? ABSENT, lot ?? ABSENT, condition ?? ABSENT];
  const fields = JSON.stringify([named.sku, counted, bin ?? null, lot ?? null, condition ?? null, row.expiry ?? null]);
  return { key: [named.sku, ...place].join(SEPARATOR), line, fields };
}

export function readStockRow({ fields }: StagedRow): CountedPlace {
  const [sku, counted, bin, lot, condition, expiry] = JSON.parse(fields) as [
    Sku,
    number,
    string | null,
    string | null,
    Condition | null,
    string | null,
  ];
  return {
    sku,
    counted,
    ...(bin !== null && { bin }),
    ...(lot !== null && { lot }),
    ...(condition !== null && conditions.includes(condition) && { condition }),
    ...(expiry !== null && { expiry }),
  };
}

/** Digest of rows that are recorded together: the same key with other rows would be our mistake. */
export function fingerprintOf(rows: readonly StagedRow[]): string {
  return hash('sha256', rows.map(({ key, fields }) => `${key}\n${fields}`).join('\n'), 'base64url');
}
