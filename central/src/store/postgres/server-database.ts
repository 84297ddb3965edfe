import { assert } from '@edgestock/shared/runtime/assert';
import { type Clock, systemClock } from '@edgestock/shared/runtime/clock';
import postgres from 'postgres';
import { centralLimits } from '../../limits.ts';
import { encoded } from './array-literal.ts';
import { failureOf } from './failures.ts';
import { CLOSE_WITHIN_S, type Client, type Opened, ServerReaders } from './server-readers.ts';
import { isServerRefusal } from './server-refusal.ts';
import type { Parameter, PostgresDatabase, Session, TransactionSession } from './session.ts';
import { SilenceWatch } from './silence-watch.ts';
import { asTlsRefusal } from './tls-offer.ts';

export type ServerOptions = {
  /** Connections that read, at most. */
  readonly readersMax: number;
  /** Shown by the server beside its sessions. */
  readonly name: string;
  /** By which answers are waited for. */
  readonly clock?: Clock;
  /** A transaction may last, and say nothing, for as long as it likes: nobody else is to write meanwhile. */
  readonly isUnhurried?: boolean;
};

/**
 * A process that stands still in a transaction must not keep the others from writing for ever. And what was replied is durable, also
 * on a server that is told not to wait for its disk.
 */
const BEGIN = `BEGIN; SET LOCAL idle_in_transaction_session_timeout = ${centralLimits.transactionIdleMsMax};
  SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off';
  SELECT pg_backend_pid() AS pid`;
/** Without a statement that reads: its work may ask for another isolation. The server's 0 is for ever. */
const BEGIN_UNHURRIED = 'BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL synchronous_commit = on';
const SNAPSHOT = 'isolation level repeatable read read only';
/** Of a session: whether it works at what it was asked. One that reads from its client waits for what was lost on the way. */
const IS_WORKING = `SELECT 1 AS one FROM pg_stat_activity
  WHERE pid = $1 AND state = 'active' AND wait_event IS DISTINCT FROM 'ClientRead'`;

