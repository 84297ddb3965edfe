import type { Database, Statement } from 'better-sqlite3';
import type { Idempotency } from '../rules/command-context.ts';
import type { OpenedException } from '../rules/outcome.ts';

/** Which movements a key led to. */
export type RecordedCommand = {
  readonly firstSequence: number;
  readonly movementCount: number;
  readonly fingerprint: string;
  readonly exceptions: readonly OpenedException[];
};

/** Fingerprint of a request that is known by its movements alone: they came back with a log (a rejoin). */
export const UNKNOWN_REQUEST = '';

type Row = { first_sequence: number; movement_count: number; fingerprint: string; exceptions: string | null };

/** Which commands were recorded under which key (P9). Written in the transaction of their effect. */
export class IdempotencyStore {
  readonly #find: Statement<[string, string], Row>;
  readonly #forget: Statement<[number]>;
  readonly #save: Statement<[number, number, string, string, string, string | null]>;

  constructor(database: Database) {
    this.#find = database.prepare(
      'SELECT first_sequence, movement_count, fingerprint, exceptions FROM idempotency WHERE scope = ? AND key = ?',
    );
    this.#forget = database.prepare('DELETE FROM idempotency WHERE first_sequence <= ?');
    this.#save = database.prepare(
      'INSERT INTO idempotency (first_sequence, movement_count, scope, key, fingerprint, exceptions) VALUES (?, ?, ?, ?, ?, ?)',
    );
  }

  find(idempotency: Pick<Idempotency, 'scope' | 'key'>): RecordedCommand | undefined {
    const row = this.#find.get(idempotency.scope, idempotency.key);
    if (row === undefined) return undefined;
    return {
      firstSequence: row.first_sequence,
      movementCount: row.movement_count,
      fingerprint: row.fingerprint,
      exceptions: row.exceptions === null ? [] : JSON.parse(row.exceptions),
    };
  }

  /** Forgets what keys led to up to a place: whoever uses one of them again means something else. */
  forget(upTo: number): void {
    this.#forget.run(upTo);
  }

  save(idempotency: Idempotency, command: Omit<RecordedCommand, 'fingerprint'>): void {
    const exceptions = command.exceptions.length === 0 ? null : JSON.stringify(command.exceptions);
    this.#save.run(
      command.firstSequence,
      command.movementCount,
      idempotency.scope,
      idempotency.key,
      idempotency.fingerprint,
      exceptions,
    );
  }
}
