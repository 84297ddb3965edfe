import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline, type Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CsvError, type Options, parse } from 'csv-parse';
import { EncodingWrong, type FileEncoding, ToUtf8 } from './file-encoding.ts';
import { importLimits } from './limits.ts';
import { LineCount } from './line-count.ts';

/** Line number in the file (where the row begins) and the cells as they stand there. */
export type CsvRow = { readonly line: number; readonly cells: readonly string[] };

/** The file is no CSV, or not in its encoding, from some line on. */
export class CsvBroken extends Error {
  override readonly name = 'CsvBroken';
  readonly line: number;
  readonly code: 'csv-broken' | EncodingWrong['code'];

  constructor(line: number, message: string, options?: ErrorOptions & { readonly code?: CsvBroken['code'] }) {
    super(message, options);
    this.line = line;
    this.code = options?.code ?? 'csv-broken';
  }
}

const DELIMITERS = [',', ';', '\t'] as const;
const ROWS_PER_BATCH = 500;

/**
 * A CSV file, gzipped or not, as batches of rows; the first row is the header. Read as a stream: memory does not grow with the
 * file. Comma, semicolon and tab are told apart by the header, a byte order mark is heeded, quoted cells may hold line breaks.
 */
export class CsvFile {
  readonly path: string;
  readonly #encoding: FileEncoding;
  readonly #onBytes: (bytes: number) => void;
  #hash = createHash('sha256');

  /** `onBytes` hears of each piece read from the disk. */
  constructor(path: string, encoding: FileEncoding, onBytes: (bytes: number) => void = () => undefined) {
    this.path = path;
    this.#encoding = encoding;
    this.#onBytes = onBytes;
  }

  /** Throws `CsvBroken` with a line, or what the file system says. */
  async *batches(): AsyncGenerator<readonly CsvRow[]> {
    const delimiter = await this.#delimiter();
    const lines = new LineCount();
    // What the parser holds when it fails is lost with it, and the rows above a fault have faults of their own to tell.
    const parsed: CsvRow[] = [];
    let taken = 0;
    const options: Options<CsvRow, string[]> = {
      bom: true,
      delimiter,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      max_record_size: importLimits.recordBytesMax,
      // Spread over the callback instead of `info: true`, which builds a second object for every row.
      on_record: (cells, context) => {
        const row = { line: lines.beginOf(cells, context.lines), cells };
        parsed.push(row);
        return row;
      },
    };
    // The library's types know rows as lists of text only.
    const parser = parse(options as unknown as Options);
    this.#hash = createHash('sha256');
    const text = this.#text((piece) => {
      this.#hash.update(piece);
      this.#onBytes(piece.length);
    });
    pipeline(text, parser, () => undefined);
    let batch: CsvRow[] = [];
    let broken: unknown;
    try {
      for await (const row of parser as AsyncIterable<CsvRow>) {
        taken += 1;
        if (taken === parsed.length) {
          parsed.length = 0;
          taken = 0;
        }
        // Spreadsheets export the empty rows below a table as nothing but delimiters.
        if (isEmpty(row)) continue;
        batch.push(row);
        if (batch.length < ROWS_PER_BATCH) continue;
        yield batch;
        batch = [];
      }
    } catch (error) {
      broken = brokenAt(error);
    } finally {
      text.destroy();
      parser.destroy();
    }
    const rest = [...batch, ...parsed.slice(taken).filter((row) => !isEmpty(row))];
    if (rest.length > 0) yield rest;
    if (broken !== undefined) throw broken;
  }

  /** SHA-256 of the file as it was read; after the last batch. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  /** The file's text in UTF-8; hears of each piece as it lies on the disk. An error of any part destroys what is returned. */
  #text(onPiece: (piece: Buffer) => void): Readable {
    const tap = new Transform({
      transform: (piece: Buffer, _encoding, done) => {
        onPiece(piece);
        done(null, piece);
      },
    });
    const file = createReadStream(this.path);
    const text = new ToUtf8(this.#encoding);
    return this.path.endsWith('.gz')
      ? pipeline(file, tap, createGunzip(), text, () => undefined)
      : pipeline(file, tap, text, () => undefined);
  }

  /** Judged by the file's first lines. */
  async #delimiter(): Promise<string> {
    const text = this.#text(() => undefined);
    const pieces: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const piece of text) {
        pieces.push(piece);
        bytes += piece.length;
        if (bytes >= importLimits.headBytesMax) break;
      }
    } catch (error) {
      throw brokenAt(error);
    }
    return delimiterOf(Buffer.concat(pieces).toString('utf8', 0, importLimits.headBytesMax));
  }
}

function isEmpty({ cells }: CsvRow): boolean {
  return cells.every((cell) => cell.trim() === '');
}

/** The delimiter that the header uses most, outside of quotes. */
function delimiterOf(head: string): string {
  const header = head.replace(/"[^"]*"/g, '').split(/\r\n|\n|\r/, 1)[0] ?? '';
  const uses = (delimiter: string) => header.split(delimiter).length - 1;
  return DELIMITERS.reduce<string>((best, delimiter) => (uses(delimiter) > uses(best) ? delimiter : best), ',');
}

/** What a file is called in the books: its name without the folder, as far as there is room. */
export function documentOf(path: string): string {
  return basename(path).slice(0, importLimits.documentCharsMax);
}

function brokenAt(error: unknown): unknown {
  if (error instanceof EncodingWrong) {
    return new CsvBroken(error.line, error.message, { cause: error, code: error.code });
  }
  if (error instanceof CsvError) {
    const line = Number(error.lines ?? 0);
    const isUnclosed = error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE';
    const message = isUnclosed
      ? `a quote (") that is opened at or before this line is never closed; inside a quoted cell a quote is written twice`
      : error.message;
    return new CsvBroken(line, message, { cause: error });
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code.startsWith('Z_') || code === 'ERR_PREMATURE_CLOSE') {
    return new CsvBroken(0, 'the gzip file is damaged or incomplete: fetch it again', { cause: error });
  }
  return error;
}
