import { access } from 'node:fs/promises';
import { CsvBroken, CsvFile } from '@edgestock/edge-node/import/csv-file';
import type { FileEncoding } from '@edgestock/edge-node/import/file-encoding';
import { WrongCall } from '@edgestock/shared/command/wrong-call';
import { bindColumns, type ColumnMapping, type Field, mappingByName, type RawLine } from './columns.ts';

/** The file is damaged, or no CSV. */
export class SalesFileUnreadable extends Error {
  override readonly name = 'SalesFileUnreadable';
  readonly hint: string;

  constructor(message: string, options: ErrorOptions & { readonly hint?: string } = {}) {
    super(message, options);
    this.hint = options.hint ?? 'It must be CSV with a header line, plain or compressed with gzip.';
  }
}

/** How the file is to be read. */
export type SalesFileReading = {
  /** Without it, the columns named like our fields are taken. */
  readonly mapping?: ColumnMapping | undefined;
  readonly encoding: FileEncoding;
};

/**
 * Reads a CSV file as imports do (plain or gzip, comma, semicolon or tab), one line at a time: memory does not grow with the file.
 * Throws `WrongCall` for a missing file or column, `SalesFileUnreadable` for a broken one or one in another encoding.
 */
export async function* readSalesFile(
  path: string,
  { mapping, encoding }: SalesFileReading,
  required?: readonly Field[],
): AsyncGenerator<RawLine> {
  await access(path).catch((cause: unknown) => {
    throw Object.assign(new WrongCall(`${path} cannot be read`, 'Name a CSV file, plain or .gz.'), { cause });
  });
  let bind: ReturnType<typeof bindColumns> | undefined;
  try {
    for await (const rows of new CsvFile(path, encoding).batches()) {
      for (const { line, cells } of rows) {
        if (bind) yield bind(line, cells);
        else bind = bindColumns(mapping ?? mappingByName(cells), cells, required);
      }
    }
  } catch (cause) {
    if (!(cause instanceof CsvBroken)) throw cause;
    const where = cause.line > 0 ? `${path}, line ${cause.line}` : path;
    throw new SalesFileUnreadable(`${where}: cannot be read`, { cause, hint: cause.message });
  }
  if (!bind) throw new SalesFileUnreadable(`${path} is empty`);
}
