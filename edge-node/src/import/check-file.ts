import { POSITION_QUANTITY_MAX } from '@edgestock/shared/inventory/quantity';
import { ImportScratch } from '../store/import-scratch.ts';
import { CsvBroken, type CsvFile } from './csv-file.ts';
import { quoted } from './fields.ts';
import type { CatalogueRow, StockRow } from './import-row.ts';
import { type ImportPlan, type ImportRow, readRows } from './read-rows.ts';
import { type RowProblem, RowProblems } from './row-problem.ts';

/** What a whole file came to before anything of it is staged. */
export type CheckedFile = {
  /** Rows without the header and without empty ones. */
  readonly rowCount: number;
  readonly problems: RowProblems;
  /** Barcodes that got back the leading zeros a spreadsheet had eaten. */
  readonly zerosRestored: number;
  /** Barcodes left out, or kept as they are, by the policy for bad ones. */
  readonly badBarcodes: number;
  readonly digest: string;
};

/**
 * Reads the whole file once and finds everything wrong with it that can be seen without the node: each row by itself, and rows
 * that contradict one another. Memory is flat: what earlier rows said is kept in a temporary file.
 */
export async function checkFile(file: CsvFile, plan: ImportPlan): Promise<CheckedFile> {
  const problems = new RowProblems();
  const scratch = new ImportScratch();
  let rowCount = 0;
  let zerosRestored = 0;
  let badBarcodes = 0;
  try {
    for await (const batch of readRows(file, plan)) {
      for (const parsed of batch) {
        rowCount += 1;
        if (parsed.zerosAdded > 0) zerosRestored += 1;
        if (parsed.isBarcodeBad) badBarcodes += 1;
        for (const problem of parsed.problems) problems.add(problem);
        if (parsed.row === undefined) continue;
        for (const problem of contradictions(parsed.row, plan, scratch)) problems.add(problem);
      }
    }
  } catch (error) {
    if (!(error instanceof CsvBroken)) throw error;
    const message = `${error.message}. The file was read no further`;
    problems.add({ line: error.line, code: error.code, message });
  } finally {
    scratch.close();
  }
  if (rowCount === 0 && problems.count === 0) {
    problems.add({ line: 1, code: 'no-rows', message: 'the file has a header and nothing below it' });
  }
  return { rowCount, problems, zerosRestored, badBarcodes, digest: file.digest() };
}

function contradictions(row: ImportRow, plan: ImportPlan, scratch: ImportScratch): readonly RowProblem[] {
  return plan.kind === 'catalogue'
    ? catalogueContradictions(row as CatalogueRow, scratch)
    : stockContradictions(row as StockRow, scratch);
}

function catalogueContradictions(row: CatalogueRow, scratch: ImportScratch): readonly RowProblem[] {
  const { line, sku, name, barcode, multiple, warehouses } = row;
  const problems: RowProblem[] = [];
  // A row without a name has nothing to say about it: it adds a barcode.
  const named = name === undefined ? undefined : scratch.note(`sku ${sku}`, name, line);
  if (name !== undefined && named !== undefined && named.value !== name) {
    const message = `SKU ${quoted(sku)} is called ${quoted(name)} here and ${quoted(named.value)} on line ${named.line}`;
    problems.push({ line, code: 'sku-twice', message });
  }
  const listed = warehouses === undefined ? undefined : scratch.note(`of ${sku}`, warehouses.join('|'), line);
  if (listed !== undefined && listed.value !== warehouses?.join('|')) {
    const message = `SKU ${quoted(sku)} concerns ${warehouses?.join('|')} here and ${listed.value} on line ${listed.line}`;
    problems.push({ line, code: 'warehouses-twice', message });
  }
  if (barcode === undefined) return problems;
  const owned = scratch.note(`barcode ${barcode}`, `${multiple} ${sku}`, line);
  if (owned === undefined || owned.value === `${multiple} ${sku}`) return problems;
  const [otherMultiple = '', ...otherSku] = owned.value.split(' ');
  const message =
    otherSku.join(' ') === sku
      ? `barcode ${barcode} means ${multiple} units here and ${otherMultiple} on line ${owned.line}`
      : `barcode ${barcode} belongs to SKU ${quoted(sku)} here and to ${quoted(otherSku.join(' '))} on line ${owned.line}; leave it in one row`;
  problems.push({ line, code: 'barcode-twice', message });
  return problems;
}

/** Two counts of one place: which of them is right, or whether they add up, only the file's owner knows. */
function stockContradictions(row: StockRow, scratch: ImportScratch): readonly RowProblem[] {
  const { line, sku, barcode, bin, lot, condition } = row;
  const what = sku === undefined ? `barcode ${quoted(barcode ?? '')}` : `SKU ${quoted(sku)}`;
  const seen = scratch.note(JSON.stringify([sku, barcode, bin, lot, condition]), '', line);
  return seen === undefined ? [] : [placeTwice(line, seen.line, what)];
}

/** Also told by the node, when a barcode and a SKU turn out to be the same thing. */
export function placeTwice(line: number, otherLine: number, what: string): RowProblem {
  const message = `${what} was counted on line ${otherLine} already, at the same place: leave one row, with the sum of both`;
  return { line, code: 'counted-twice', message };
}

/** Told by the node, which alone knows what SKUs the barcodes of a file are. */
export function skuExceeds(line: number, sku: string): RowProblem {
  const message = `with this row the file counts more of SKU ${quoted(sku)} than a position can hold (${POSITION_QUANTITY_MAX} units): are the quantities meant, and in the right unit?`;
  return { line, code: 'quantity-out-of-range', message };
}
