import type { Database, Statement } from 'better-sqlite3';
import type { LateMovement, LateReceipt } from '../rules/late-fact.ts';
import { UNKNOWN_REQUEST } from './idempotency-store.ts';

/** One movement of a late fact, and what became of it. */
export type LateFactRow = LateMovement & {
  /** Order of coming here. */
  readonly number: number;
  readonly late: number;
  readonly at: number;
};

type Row = Omit<LateFactRow, 'recorded' | 'skipped'> & {
  readonly recorded: number | null;
  readonly skipped: string | null;
};
type Question = { readonly late: number | null; readonly after: number; readonly limit: number };

/** What became of late facts. The movements that were recorded are in the log; this tells of the others, too. */
export class LateFactStore {
  readonly #insert: Statement<[Omit<Row, 'number'>]>;
  readonly #page: Statement<[Question], Row>;
  readonly #key: Statement<[number, number, string, string, string]>;

  constructor(database: Database) {
    this.#insert = database.prepare(`
      INSERT INTO late_row (late, sequence, sku, kind, quantity, recorded, skipped, at)
      VALUES (@late, @sequence, @sku, @kind, @quantity, @recorded, @skipped, @at)`);
    this.#page = database.prepare(`
      SELECT number, late, sequence, sku, kind, quantity, recorded, skipped, at FROM late_row
      WHERE number > @after AND (@late IS NULL OR late = @late) ORDER BY number LIMIT @limit`);
    this.#key = database.prepare(`
      INSERT INTO idempotency (first_sequence, movement_count, scope, key, fingerprint) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO NOTHING`);
  }

  save(late: number, rows: readonly LateMovement[], receipts: readonly LateReceipt[], now: number): void {
    for (const { recorded, skipped, ...row } of rows) {
      this.#insert.run({ ...row, late, recorded: recorded ?? null, skipped: skipped ?? null, at: now });
    }
    for (const { scope, document, first, last } of receipts) {
      this.#key.run(first, last - first + 1, scope, receiptKeyOf(document), UNKNOWN_REQUEST);
    }
  }

  /** In the order in which they came; of one late fact where it is named. */
  page({ late, after, limit }: { readonly late: number | undefined; readonly after: number; readonly limit: number }) {
    return this.#page.all({ late: late ?? null, after, limit }).map(
      ({ recorded, skipped, ...row }): LateFactRow => ({
        ...row,
        recorded: recorded ?? undefined,
        skipped: skipped ?? undefined,
      }),
    );
  }
}

/** The key of a receipt whose document is `till/receipt`. */
export function receiptKeyOf(document: string): string {
  const [till = '', ...receipt] = document.split('/');
  return `${till}\n${receipt.join('/')}`;
}
