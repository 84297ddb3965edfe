import { assert } from '@edgestock/shared/runtime/assert';
import { type Clock, systemClock } from '@edgestock/shared/runtime/clock';
import postgres from 'postgres';
import { centralLimits } from '../../limits.ts';
import { encoded } from './array-literal.ts';
import { failureOf } from './failures.ts';
import { CLOSE_WITHIN_S, ServerReaders } from './server-readers.ts';
import type { Parameter, PostgresDatabase, Session, TransactionSession } from './session.ts';

export type ServerOptions = {
  /** Connections that read, at most. */
  readonly readersMax: number;
  /** Shown by the server beside its sessions. */
  readonly name: string;
  /** By which answers are waited for. */
  readonly clock?: Clock;
};

type Client = postgres.Sql<{ int8: number }>;
/** A client of the driver, and whether one of its connections has ended: then it is of no use any more. */
type Opened = { readonly client: Client; isLost: boolean };

/**
 * A process that stands still in a transaction must not keep the others from writing for ever. And what was replied is durable, also
 * on a server that is told not to wait for its disk.
 */
const BEGIN = `BEGIN; SET LOCAL idle_in_transaction_session_timeout = ${centralLimits.transactionIdleMsMax};
  SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'`;

/** A transaction's connection was lost between two of its statements: the server rolls it back. */
class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
  readonly code = 'CONNECTION_CLOSED';
}

/**
 * A PostgreSQL server by its URL. Connects when it is first asked, and again when a connection was lost. A client of the driver is
 * thrown away with the first of its connections that ends: what it is given between the failure of a connection and its end it
 * never answers, and its own transactions go on sending statements to a connection that is another one meanwhile. What writes is
 * a client of one connection.
 */
export class ServerDatabase implements PostgresDatabase {
  readonly reads: Session;
  readonly #readers: ServerReaders;
  readonly #clock: Clock;
  readonly #openWriter: () => Opened;
  #writer: Opened | undefined;
  #isWriting = false;

  constructor(url: string, { readersMax, name, clock = systemClock }: ServerOptions) {
    this.#clock = clock;
    const options = {
      types: { int8: { to: 20, from: [20], serialize: String, parse: Number } },
      // Array parameters come written out, so the driver needs not ask for the types of arrays.
      fetch_types: false,
      onnotice: () => {},
      connect_timeout: centralLimits.serverConnectMsMax / 1_000,
      // A connection ends when it is lost, and then alone; whoever waits between attempts is the caller.
      max_lifetime: null,
      backoff: () => 0,
    };
    const named = { application_name: name };
    this.#readers = new ServerReaders(
      (onclose) => postgres(url, { ...options, connection: named, max: readersMax, onclose }),
      clock,
    );
    this.#openWriter = () =>
      opened((onclose) => postgres(url, { ...options, connection: { ...named, ...plannedOnce }, max: 1, onclose }));
    this.reads = {
      rows: (text, parameters) => this.#readers.read((client) => sessionOn(client).rows(text, parameters)),
      run: (text, parameters) => this.#readers.read((client) => sessionOn(client).run(text, parameters)),
      send: (text, parameters) => this.#readers.read((client) => sessionOn(client).send(text, parameters)),
    };
  }

  async snapshot<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#readers.read(async (client) => {
      let result: { readonly value: T } | undefined;
      await client.begin('isolation level repeatable read read only', async (sql) => {
        result = { value: await work(sessionOn(sql)) };
      });
      assert(result !== undefined, 'a transaction that ended well has done its work');
      return result.value;
    });
  }

  async transaction<T>(work: (session: TransactionSession) => Promise<T>): Promise<T> {
    assert(!this.#isWriting, 'transactions come one after the other');
    this.#isWriting = true;
    if (this.#writer === undefined || this.#writer.isLost) this.#writer = this.#openWriter();
    const writer = this.#writer;
    // A long one is one that nobody answers any more.
    const cancel = this.#clock.after(centralLimits.transactionMsMax, () => void writer.client.end({ timeout: 0 }));
    try {
      await writer.client.unsafe(BEGIN);
      return await within(writer, work);
    } catch (error) {
      if (failureOf(error) === 'connection') {
        // Its connection may be about to end.
        this.#writer = undefined;
        await writer.client.end({ timeout: 0 });
      }
      throw error;
    } finally {
      cancel();
      this.#isWriting = false;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#readers.close(), this.#writer?.client.end({ timeout: CLOSE_WITHIN_S })]);
  }
}

function opened(open: (onclose: () => void) => Client): Opened {
  const client = open(() => {
    opened.isLost = true;
    // Rejects whatever it has not answered.
    void client.end({ timeout: 0 });
  });
  const opened: Opened = { client, isLost: false };
  return opened;
}

async function within<T>(writer: Opened, work: (session: TransactionSession) => Promise<T>): Promise<T> {
  const { client } = writer;
  let isOver = false;
  const guard = () => {
    assert(!isOver, 'no statement outlives its transaction');
    if (writer.isLost) throw new ConnectionLost('the connection was lost within a transaction');
  };
  const script = async (text: string) => {
    guard();
    await client.unsafe(text);
  };
  try {
    const result = await work({ ...sessionOn(client, guard), script });
    guard();
    isOver = true;
    const { command } = await client.unsafe('COMMIT');
    // The server's answer when a statement had failed, whoever caught that.
    assert(command === 'COMMIT', 'nobody goes on with a transaction of which a statement failed');
    return result;
  } catch (error) {
    const isOpen = !isOver && !writer.isLost && failureOf(error) !== 'connection';
    isOver = true;
    if (isOpen) await client.unsafe('ROLLBACK');
    throw error;
  }
}

/**
 * What a transaction asks it asks by key, so one plan is as good as another. Left to itself the server plans a statement on a
 * partitioned table anew each time, since it reckons that a plan for one partition saves more than planning costs: on a busy
 * machine that made 84 reservations/s of 306, each of another SKU, in groups of 64.
 */
const plannedOnce = { plan_cache_mode: 'force_generic_plan' };

/** Statements without parameters, too: without `simple: false` the driver has those parsed every time. */
const PREPARED = { prepare: true, simple: false };

function sessionOn(sql: Pick<Client, 'unsafe'>, guard: () => void = () => {}): Session {
  const run = <Row extends object>(text: string, parameters: readonly Parameter[] = []) => {
    guard();
    return sql.unsafe<Row[]>(text, encoded(parameters), PREPARED);
  };
  return {
    rows: async <Row extends object>(text: string, parameters?: readonly Parameter[]) => run<Row>(text, parameters),
    run: async (text, parameters) => (await run(text, parameters)).count,
    send: async (text, parameters) => void (await run(text, parameters)),
  };
}
