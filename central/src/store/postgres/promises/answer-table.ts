import type { PromiseOutcome } from '../../../rules/promise-command.ts';
import type { AnswerTable, KeptAnswer } from '../../tables/reservation-table.ts';
import { firstRow, type Session } from '../session.ts';

/** `AnswerTable` on PostgreSQL. */
export class PostgresAnswerTable implements AnswerTable {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async find(key: string): Promise<KeptAnswer | undefined> {
    const row = await firstRow<{ fingerprint: string; outcome: string }>(
      this.#session,
      'SELECT fingerprint, outcome FROM answered WHERE key = $1',
      [key],
    );
    return row && { fingerprint: row.fingerprint, outcome: JSON.parse(row.outcome) as PromiseOutcome };
  }

  async keep(key: string, { fingerprint, outcome }: KeptAnswer, now: number): Promise<void> {
    await this.#session.send('INSERT INTO answered (key, fingerprint, outcome, at) VALUES ($1, $2, $3, $4)', [
      key,
      fingerprint,
      JSON.stringify(outcome),
      now,
    ]);
  }

  async forget(before: number, limit: number): Promise<number> {
    return this.#session.run(
      'DELETE FROM answered WHERE key IN (SELECT key FROM answered WHERE at < $1 ORDER BY at LIMIT $2)',
      [before, limit],
    );
  }
}
