import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';

export type ImportKind = 'catalogue' | 'stock';

/**
 * How far a job has got. `staging` takes rows and may be dropped; `dropping` goes on until the job is gone and `applying` until
 * it is `done`, both over any number of restarts; `failed` ended in the middle, for a reason in the data.
 */
export type ImportState = 'staging' | 'dropping' | 'applying' | 'failed' | 'done';

/** A file on its way in. */
export type ImportJob = {
  readonly id: string;
  readonly kind: ImportKind;
  readonly document: string;
  readonly state: ImportState;
  /** Log place when staging began. */
  readonly atSequence: number;
  readonly rowCount: number;
  readonly stagedCount: number;
  readonly appliedCount: number;
  readonly unlistedCount: number;
  /** Highest line staged. */
  readonly lastLine: number;
  /** What the keys of its commands begin with: another whenever the job is begun anew, so that it is applied anew. */
  readonly keyPrefix: string;
  /** Where and why it failed. */
  readonly failure: string | null;
  readonly begunAt: number;
  readonly finishedAt: number | null;
};

/** A checked row waiting to be applied. Rows are applied in the order of their keys. */
export type StagedRow = { readonly key: string; readonly line: number; readonly fields: string };

const JOB_COLUMNS = `id, kind, document, state, at_sequence AS atSequence, row_count AS rowCount, staged_count AS stagedCount,
  applied_count AS appliedCount, unlisted_count AS unlistedCount, last_line AS lastLine, key_prefix AS keyPrefix, failure,
  begun_at AS begunAt, finished_at AS finishedAt`;

/** Import jobs and their staged rows. Every method is one question or one change; transactions belong to the caller. */
export class ImportStore {
  readonly #find: Statement<[string], ImportJob>;
  readonly #unfinished: Statement<[], ImportJob>;
  readonly #begin: Statement<[string, ImportKind, string, number, number, string, number]>;
  readonly #stage: Statement<[string, string, number, string]>;
  readonly #rowAt: Statement<[string, string], { line: number; fields: string }>;
  readonly #restage: Statement<[string, string, string]>;
  readonly #rowsOfLines: Statement<[string, string], { key: string; line: number }>;
  readonly #unstage: Statement<[string, string]>;
  readonly #staged: Statement<[number, number, string]>;
  readonly #countedOf: Statement<[string, string, string], { units: number }>;
  readonly #startApplying: Statement<[string]>;
  readonly #startDropping: Statement<[string]>;
  readonly #next: Statement<[string, number], StagedRow>;
  readonly #deleteRows: Statement<[string, string]>;
  readonly #applied: Statement<[number, number, string]>;
  readonly #finish: Statement<[number, string]>;
  readonly #fail: Statement<[string, number, string]>;
  readonly #dropped: Statement<[number, string]>;
  readonly #deleteJob: Statement<[string]>;
  readonly #setExpiry: Statement<[string, string, string]>;

