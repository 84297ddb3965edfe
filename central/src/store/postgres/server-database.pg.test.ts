import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { type PostgresServer, startPostgresServer } from '@edgestock/shared/testing/postgres-server';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { centralLimits } from '../../limits.ts';
import { StoreReadOnly } from '../store-read-only.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations.ts';
import { ServerDatabase } from './server-database.ts';
import { firstRow, type Session } from './session.ts';
import { PostgresSharedStore } from './sharing/shared-store.ts';
import { Transactions } from './transactions.ts';

let server: PostgresServer;
let database: ServerDatabase;
let transactions: Transactions;
const openDatabase = () => new ServerDatabase(server.url('store'), { readersMax: 4, name: 'test' });
const transactionsOn = (on: ServerDatabase) => new Transactions(on, { clock: systemClock, random: systemRandom });

beforeAll(async () => {
  server = await startPostgresServer();
  await server.createDatabase('empty');
  const empty = new ServerDatabase(server.url('empty'), { readersMax: 1, name: 'test' });
  await migrate(empty, migrations);
  await empty.close();
});
beforeEach(async () => {
  await server.createDatabase('store', 'empty');
  database = openDatabase();
  transactions = transactionsOn(database);
});
afterEach(async () => {
  await database.close();
  await server.dropDatabase('store');
});
afterAll(() => server.stop());

const revision = async (session: Session = database.reads) =>
  (await firstRow<{ revision: number }>(session, 'SELECT revision FROM meta'))?.revision;