/** The connection of a transaction or of a snapshot was lost between two of its statements: the server rolls it back. */
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
  readonly #address: string;
  readonly #openWriter: () => Opened;
  readonly #isUnhurried: boolean;
  #writer: Opened | undefined;
  #isWriting = false;

  constructor(address: string, { readersMax, name, clock = systemClock, isUnhurried = false }: ServerOptions) {
    const url = withoutName(address);
    this.#clock = clock;
    this.#address = address;
    this.#isUnhurried = isUnhurried;
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
    const connection = { application_name: name, ...plannedOnce };
    this.#readers = new ServerReaders(
      (onclose) => postgres(url, { ...options, connection, max: readersMax, onclose }),
      clock,
      (error) => this.#explained(error),
    );
    this.#openWriter = () => opened((onclose) => postgres(url, { ...options, connection, max: 1, onclose }));
    this.reads = {
      rows: (text, parameters) => this.#readers.read(({ client }) => sessionOn(client).rows(text, parameters)),
      run: (text, parameters) => this.#readers.read(({ client }) => sessionOn(client).run(text, parameters)),
      send: (text, parameters) => this.#readers.read(({ client }) => sessionOn(client).send(text, parameters)),
    };
  }

  snapshot<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#readers.read((readers) => snapshotOf(readers, work));
  }

  async transaction<T>(work: (session: TransactionSession) => Promise<T>): Promise<T> {
    assert(!this.#isWriting, 'transactions come one after the other');
    this.#isWriting = true;
    if (this.#writer === undefined || this.#writer.isLost) this.#writer = this.#openWriter();
    const writer = this.#writer;
    let pid = 0;
    const watch = new SilenceWatch({
      clock: this.#clock,
      // Of one that has all the time there is somebody else looks after it.
      isWorking: async () => this.#isUnhurried || (await this.reads.rows(IS_WORKING, [pid])).length > 0,
      isLost: () => void writer.client.end({ timeout: 0 }),
    });
    // A long one is one that nobody answers any more.
    const end = () => void writer.client.end({ timeout: 0 });
    const cancel = this.#isUnhurried ? () => {} : this.#clock.after(centralLimits.transactionMsMax, end);
    try {
      // Several statements in one text are answered each for itself.
      const begin = this.#isUnhurried ? BEGIN_UNHURRIED : BEGIN;
      const answers = await watch.owed(writer.client.unsafe<{ readonly pid: number }[][]>(begin));
      pid = answers.at(-1)?.[0]?.pid ?? 0;
      return await within(writer, watch, work);
    } catch (thrown) {
      const error = await this.#explained(thrown);
      if (['connection', 'read-only'].includes(failureOf(error)) || isServerRefusal(error)) {
        // Its connection may be about to end. Or it leads to a server that is the primary no more, or was told to be read-only before:
        // a session stays so for as long as it lasts.
        this.#writer = undefined;
        await writer.client.end({ timeout: 0 });
      }
      throw error;
    } finally {
      cancel();
      watch.end();
      this.#isWriting = false;
    }
  }

  #explained(error: unknown): Promise<unknown> {
    return asTlsRefusal(error, this.#address, this.#clock);
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

/**
 * The driver ends a transaction with a statement of its own, also by a connection that has ended: that throws out of everybody's hands, and
 * ends the process (porsager/postgres#1208). It sends nothing while the work is neither done nor failed.
 */
function snapshotOf<T>(readers: Opened, work: (session: Session) => Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const guard = () => {
    if (readers.isLost) throw new ConnectionLost('the connection was lost within a snapshot');
  };
  const held = async (sql: Pick<Client, 'unsafe'>) => {
    try {
      const result = await work(sessionOn(sql, { guard }));
      guard();
      return { result };
    } catch (error) {
      if (!readers.isLost) throw error;
      reject(error);
      return new Promise<never>(() => undefined);
    }
  };
  readers.client.begin(SNAPSHOT, held).then(({ result }) => resolve(result), reject);
  return promise;
}

async function within<T>(
  writer: Opened,
  watch: SilenceWatch,
  work: (session: TransactionSession) => Promise<T>,
): Promise<T> {
  const { client } = writer;
  let isOver = false;
  const guard = () => {
    assert(!isOver, 'no statement outlives its transaction');
    if (writer.isLost) throw new ConnectionLost('the connection was lost within a transaction');
  };
  const script = async (text: string) => {
    guard();
    await watch.owed(client.unsafe(text));
  };
  try {
    const result = await work({ ...sessionOn(client, { guard, watch }), script });
    guard();
    isOver = true;
    const { command } = await watch.owed(client.unsafe('COMMIT'));
    // The server's answer when a statement had failed, whoever caught that.
    assert(command === 'COMMIT', 'nobody goes on with a transaction of which a statement failed');
    return result;
  } catch (error) {
    const isOpen = !isOver && !writer.isLost && failureOf(error) !== 'connection';
    isOver = true;
    if (isOpen) await watch.owed(client.unsafe('ROLLBACK'));
    throw error;
  }
}

/** A name in the address would win, and whoever moves the store knows a central by its own. */
function withoutName(url: string): string {
  const [address = '', query] = url.split('?');
  const kept = query?.split('&').filter((parameter) => !parameter.startsWith('application_name=')) ?? [];
  return kept.length === 0 ? address : `${address}?${kept.join('&')}`;
}

/**
 * What is asked is asked by key, so one plan is as good as another. Left to itself the server plans a statement on a
 * partitioned table anew each time, since it reckons that a plan for one partition saves more than planning costs: on a busy
 * machine that made 84 reservations/s of 306, each of another SKU, in groups of 64, and
 * answers of one SKU cost the server 1,140 µs of processor time instead of 300.
 */
const plannedOnce = { plan_cache_mode: 'force_generic_plan' };

/** Statements without parameters, too: without `simple: false` the driver has those parsed every time. */
const PREPARED = { prepare: true, simple: false };

/** Of several statements that belong together: whether more may be asked, and of those that write who looks that they are answered. */
type Held = { readonly guard: () => void; readonly watch?: SilenceWatch };

function sessionOn(sql: Pick<Client, 'unsafe'>, held?: Held): Session {
  const run = <Row extends object>(text: string, parameters: readonly Parameter[] = []) => {
    held?.guard();
    const answer = sql.unsafe<Row[]>(text, encoded(parameters), PREPARED);
    return held?.watch === undefined ? answer : held.watch.owed(answer);
  };
  return {
    rows: async <Row extends object>(text: string, parameters?: readonly Parameter[]) => run<Row>(text, parameters),
    run: async (text, parameters) => (await run(text, parameters)).count,
    send: async (text, parameters) => void (await run(text, parameters)),
  };
}
