import { PGlite } from '@electric-sql/pglite';
import { encoded } from '../store/postgres/array-literal.ts';
import type { Parameter, PostgresDatabase, Session, TransactionSession } from '../store/postgres/session.ts';

/** PostgreSQL within the process, in memory: one connection, so that reads wait for the transaction that runs. */
export class PgliteDatabase implements PostgresDatabase {
  readonly reads: Session;
  readonly #pglite: PGlite;

  private constructor(pglite: PGlite) {
    this.#pglite = pglite;
    this.reads = sessionOn(pglite);
  }

  static async open(): Promise<PgliteDatabase> {
    return new PgliteDatabase(await PGlite.create({ parsers: { 20: Number, 17: bytesOf } }));
  }

  snapshot<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#pglite.transaction(async (transaction) => {
      await transaction.exec('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      return work(sessionOn(transaction));
    });
  }

  transaction<T>(work: (session: TransactionSession) => Promise<T>): Promise<T> {
    return this.#pglite.transaction(async (transaction) => {
      const result = await work({
        ...sessionOn(transaction),
        script: async (text) => void (await transaction.exec(text)),
      });
      // Fails when a statement had failed, whoever caught that: to commit would be to roll back without a word.
      await transaction.query('SELECT 1');
      return result;
    });
  }

  /** The same database for one of several users, which does not close it for the others. */
  shared(): PostgresDatabase {
    return {
      reads: this.reads,
      snapshot: (work) => this.snapshot(work),
      transaction: (work) => this.transaction(work),
      close: () => Promise.resolve(),
    };
  }

  /** An empty database again: opening one takes seconds, this takes milliseconds. */
  async empty(): Promise<void> {
    await this.#pglite.exec('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  }

  async close(): Promise<void> {
    await this.#pglite.close();
  }
}

/** Buffers, as drivers of servers give them. */
function bytesOf(text: string): Uint8Array {
  return Buffer.from(text.slice('\\x'.length), 'hex');
}

function sessionOn(pglite: Pick<PGlite, 'query'>): Session {
  const run = <Row extends object>(text: string, parameters: readonly Parameter[] = []) =>
    pglite.query<Row>(text, encoded(parameters));
  return {
    rows: async <Row extends object>(text: string, parameters?: readonly Parameter[]) =>
      (await run<Row>(text, parameters)).rows,
    run: async (text, parameters) => (await run(text, parameters)).affectedRows ?? 0,
    send: async (text, parameters) => void (await run(text, parameters)),
  };
}
