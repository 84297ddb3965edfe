import type { Database, Statement } from 'better-sqlite3';
import type { PromiseOutcome } from '../../../rules/promise-command.ts';
import type { AnswerTable, KeptAnswer } from '../../tables/reservation-table.ts';

export class SqliteAnswerTable implements AnswerTable {
  readonly #get: Statement<[string], { fingerprint: string; outcome: string }>;
  readonly #put: Statement<[string, string, string, number]>;
  readonly #forget: Statement<[number, number]>;

  constructor(database: Database) {
    this.#get = database.prepare('SELECT fingerprint, outcome FROM answered WHERE key = ?');
    this.#put = database.prepare('INSERT INTO answered (key, fingerprint, outcome, at) VALUES (?, ?, ?, ?)');
    this.#forget = database.prepare(`
      DELETE FROM answered WHERE key IN (SELECT key FROM answered WHERE at < ? ORDER BY at LIMIT ?)`);
  }

  found(keys: readonly string[]): ReadonlyMap<string, KeptAnswer> {
    const found = new Map<string, KeptAnswer>();
    for (const key of keys) {
      const row = this.#get.get(key);
      if (row === undefined) continue;
      found.set(key, { fingerprint: row.fingerprint, outcome: JSON.parse(row.outcome) as PromiseOutcome });
    }
    return found;
  }

  keep(key: string, { fingerprint, outcome }: KeptAnswer, now: number): void {
    this.#put.run(key, fingerprint, JSON.stringify(outcome), now);
  }

  forget(before: number, limit: number): number {
    return this.#forget.run(before, limit).changes;
  }
}
