import { assert } from '@edgestock/shared/runtime/assert';
import postgres from 'postgres';
import { encoded } from './array-literal.ts';
import type { Parameter, PostgresDatabase, Session, TransactionSession } from './session.ts';

export type ServerOptions = {
  /** Connections that read, at most. */
  readonly readersMax: number;
  /** Shown by the server beside its sessions. */
  readonly name: string;
};

/** A transaction's connection was lost between two of its statements: the server rolls it back. */
class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
  readonly code = 'CONNECTION_CLOSED';
}

/**
 * A PostgreSQL server by its URL. Connects when it is first asked, and again when a connection was lost. Two clients, since the
 * driver's transactions go on sending statements to a connection that is another one meanwhile: of the one that writes it is
 * noted when its connection ends, and a transaction that outlives it sends nothing more.
 */
export class ServerDatabase implements PostgresDatabase {
  readonly reads: Session;
  readonly #readers: postgres.Sql<{ int8: number }>;
  readonly #writer: postgres.Sql<{ int8: number }>;
  /** Connections that the writer has lost. */
  #lost = 0;
  #isWriting = false;

  constructor(url: string, { readersMax, name }: ServerOptions) {
    const options = {
      types: { int8: { to: 20, from: [20], serialize: String, parse: Number } },
      // Array parameters come written out, so the driver needs not ask for the types of arrays.
      fetch_types: false,
      onnotice: () => {},
      connection: { application_name: name },
    };
    this.#readers = postgres(url, { ...options, max: readersMax });
    this.#writer = postgres(url, {
      ...options,
      max: 1,
      // Whoever waits between attempts is the caller.
      backoff: () => 0,
      max_lifetime: null,
      onclose: () => {
        this.#lost += 1;
      },
    });
    this.reads = sessionOn(this.#readers);
  }

  async snapshot<T>(work: (session: Session) => Promise<T>): Promise<T> {
    let result: { readonly value: T } | undefined;
    await this.#readers.begin('isolation level repeatable read read only', async (sql) => {
      result = { value: await work(sessionOn(sql)) };
    });
    assert(result !== undefined, 'a transaction that ended well has done its work');
    return result.value;
  }

  async transaction<T>(work: (session: TransactionSession) => Promise<T>): Promise<T> {
    assert(!this.#isWriting, 'transactions come one after the other');
    this.#isWriting = true;
    try {
      await this.#writer.unsafe('BEGIN');
      return await this.#within(this.#lost, work);
    } finally {
      this.#isWriting = false;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#readers.end(), this.#writer.end()]);
  }

  async #within<T>(lost: number, work: (session: TransactionSession) => Promise<T>): Promise<T> {
    let isOver = false;
    const guard = () => {
      assert(!isOver, 'no statement outlives its transaction');
      if (this.#lost !== lost) throw new ConnectionLost('the connection was lost within a transaction');
    };
    const session = sessionOn(this.#writer, guard);
    try {
      const result = await work({
        ...session,
        script: async (text) => {
          guard();
          await this.#writer.unsafe(text);
        },
      });
      guard();
      isOver = true;
      await this.#writer.unsafe('COMMIT');
      return result;
    } catch (error) {
      if (!isOver && this.#lost === lost) await this.#rollBack();
      throw error;
    }
  }

  /** Where even this fails the connection is gone, and the server has rolled back. */
  async #rollBack(): Promise<void> {
    const lost = this.#lost;
    try {
      await this.#writer.unsafe('ROLLBACK');
    } catch (error) {
      if (this.#lost === lost) throw error;
    }
  }
}

/** Statements without parameters, too: without `simple: false` the driver has those parsed every time. */
const PREPARED = { prepare: true, simple: false };

function sessionOn(sql: Pick<postgres.Sql, 'unsafe'>, guard: () => void = () => {}): Session {
  const run = <Row extends object>(text: string, parameters: readonly Parameter[] = []) => {
    guard();
    return sql.unsafe<Row[]>(text, encoded(parameters), PREPARED);
  };
  return {
    rows: async <Row extends object>(text: string, parameters?: readonly Parameter[]) => run<Row>(text, parameters),
    run: async (text, parameters) => (await run(text, parameters)).count,
  };
}
