import type { PromiseOutcome } from '../../../rules/promise-command.ts';
import type { AnswerTable, KeptAnswer } from '../../tables/reservation-table.ts';
import type { Session } from '../session.ts';

/** `AnswerTable` on PostgreSQL. */
export class PostgresAnswerTable implements AnswerTable {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async found(keys: readonly string[]): Promise<ReadonlyMap<string, KeptAnswer>> {
    const rows = await this.#session.rows<{ key: string; fingerprint: string; outcome: string }>(
      'SELECT key, fingerprint, outcome FROM answered WHERE key = ANY ($1::text[])',
      [keys],
    );
    return new Map(
      rows.map(({ key, fingerprint, outcome }) => [
        key,
        { fingerprint, outcome: JSON.parse(outcome) as PromiseOutcome },
      ]),
    );
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
