import type { Database, Statement } from 'better-sqlite3';
import { eq } from 'drizzle-orm';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import type { QuarantineInput, QuarantineRecord, Settlement } from '../../central-store.ts';
import { quarantineDigest, quarantineRecordOf } from '../../rows/quarantine-row.ts';
import type { QuarantineTable } from '../../tables/quarantine-table.ts';
import { quarantine } from '../schema.ts';

export class SqliteQuarantineReader {
  readonly #typed: BetterSQLite3Database;

  constructor(database: Database) {
    this.#typed = drizzle(database);
  }

  get(id: number): QuarantineRecord | undefined {
    const row = this.#typed.select().from(quarantine).where(eq(quarantine.id, id)).get();
    return row && quarantineRecordOf(row);
  }
}

export class SqliteQuarantineTable extends SqliteQuarantineReader implements QuarantineTable {
  readonly #insert: Statement<(string | number | null | Uint8Array)[]>;

  readonly #settle: Statement<[string, number, string, string, number | null, number]>;
  readonly #unheard: Statement<[], { id: number }>;
  readonly #forgetPlaces: Statement<[]>;
  readonly #place: Statement<[number, number]>;

  constructor(database: Database) {
    super(database);
    this.#settle = database.prepare(`
      UPDATE quarantine SET settled_as = ?, settled_at = ?, settled_by = ?, settled_why = ?, directive = ?
      WHERE id = ? AND settled_as IS NULL`);
    this.#unheard = database.prepare(`
      SELECT id FROM quarantine JOIN node ON node.warehouse = quarantine.warehouse
      WHERE settled_as = 'applied' AND directive > down_covered ORDER BY id`);
    this.#forgetPlaces = database.prepare('UPDATE quarantine SET directive = 0 WHERE directive > 0');
    this.#place = database.prepare('UPDATE quarantine SET directive = ? WHERE id = ?');
    this.#insert = database.prepare(`
      INSERT INTO quarantine (warehouse, reason, detail, epoch, first_sequence, last_sequence, sku, digest, at, bytes)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (warehouse, digest) DO NOTHING`);
  }

  put(item: QuarantineInput, now: number): void {
    this.#insert.run(
      item.warehouse,
      item.reason,
      item.detail,
      item.epoch ?? null,
      item.firstSequence ?? null,
      item.lastSequence ?? null,
      item.sku ?? null,
      quarantineDigest(item),
      now,
      item.bytes,
    );
  }

  settle(id: number, { as, at, by, why, directive }: Settlement): void {
    this.#settle.run(as, at, by, why, directive ?? null, id);
  }

  unheard(): readonly number[] {
    return this.#unheard.all().map(({ id }) => id);
  }

  forgetPlaces(): void {
    this.#forgetPlaces.run();
  }

  place(id: number, directive: number): void {
    this.#place.run(directive, id);
  }
}
