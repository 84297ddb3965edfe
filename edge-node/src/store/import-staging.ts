import Database, { type Statement } from 'better-sqlite3';

/** 32 MiB of pages, whatever the size of the file. */
const CACHE_KIB = 32 * 1024;

export type StagedItemRow = {
  readonly sku: string;
  readonly line: number;
  readonly name: string | null;
  readonly barcode: string | null;
  readonly multiple: number;
  /** JSON list; null = the row does not say. */
  readonly warehouses: string | null;
};

/**
 * Rows of a catalogue on their way to central, in the order of their SKUs, which in the file may be any. A private database
 * without a name, as `ImportScratch` is: memory stays flat, and nothing of it is left.
 */
export class ImportStaging {
  readonly #database = new Database('');
  readonly #put: Statement<[StagedItemRow]>;
  readonly #barcodes: Statement<[string], { barcodes: number }>;
  readonly #after: Statement<[string, number, number], StagedItemRow>;

  constructor() {
    this.#database.pragma('journal_mode = OFF');
    this.#database.pragma('synchronous = OFF');
    this.#database.pragma(`cache_size = ${-CACHE_KIB}`);
    this.#database.exec(`
      CREATE TABLE row (sku TEXT, line INTEGER, name TEXT, barcode TEXT, multiple INTEGER, warehouses TEXT,
        PRIMARY KEY (sku, line)) STRICT, WITHOUT ROWID`);
    this.#put = this.#database.prepare(
      'INSERT OR REPLACE INTO row VALUES (@sku, @line, @name, @barcode, @multiple, @warehouses)',
    );
    this.#barcodes = this.#database.prepare('SELECT count(DISTINCT barcode) AS barcodes FROM row WHERE sku = ?');
    this.#after = this.#database.prepare(`
      SELECT sku, line, name, barcode, multiple, warehouses FROM row WHERE (sku, line) > (?, ?)
      ORDER BY sku, line LIMIT ?`);
  }

  put(rows: readonly StagedItemRow[]): void {
    this.#database.transaction(() => {
      for (const row of rows) this.#put.run(row);
    })();
  }

  /** Different barcodes that rows of the SKU have. */
  barcodesOf(sku: string): number {
    return this.#barcodes.get(sku)?.barcodes ?? 0;
  }

  /** The next rows after a place. */
  after(place: { readonly sku: string; readonly line: number }, rowsMax: number): readonly StagedItemRow[] {
    return this.#after.all(place.sku, place.line, rowsMax);
  }

  close(): void {
    this.#database.close();
  }
}
