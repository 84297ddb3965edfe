import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';

export type ImportKind = 'catalogue' | 'stock';

/** A file on its way in. `staging` may still be dropped; `applying` goes on until `done`, over any number of restarts. */
export type ImportJob = {
  readonly id: string;
  readonly kind: ImportKind;
  readonly document: string;
  readonly state: 'staging' | 'applying' | 'done';
  /** Log place when staging began. */
  readonly atSequence: number;
  readonly rowCount: number;
  readonly stagedCount: number;
  readonly appliedCount: number;
  readonly unlistedCount: number;
  readonly begunAt: number;
  readonly finishedAt: number | null;
};

/** A checked row waiting to be applied. Rows are applied in the order of their keys. */
export type StagedRow = { readonly key: string; readonly line: number; readonly fields: string };

const JOB_COLUMNS = `id, kind, document, state, at_sequence AS atSequence, row_count AS rowCount, staged_count AS stagedCount,
  applied_count AS appliedCount, unlisted_count AS unlistedCount, begun_at AS begunAt, finished_at AS finishedAt`;

/** Import jobs and their staged rows. Every method is one question or one change; transactions belong to the caller. */
export class ImportStore {
  readonly #find: Statement<[string], ImportJob>;
  readonly #unfinished: Statement<[], ImportJob>;
  readonly #begin: Statement<[string, ImportKind, string, number, number, number]>;
  readonly #stage: Statement<[string, string, number, string]>;
  readonly #lineOf: Statement<[string, string], { line: number }>;
  readonly #staged: Statement<[number, string]>;
  readonly #startApplying: Statement<[string]>;
  readonly #next: Statement<[string, number], StagedRow>;
  readonly #deleteRows: Statement<[string, string]>;
  readonly #applied: Statement<[number, number, string]>;
  readonly #finish: Statement<[number, string]>;
  readonly #deleteJob: Statement<[string]>;
  readonly #setExpiry: Statement<[string, string, string]>;

  constructor(database: Database) {
    this.#find = database.prepare(`SELECT ${JOB_COLUMNS} FROM import_job WHERE id = ?`);
    this.#unfinished = database.prepare(
      `SELECT ${JOB_COLUMNS} FROM import_job WHERE state <> 'done' ORDER BY begun_at`,
    );
    // Begun again before anything was applied: the rows staged so far are the same ones, since the id is the file's digest.
    this.#begin = database.prepare(`
      INSERT INTO import_job (id, kind, document, state, at_sequence, row_count, staged_count, applied_count, unlisted_count, begun_at)
      VALUES (?, ?, ?, 'staging', ?, ?, 0, 0, 0, ?)
      ON CONFLICT (id) DO UPDATE SET at_sequence = excluded.at_sequence, begun_at = excluded.begun_at WHERE state = 'staging'`);
    this.#stage = database.prepare(
      'INSERT INTO import_row (job, key, line, fields) VALUES (?, ?, ?, ?) ON CONFLICT (job, key) DO NOTHING',
    );
    this.#lineOf = database.prepare('SELECT line FROM import_row WHERE job = ? AND key = ?');
    this.#staged = database.prepare('UPDATE import_job SET staged_count = staged_count + ? WHERE id = ?');
    this.#startApplying = database.prepare(
      "UPDATE import_job SET state = 'applying' WHERE id = ? AND state = 'staging' AND staged_count = row_count",
    );
    this.#next = database.prepare('SELECT key, line, fields FROM import_row WHERE job = ? ORDER BY key LIMIT ?');
    this.#deleteRows = database.prepare('DELETE FROM import_row WHERE job = ? AND key <= ?');
    this.#applied = database.prepare(
      'UPDATE import_job SET applied_count = applied_count + ?, unlisted_count = unlisted_count + ? WHERE id = ?',
    );
    this.#finish = database.prepare(
      "UPDATE import_job SET state = 'done', finished_at = ? WHERE id = ? AND applied_count = row_count",
    );
    this.#deleteJob = database.prepare('DELETE FROM import_job WHERE id = ?');
    this.#setExpiry = database.prepare(
      'INSERT INTO lot (sku, lot, expiry) VALUES (?, ?, ?) ON CONFLICT (sku, lot) DO UPDATE SET expiry = excluded.expiry',
    );
  }

  find(id: string): ImportJob | undefined {
    return this.#find.get(id);
  }

  /** Jobs that are not done, oldest first. */
  unfinished(): readonly ImportJob[] {
    return this.#unfinished.all();
  }

  begin(job: Pick<ImportJob, 'id' | 'kind' | 'document' | 'atSequence' | 'rowCount' | 'begunAt'>): void {
    this.#begin.run(job.id, job.kind, job.document, job.atSequence, job.rowCount, job.begunAt);
  }

  /** Stages the rows. Returns those whose key another line already has; a line staged before is neither staged nor returned again. */
  stage(id: string, rows: readonly StagedRow[]): readonly { readonly line: number; readonly otherLine: number }[] {
    const clashes: { line: number; otherLine: number }[] = [];
    let staged = 0;
    for (const { key, line, fields } of rows) {
      if (this.#stage.run(id, key, line, fields).changes === 1) {
        staged += 1;
        continue;
      }
      const otherLine = this.#lineOf.get(id, key)?.line ?? line;
      if (otherLine !== line) clashes.push({ line, otherLine });
    }
    this.#staged.run(staged, id);
    return clashes;
  }

  /** From staging to applying, when every announced row is staged. False when one is missing. */
  startApplying(id: string): boolean {
    return this.#startApplying.run(id).changes === 1;
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

  /** Takes back some staged rows of a job that is given up; the job itself with its last row. Returns whether anything is left. */
  drop(id: string, rowsMax: number): boolean {
    const last = this.#next.all(id, rowsMax).at(-1);
    if (last === undefined) {
      this.#deleteJob.run(id);
      return false;
    }
    this.#deleteRows.run(id, last.key);
    return true;
  }

  /** A count has no say about expiry dates, a stock file has. The last one stated wins. */
  setExpiry(sku: Sku, lot: string, expiry: string): void {
    this.#setExpiry.run(sku, lot, expiry);
  }
}
