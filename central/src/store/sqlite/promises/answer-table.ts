import type { Database, Statement } from 'better-sqlite3';
import type { IdempotencyKey, PromiseOutcome } from '../../../rules/promise-command.ts';

/** Remembers what requests came to, by their keys, in the transaction of their effect (P9). */
export class AnswerTable {
  readonly #get: Statement<[string], { fingerprint: string; outcome: string }>;
  readonly #put: Statement<[string, string, string, number]>;
  readonly #forget: Statement<[number, number]>;

  constructor(database: Database) {
    this.#get = database.prepare('SELECT fingerprint, outcome FROM answered WHERE key = ?');
    this.#put = database.prepare('INSERT INTO answered (key, fingerprint, outcome, at) VALUES (?, ?, ?, ?)');
    this.#forget = database.prepare(`
      DELETE FROM answered WHERE key IN (SELECT key FROM answered WHERE at < ? ORDER BY at LIMIT ?)`);
  }

  /** The first answer to the request; `key-reused` when that was another one; `undefined` when there was none. */
  find({ key, fingerprint }: IdempotencyKey): PromiseOutcome | undefined {
    const row = this.#get.get(key);
    if (row === undefined) return undefined;
    if (row.fingerprint !== fingerprint) return { outcome: 'key-reused', key };
    return { ...(JSON.parse(row.outcome) as PromiseOutcome), isReplay: true } as PromiseOutcome;
  }

  keep({ key, fingerprint }: IdempotencyKey, outcome: PromiseOutcome, now: number): void {
    this.#put.run(key, fingerprint, JSON.stringify(outcome), now);
  }

  /** Forgets answers from before a moment, at most so many; tells how many. */
  forget(before: number, limit: number): number {
    return this.#forget.run(before, limit).changes;
  }
}