const raise = (session: Session) => session.run('UPDATE meta SET revision = revision + 1');
/** Ends the session that writes, as a crash of its server process or a network would. */
const cutWriter = (from: Session = database.reads) =>
  from.run(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'test' AND pid <> pg_backend_pid() AND state = 'idle in transaction'`);

it('takes and gives every type there is, also in arrays', async () => {
  const words = ['plain', '', 'NULL', 'a"b\\c', '{,}', "it's", null];
  const bytes = Buffer.from([0, 255, 92]);
  const text = `SELECT $1::bigint AS "int", $2::boolean AS truth, $3::bytea AS bytes, $4::text AS nothing,
    $5::text[] = ARRAY['plain', '', 'NULL', 'a"b\\c', '{,}', 'it''s', NULL] AS words,
    ($6::bytea[])[1] AS "bytesOf", ($7::bigint[])[2] AS "intOf", ($8::boolean[])[1] AS "truthOf", cardinality($9::text[]) AS none`;
  const parameters = [Number.MAX_SAFE_INTEGER, false, bytes, null, words, [bytes], [1, -2], [true], []];
  for (const _ of ['described', 'prepared']) {
    expect(await database.reads.rows(text, parameters)).toEqual([
      {
        ...{ int: Number.MAX_SAFE_INTEGER, truth: false, bytes, nothing: null, words: true },
        ...{ bytesOf: bytes, intOf: -2, truthOf: true, none: 0 },
      },
    ]);
  }
});

it('starts beside whoever copies the whole database, for however long that takes', async () => {
  const copying = postgres(server.url('store'), { max: 1 });
  await copying.begin(async (session) => {
    await session`LOCK TABLE schema_step, meta IN ACCESS SHARE MODE`;
    await migrate(database, migrations);
  });
  await copying.end();
});

it('refuses a database that cannot keep every text, before anything is in it', async () => {
  await server.createDatabase('latin', 'template0', 'LATIN1');
  const latin = new ServerDatabase(server.url('latin'), { readersMax: 1, name: 'latin' });
  await expect(migrate(latin, migrations)).rejects.toThrow(/keeps text as LATIN1/);
  expect(await latin.reads.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).toEqual([]);
  await latin.close();
  await server.dropDatabase('latin');
});

it('lets processes that start at the same time make the store once', async () => {
  await server.createDatabase('fresh');
  const fresh = Array.from(
    { length: 8 },
    () => new ServerDatabase(server.url('fresh'), { readersMax: 1, name: 'fresh' }),
  );
  // Connected before, so that all of them begin at the same moment.
  await Promise.all(fresh.map((one) => one.transaction((session) => session.rows('SELECT 1 AS one'))));
  await Promise.all(fresh.map((one) => migrate(one, migrations)));
  const steps = await fresh[0]?.reads.rows('SELECT step FROM schema_step ORDER BY step');
  expect(steps).toEqual(migrations.map((_, place) => ({ step: place + 1 })));
  await Promise.all(fresh.map((one) => one.close()));
  await server.dropDatabase('fresh');
});

it('goes one after the other, between processes', async () => {
  const other = openDatabase();
  // What is read before the others have written, and written after: it is lost unless they wait for one another.
  const countTo20 = async (mine: Transactions) => {
    for (let times = 0; times < 20; times += 1) {
      await mine.run(() => mine.session.run('UPDATE meta SET revision = $1', [mine.session.meta.revision + 1]));
    }
  };
  await Promise.all([countTo20(transactions), countTo20(transactionsOn(other))]);
  expect(await revision()).toBe(40);
  await other.close();
});

it('leaves nothing of work that fails, and takes the next', async () => {
  const failed = transactions.run(async () => {
    await raise(transactions.session);
    throw new Error('no');
  });
  await expect(failed).rejects.toThrow('no');
  expect(await transactions.run(() => raise(transactions.session))).toBe(1);
  expect(await revision()).toBe(1);
});

it('leaves nothing of work of which a statement fails, whoever catches that', async () => {
  const failed = transactions.run(async () => {
    await raise(transactions.session);
    await expect(transactions.session.run('SELECT 1 / 0')).rejects.toThrow('division by zero');
    return 'as if nothing had happened';
  });
  await expect(failed).rejects.toThrow('a statement failed');
  expect(await revision()).toBe(0);
});

it('finds what was sent before, and fails with the reason of what was sent and not waited for', async () => {
  const { session } = transactions;
  const found = await transactions.run(async () => {
    // More than are under way at a time.
    for (let sent = 0; sent < 200; sent += 1) await session.send('UPDATE meta SET revision = revision + $1', [1]);
    return revision(session);
  });
  expect([found, await revision()]).toEqual([200, 200]);
  const unseen = transactions.run(() => session.send('SELECT 1 / 0'));
  await expect(unseen).rejects.toThrow('division by zero');
  const behind = transactions.run(async () => {
    await raise(session);
    await session.send('SELECT 1 / 0');
    await raise(session);
  });
  await expect(behind).rejects.toThrow('division by zero');
  const own = transactions.run(async () => {
    await session.send('UPDATE meta SET revision = 7');
    throw new Error('no');
  });
  await expect(own).rejects.toThrow('no');
  expect([await transactions.run(() => raise(session)), await revision()]).toEqual([1, 201]);
});

it('fails by a parameter that is missing, and does not wait for ever, whatever is under way before it', async () => {
  const { session } = transactions;
  const missing = [undefined as unknown as string];
  const failed = transactions.run(async () => {
    await session.send('UPDATE meta SET revision = 7');
    await session.send('UPDATE meta SET life = $1', missing);
  });
  await expect(failed).rejects.toThrow('parameter $1 is missing');
  expect([await transactions.run(() => raise(session)), await revision()]).toEqual([1, 1]);
});

it('repeats a transaction whose connection was lost, or that gives way, in a statement that nobody waited for', async () => {
  let attempts = 0;
  await database.reads.run(`CREATE FUNCTION give_way() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.revision = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
      IF NEW.revision = 2 THEN RAISE SQLSTATE '40P01'; END IF;
      RETURN NEW;
    END $$`);
  await database.reads.run('CREATE TRIGGER give_way BEFORE UPDATE ON meta FOR EACH ROW EXECUTE FUNCTION give_way()');
  await transactions.run(async () => {
    attempts += 1;
    await transactions.session.send('UPDATE meta SET revision = $1', [attempts]);
    if (attempts > 1) await revision(transactions.session);
  });
  expect([attempts, await revision()]).toEqual([3, 3]);
});

it('repeats a transaction whose connection was lost between two of its statements, as a whole', async () => {
  let attempts = 0;
  await transactions.run(async () => {
    attempts += 1;
    await raise(transactions.session);
    if (attempts === 1) {
      await cutWriter();
      await systemClock.sleep(50);
    }
    await raise(transactions.session);
  });
  expect(attempts).toBe(2);
  // Never half of it, as when the second statement found another connection.
  expect(await revision()).toBe(2);
});

it('repeats a transaction whose connection went without a word, but waits for a statement at which the server works', async () => {
  const clock = new VirtualClock();
  const watched = new ServerDatabase(server.url('store'), { readersMax: 1, name: 'test', clock });
  const mine = transactionsOn(watched);
  const pause = async () => {
    await systemClock.sleep(100);
    await clock.advance(centralLimits.writerSilentMsMax);
    await systemClock.sleep(100);
  };
  const stopped = Promise.withResolvers<number>();
  let attempts = 0;
  const writing = mine.run(async () => {
    attempts += 1;
    await raise(mine.session);
    if (attempts === 1) await mine.session.run('SELECT pg_sleep(0.8)');
    const [row] = await mine.session.rows<{ readonly pid: number }>('SELECT pg_backend_pid() AS pid');
    // Whoever holds the session neither hears of it nor answers.
    if (attempts === 1) process.kill(row?.pid ?? 0, 'SIGSTOP');
    if (attempts === 1) stopped.resolve(row?.pid ?? 0);
    await raise(mine.session);
  });
  await pause();
  await pause();
  expect(attempts).toBe(1);
  const pid = await stopped.promise;
  await pause();
  // It sees that its client has gone, and lets go of what it held.
  process.kill(pid, 'SIGCONT');
  await writing;
  expect([attempts, await revision()]).toEqual([2, 2]);
  await watched.close();
});

it('repeats a transaction that did not learn whether it committed', async () => {
  let attempts = 0;
  // Answers the commit by ending the session, after it has committed.
  await database.reads.run(`CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF NEW.revision = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NULL; END $$`);
  await database.reads.run(`CREATE CONSTRAINT TRIGGER cut AFTER UPDATE ON meta DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION cut()`);
  await transactions.run(async () => {
    attempts += 1;
    await transactions.session.run('UPDATE meta SET revision = $1', [attempts]);
  });
  expect(attempts).toBe(2);
  expect(await revision()).toBe(2);
});

it('gives way to another transaction and tries again', async () => {
  const other = postgres(server.url('store'), { max: 1 });
  await other`CREATE TABLE pair (id INT PRIMARY KEY, n INT)`;
  await other`INSERT INTO pair VALUES (1, 0), (2, 0)`;
  const { promise: holdsOne, resolve: oneIsHeld } = Promise.withResolvers<void>();
  const waiting = async () =>
    (await firstRow<{ locks: number }>(database.reads, 'SELECT count(*) AS locks FROM pg_locks WHERE NOT granted'))
      ?.locks;
  let attempts = 0;
  const done = transactions.run(async () => {
    attempts += 1;
    await transactions.session.run('SET LOCAL deadlock_timeout = 20');
    await transactions.session.run('UPDATE pair SET n = n + 1 WHERE id = 1');
    oneIsHeld();
    // The first time when the other waits for the first row: then each waits for the other, and this one finds it out.
    if (attempts === 1) await expect.poll(waiting, { timeout: 10_000 }).toBe(1);
    await transactions.session.run('UPDATE pair SET n = n + 1 WHERE id = 2');
  });
  await other.begin(async (sql) => {
    await sql`SET LOCAL deadlock_timeout = '60s'`;
    await sql`UPDATE pair SET n = n + 10 WHERE id = 2`;
    await holdsOne;
    await sql`UPDATE pair SET n = n + 10 WHERE id = 1`;
  });
  await done;
  expect(attempts).toBe(2);
  expect(await database.reads.rows('SELECT n FROM pair')).toEqual([{ n: 11 }, { n: 11 }]);
  await other.end();
});

it('waits for a server that is started again', async () => {
  await transactions.run(() => raise(transactions.session));
  await server.kill();
  const waiting = transactions.run(() => raise(transactions.session));
  await server.restart();
  await waiting;
  expect(await revision()).toBe(2);
});

it('answers every read with a failure at least, also those that are asked while a connection dies', async () => {
  let isOver = false;
  let failures = 0;
  const readOn = async () => {
    while (!isOver) {
      try {
        await revision();
      } catch {
        // At once again: the connection that failed has perhaps not ended yet.
        failures += 1;
      }
    }
  };
  const readers = Array.from({ length: 20 }, readOn);
  for (let times = 0; times < 3; times += 1) {
    await systemClock.sleep(50);
    await server.kill();
    await server.restart();
    await expect.poll(() => revision(), { timeout: 10_000 }).toBe(0);
  }
  isOver = true;
  await Promise.all(readers);
  expect(failures).toBeGreaterThan(0);
});

it('says that a server is not there after some attempts, and works when it is there again', async () => {
  await server.kill();
  const clock = new VirtualClock();
  const impatient = new Transactions(database, { clock, random: systemRandom });
  const gone = impatient.run(() => raise(impatient.session));
  const refused = expect(gone).rejects.toThrow(StoreUnavailable);
  for (let attempt = 0; attempt < centralLimits.transactionAttemptsMax; attempt += 1) {
    await systemClock.sleep(30);
    await clock.advance(centralLimits.transactionRetryMsMax);
  }
  await refused;
  await server.restart();
  await transactions.run(() => raise(transactions.session));
  expect(await revision()).toBe(1);
});

it('tells of a server that is read-only in words of its own, and writes when it is the primary again', async () => {
  await database.reads.run(`ALTER DATABASE store SET default_transaction_read_only = on`);
  const another = openDatabase();
  const writing = transactionsOn(another);
  const write = () => writing.run(() => raise(writing.session));
  const refusal = await write().catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(StoreReadOnly);
  expect(refusal).toMatchObject({
    message: expect.stringContaining('read-only'),
    reason: 'store-read-only',
    hint: expect.stringContaining('the primary'),
  });
  // A session keeps what it began with: a new one is made.
  await database.reads.run(`ALTER DATABASE store RESET default_transaction_read_only`);
  await write();
  expect(await revision()).toBe(1);
  await another.close();
});

it.each([
  ['which its open sessions notice', 'ALTER SYSTEM'],
  ['which only new sessions notice', 'ALTER DATABASE store'],
])('tells of it in the same words of what is written beside transactions, %s, and goes on', async (_, alter) => {
  const turn = async (how: string) => {
    await database.reads.run('SET default_transaction_read_only = off');
    await database.reads.run(`${alter} ${how}`);
    await database.reads.run('SELECT pg_reload_conf()');
  };
  await turn('SET default_transaction_read_only = on');
  const another = openDatabase();
  const shared = new PostgresSharedStore(another.reads);
  const failure = () =>
    shared.beat('one', 60_000).then(
      () => undefined,
      (error: unknown) => error,
    );
  await expect.poll(failure, { timeout: 10_000 }).toBeInstanceOf(StoreReadOnly);
  await turn('RESET default_transaction_read_only');
  await expect.poll(failure, { timeout: 10_000 }).toBeUndefined();
  await another.close();
});

it('waits for the disk of a server that is told not to, and leaves no lock behind a process that stands still', async () => {
  await database.reads.run('ALTER DATABASE store SET synchronous_commit = off');
  const careless = openDatabase();
  const mine = transactionsOn(careless);
  const text = `SELECT current_setting('synchronous_commit') AS waits,
    current_setting('idle_in_transaction_session_timeout') AS idle`;
  expect(await careless.reads.rows(text)).toEqual([{ waits: 'off', idle: '0' }]);
  expect(await mine.run(() => mine.session.rows(text))).toEqual([{ waits: 'on', idle: '10s' }]);
  await careless.close();
});

it('shows one state to several reads of a snapshot, and refuses writes in it', async () => {
  const seen = await database.snapshot(async (session) => {
    const before = await revision(session);
    await transactions.run(() => raise(transactions.session));
    return [before, await revision(session)];
  });
  expect(seen).toEqual([0, 0]);
  await expect(database.snapshot((session) => raise(session))).rejects.toThrow('read-only');
});
