import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { EncodingWrong, type FileEncoding, ToUtf8 } from '@edgestock/edge-node/import/file-encoding';
import { LineCount } from '@edgestock/edge-node/import/line-count';
import { type Options, parse } from 'csv-parse';
import { UsageError } from '../command/usage-error.ts';
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

/** Cells, and the line of the file on which they begin. */
type Row = { readonly line: number; readonly cells: readonly string[] };

/** How the file is to be read. */
export type SalesFileReading = {
  /** Without it, the columns named like our fields are taken. */
  readonly mapping?: ColumnMapping | undefined;
  readonly encoding: FileEncoding;
};

/**
 * Reads a CSV file, plain or gzip, one line at a time: memory does not grow with the file. Throws
 * `UsageError` for a missing file or column, `SalesFileUnreadable` for a broken one or one in another encoding.
 */
export async function* readSalesFile(
  path: string,
  { mapping, encoding }: SalesFileReading,
  required?: readonly Field[],
): AsyncGenerator<RawLine> {
  await access(path).catch((cause: unknown) => {
    throw Object.assign(new UsageError(`${path} cannot be read`, 'Name a CSV file, plain or .gz.'), { cause });
  });
  const lines = new LineCount();
  const options: Options<Row, string[]> = {
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
    on_record: (cells, context) => ({ line: lines.beginOf(cells, context.lines), cells }),
  };
  // The library's types know rows as lists of text only.
  const parser = parse(options as unknown as Options);
  const text = new ToUtf8(encoding);
  const steps = path.endsWith('.gz') ? [createGunzip(), text, parser] : [text, parser];
  // A failure of any step ends the parser with that error, so it arrives in the loop below.
  const flowing = pipeline([createReadStream(path), ...steps]).catch(() => undefined);
  let bind: ReturnType<typeof bindColumns> | undefined;
  let last = 0;
  try {
    for await (const { line, cells } of parser as AsyncIterable<Row>) {
      last = line;
      // Spreadsheets export the empty rows below a table as nothing but delimiters.
      if (cells.every((cell) => cell.trim() === '')) continue;
      if (bind) yield bind(line, cells);
      else bind = bindColumns(mapping ?? mappingByName(cells), cells, required);
    }
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    if (cause instanceof EncodingWrong) {
      throw new SalesFileUnreadable(`${path}, line ${cause.line}: cannot be read`, { cause, hint: cause.message });
    }
    throw new SalesFileUnreadable(`${path} breaks off after line ${last}`, { cause });
  } finally {
    parser.destroy();
    await flowing;
  }
  if (!bind) throw new SalesFileUnreadable(`${path} is empty`);
}
