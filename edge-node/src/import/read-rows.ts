import { unreachable } from '@edgestock/shared/runtime/assert';
import type { ImportKind } from '../store/import-store.ts';
import { type BadBarcodePolicy, type ParsedRow, parseCatalogueRow } from './catalogue-rows.ts';
import { type ColumnMapping, type Columns, findColumns } from './columns.ts';
import type { CsvFile, CsvRow } from './csv-file.ts';
import type { FileEncoding } from './file-encoding.ts';
import type { CatalogueRow, StockRow } from './import-row.ts';
import type { RowProblem } from './row-problem.ts';
import { parseStockRow } from './stock-rows.ts';

/** How a file is to be read. Part of an import's identity: the same file read otherwise is another import. */
export type ImportPlan = {
  readonly kind: ImportKind;
  readonly mapping: ColumnMapping;
  readonly badBarcodes: BadBarcodePolicy;
  readonly encoding: FileEncoding;
  /** The rows go to central, which knows of warehouses. */
  readonly isForCentral?: boolean;
};

export type ImportRow = CatalogueRow | StockRow;

/** The header does not have the columns that the import needs, or has one of them twice. */
export class ColumnsMissing extends Error {
  override readonly name = 'ColumnsMissing';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.problems = problems;
  }
}

/** A file's rows, parsed, in batches. Throws `ColumnsMissing` before the first row, `CsvBroken` where the file is no CSV. */
export async function* readRows(file: CsvFile, plan: ImportPlan): AsyncGenerator<readonly ParsedRow<ImportRow>[]> {
  let columns: Columns | undefined;
  let width = 0;
  for await (const batch of file.batches()) {
    let rows = batch;
    if (columns === undefined) {
      const [header, ...others] = batch;
      columns = columnsOf(plan, header);
      width = header?.cells.length ?? 0;
      rows = others;
    }
    const found = columns;
    yield rows.map((row) => parseRow(row, plan, found, width));
  }
  if (columns === undefined) throw new ColumnsMissing(['the file is empty: its first line must name the columns']);
}

function columnsOf({ kind, mapping }: ImportPlan, header: CsvRow | undefined): Columns {
  const answer = findColumns(kind, header?.cells ?? [], mapping);
  if (answer.outcome === 'missing') throw new ColumnsMissing(answer.problems);
  return answer.columns;
}

function parseRow({ line, cells }: CsvRow, plan: ImportPlan, columns: Columns, width: number): ParsedRow<ImportRow> {
  if (cells.length !== width) return wrongWidth(line, cells.length, width);
  switch (plan.kind) {
    case 'catalogue':
      return parseCatalogueRow(line, cells, columns, plan);
    case 'stock':
      return parseStockRow(line, cells, columns);
    default:
      return unreachable(plan.kind);
  }
}

function wrongWidth(line: number, cells: number, width: number): ParsedRow<ImportRow> {
  const message = `${cells} cells where the header has ${width}: is a delimiter inside a cell that is not quoted?`;
  const problem: RowProblem = { line, code: 'cells-count', message };
  return { row: undefined, problems: [problem], zerosAdded: 0, isBarcodeBad: false };
}