  constructor(database: Database) {
    this.#find = database.prepare(`SELECT ${JOB_COLUMNS} FROM import_job WHERE id = ?`);
    this.#unfinished = database.prepare(
      `SELECT ${JOB_COLUMNS} FROM import_job WHERE state NOT IN ('done', 'failed') ORDER BY begun_at`,
    );
    // Begun again before anything was applied: the rows staged so far are the same ones, since the id is the file's digest.
    this.#begin = database.prepare(`
      INSERT INTO import_job (id, kind, document, state, at_sequence, row_count, staged_count, applied_count, unlisted_count,
        last_line, key_prefix, begun_at)
      VALUES (?, ?, ?, 'staging', ?, ?, 0, 0, 0, 0, ?, ?)
      ON CONFLICT (id) DO UPDATE SET at_sequence = excluded.at_sequence, key_prefix = excluded.key_prefix,
        begun_at = excluded.begun_at WHERE state = 'staging'`);
    this.#stage = database.prepare(
      'INSERT INTO import_row (job, key, line, fields) VALUES (?, ?, ?, ?) ON CONFLICT (job, key) DO NOTHING',
    );
    this.#rowAt = database.prepare('SELECT line, fields FROM import_row WHERE job = ? AND key = ?');
    this.#restage = database.prepare('UPDATE import_row SET fields = ? WHERE job = ? AND key = ?');
    this.#rowsOfLines = database.prepare(
      'SELECT key, line FROM import_row WHERE job = ? AND line IN (SELECT value FROM json_each(?))',
    );
    this.#unstage = database.prepare('DELETE FROM import_row WHERE job = ? AND key = ?');
    this.#staged = database.prepare(`
      UPDATE import_job SET staged_count = staged_count + ?, last_line = max(last_line, ?)
      WHERE id = ? AND state = 'staging'`);
    // The keys of a SKU are those between it with a line feed and it with the next character.
    this.#countedOf = database.prepare(`
      SELECT coalesce(sum(json_extract(fields, '$[1]')), 0) AS units FROM import_row
      WHERE job = ? AND key > ? || char(10) AND key < ? || char(11)`);
    this.#startApplying = database.prepare(
      "UPDATE import_job SET state = 'applying' WHERE id = ? AND state = 'staging' AND staged_count = row_count",
    );
    this.#startDropping = database.prepare(
      "UPDATE import_job SET state = 'dropping' WHERE id = ? AND state IN ('staging', 'dropping', 'failed')",
    );
    this.#next = database.prepare('SELECT key, line, fields FROM import_row WHERE job = ? ORDER BY key LIMIT ?');
    this.#deleteRows = database.prepare('DELETE FROM import_row WHERE job = ? AND key <= ?');
    this.#applied = database.prepare(
      'UPDATE import_job SET applied_count = applied_count + ?, unlisted_count = unlisted_count + ? WHERE id = ?',
    );
    this.#finish = database.prepare(
      "UPDATE import_job SET state = 'done', finished_at = ? WHERE id = ? AND applied_count = row_count",
    );
    this.#fail = database.prepare(
      "UPDATE import_job SET state = 'failed', failure = ?, finished_at = ? WHERE id = ? AND state = 'applying'",
    );
    this.#dropped = database.prepare('UPDATE import_job SET staged_count = staged_count - ? WHERE id = ?');
    this.#deleteJob = database.prepare('DELETE FROM import_job WHERE id = ?');
    this.#setExpiry = database.prepare(
      'INSERT INTO lot (sku, lot, expiry) VALUES (?, ?, ?) ON CONFLICT (sku, lot) DO UPDATE SET expiry = excluded.expiry',
    );
  }

  find(id: string): ImportJob | undefined {
    return this.#find.get(id);
  }

  /** Jobs that go on at the next start, oldest first. */
  unfinished(): readonly ImportJob[] {
    return this.#unfinished.all();
  }

  begin(job: Pick<ImportJob, 'id' | 'kind' | 'document' | 'atSequence' | 'rowCount' | 'begunAt'>): void {
    // Commands of an earlier life that were applied have moved the log on: no two lives share a place.
    const keyPrefix = `${job.id}@${job.atSequence}`;
    this.#begin.run(job.id, job.kind, job.document, job.atSequence, job.rowCount, keyPrefix, job.begunAt);
  }

  /**
   * Stages rows of a staging job, no two of one line. A row of a line staged before takes its place. Returns those whose key
   * another line already has; they are not staged.
   */
  stage(job: ImportJob, rows: readonly StagedRow[]): readonly { readonly line: number; readonly otherLine: number }[] {
    const clashes: { line: number; otherLine: number }[] = [];
    const moved: StagedRow[] = [];
    let staged = 0;
    for (const row of rows) {
      if (this.#stage.run(job.id, row.key, row.line, row.fields).changes === 1) {
        staged += 1;
        if (row.line <= job.lastLine) moved.push(row);
        continue;
      }
      const there = this.#rowAt.get(job.id, row.key);
      if (there?.line !== row.line) clashes.push({ line: row.line, otherLine: there?.line ?? row.line });
      else if (there.fields !== row.fields) this.#restage.run(row.fields, job.id, row.key);
    }
    const replaced = this.#removeOthersOf(job.id, moved);
    const lastLine = rows.reduce((last, { line }) => Math.max(last, line), 0);
    this.#staged.run(staged - replaced, lastLine, job.id);
    return clashes;
  }

  /** Reads all rows of the job, which have no index by line: only rows out of order, or changed in what they name, get here. */
  #removeOthersOf(id: string, rows: readonly StagedRow[]): number {
    if (rows.length === 0) return 0;
    const keyOf = new Map(rows.map(({ line, key }) => [line, key]));
    const others = this.#rowsOfLines
      .all(id, JSON.stringify([...keyOf.keys()]))
      .filter(({ line, key }) => keyOf.get(line) !== key);
    for (const { key } of others) this.#unstage.run(id, key);
    return others.length;
  }

  /** Takes one staged row back. */
  unstage(id: string, key: string): void {
    this.#staged.run(-this.#unstage.run(id, key).changes, 0, id);
  }

  /** Units that the staged rows of a stock import count of a SKU. */
  countedOf(id: string, sku: Sku): number {
    return this.#countedOf.get(id, sku, sku)?.units ?? 0;
  }

  /** From staging to applying, when every announced row is staged. False when it is not staging, or one is missing. */
  startApplying(id: string): boolean {
    return this.#startApplying.run(id).changes === 1;
  }

  /** Nothing is staged or applied from here on. False when the job is being applied, or was. */
  startDropping(id: string): boolean {
    return this.#startDropping.run(id).changes === 1;
  }

  /** The next rows to be applied. The same rows until `applied` says that they were. */
  next(id: string, limit: number): readonly StagedRow[] {
    return this.#next.all(id, limit);
  }

  /** The rows up to a key have been applied. */
  applied(id: string, done: { upToKey: string; rows: number; unlisted: number }): void {
    this.#deleteRows.run(id, done.upToKey);
    this.#applied.run(done.rows, done.unlisted, id);
  }

  finish(id: string, now: number): void {
    this.#finish.run(now, id);
  }

  /** Applying has ended for good; what was applied stays, the rows that were not stay staged until they are dropped. */
  fail(id: string, failure: string, now: number): void {
    this.#fail.run(failure, now, id);
  }

  /** Takes back some staged rows of a dropping job; the job itself with its last row. Returns whether anything is left. */
  drop(id: string, rowsMax: number): boolean {
    const last = this.#next.all(id, rowsMax).at(-1);
    if (last === undefined) {
      this.#deleteJob.run(id);
      return false;
    }
    this.#dropped.run(this.#deleteRows.run(id, last.key).changes, id);
    return true;
  }

  /** A count has no say about expiry dates, a stock file has. The last one stated wins. */
  setExpiry(sku: Sku, lot: string, expiry: string): void {
    this.#setExpiry.run(sku, lot, expiry);
  }
}
