import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, rmSync } from 'node:fs';
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemClock } from '../runtime/clock.ts';
import { freePort } from './free-port.ts';

/** A real PostgreSQL for the tests of one file, on a loopback port of its own. */
export type PostgresServer = {
  /** Of its first process; another one after each start. */
  readonly pid: number;
  readonly port: number;
  /** Of a database on it. */
  url(database: string): string;
  /** Makes a database, empty or as a copy of another that nobody is connected to. */
  createDatabase(name: string, template?: string, encoding?: string): Promise<void>;
  dropDatabase(name: string): Promise<void>;
  /**
   * From here on the password of its user is this one, and lets nobody into the database without it; `undefined`: everybody again. Whoever
   * is connected to it is cut off.
   */
  demandPassword(database: string, password: string | undefined): Promise<void>;
  /** `kill -9` of the server and all its sessions; what they had committed stays. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and data. */
  restart(): Promise<void>;
  /** Kills it and deletes its data. */
  stop(): Promise<void>;
};

const USER = 'edgestock';
/** Longer than a cold start on a busy machine, shorter than a test's patience. */
const READY_WITHIN_MS = 15_000;
const ASK_EVERY_MS = 20;

export type PostgresServerOptions = {
  /** What was committed survives a power cut, as on any server that is not there for a test. */
  readonly isDurable?: boolean;
  /** Brings the folder of a server that has not run yet to where it is to run, and says under what. */
  readonly movedTo?: (directory: string) => Promise<PlaceOfServer>;
};

/** A program with its arguments that becomes the one behind them, and the folder as that one sees it. */
export type PlaceOfServer = { readonly under: readonly string[]; readonly directory: string };
type Owner = { readonly uid: number; readonly gid: number };

const settings = {
  listen_addresses: '127.0.0.1',
  max_connections: '100',
  shared_buffers: '64MB',
};
/** Nothing that most tests do must survive a power cut. */
const hasty = { fsync: 'off', full_page_writes: 'off' };

/** The rule that `demandPassword` has put before the others. */
const demanded = /^host .* scram-sha-256\n/;

const run = promisify(execFile);

/**
 * Starts a server; resolves when it answers. Its databases compare text as people do, and not by code point, since that is how
 * many are set up. `EDGESTOCK_POSTGRES_BIN` names the folder of its programs (15 or later); else it is where Debian puts them.
 */
export async function startPostgresServer(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), 'edgestock-postgres-'));
  const owner = await serverOwner();
  if (owner !== undefined) await chown(directory, owner.uid, owner.gid);
  const data = join(directory, 'data');
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=icu', '--icu-locale=en-US'];
  await run(program('initdb'), ['-D', data, '-U', USER, '-A', 'trust', '--no-sync', ...locale], { ...owner });
  const place = await options.movedTo?.(directory);
  const port = await freePort();
  const start = () =>
    launch({
      data: join(place?.directory ?? directory, 'data'),
      // A user of its own is taken last: whatever it runs under may need ours.
      under: place === undefined ? [] : [...place.under, ...asUser(owner)],
      owner: place === undefined ? owner : undefined,
      settings: options.isDurable === true ? settings : { ...settings, ...hasty },
      directory,
      port,
    });
  let server = await start();
  const end = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill('SIGQUIT');
    await exited;
  };
  const client = ['-h', '127.0.0.1', '-p', String(port), '-U', USER];
  return {
    get pid() {
      return server.pid ?? 0;
    },
    port,
    url: (database) => `postgres://${USER}@127.0.0.1:${port}/${database}`,
    createDatabase: async (name, template = 'template0', encoding = 'UTF8') => {
      await run(program('createdb'), [...client, '-T', template, '-E', encoding, '--locale=C', name]);
    },
    dropDatabase: async (name) => {
      await run(program('dropdb'), [...client, '--force', name]);
    },
    demandPassword: async (database, password) => {
      const rules = join(place?.directory ?? directory, 'data', 'pg_hba.conf');
      const open = (await readFile(rules, 'utf8')).replace(demanded, '');
      await writeFile(
        rules,
        password === undefined ? open : `host ${database} ${USER} 127.0.0.1/32 scram-sha-256\n${open}`,
      );
      const psql = (name: string, sql: string) =>
        run(program('psql'), [...client, '-w', '-d', name, '-qAtc', sql], { env: { ...process.env, PGPASSWORD: '' } });
      if (password !== undefined) await psql('postgres', `ALTER ROLE ${USER} PASSWORD '${password}'`);
      await psql('postgres', 'SELECT pg_reload_conf()');
      const isLetIn = () =>
        psql(database, 'SELECT 1').then(
          () => true,
          () => false,
        );
      while ((await isLetIn()) !== (password === undefined)) await systemClock.sleep(ASK_EVERY_MS);
      await psql('postgres', `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`);
    },
    kill: end,
    restart: async () => {
      await end();
      server = await start();
    },
    stop: async () => {
      await end();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

type Launch = {
  readonly data: string;
  /** Of its socket; gone when it ends with us. */
  readonly directory: string;
  readonly port: number;
  readonly under: readonly string[];
  readonly owner: Owner | undefined;
  readonly settings: Readonly<Record<string, string>>;
};

async function launch({ data, directory, port, under, owner, settings: its }: Launch): Promise<ChildProcess> {
  const flags = Object.entries({ ...its, port: String(port), unix_socket_directories: directory }).flatMap(
    ([name, value]) => ['-c', `${name}=${value}`],
  );
  const [first = '', ...rest] = [...under, program('postgres'), '-D', data, ...flags];
  const server = spawn(first, rest, { stdio: ['ignore', 'ignore', 'pipe'], ...owner });
  const lines: string[] = [];
  server.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (lines.length < 100) lines.push(text);
  });
  // A test that dies must not leave its server running, nor its data.
  const killWithUs = () => {
    server.kill('SIGQUIT');
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once('exit', killWithUs);
  server.once('exit', () => process.off('exit', killWithUs));
  const givesUpMs = systemClock.monotonicMs() + READY_WITHIN_MS;
  while (!(await answers(port))) {
    const isDead = server.exitCode !== null || server.signalCode !== null;
    if (isDead || systemClock.monotonicMs() > givesUpMs) {
      server.kill('SIGQUIT');
      throw new Error(`PostgreSQL does not start:\n${lines.join('')}`);
    }
    await systemClock.sleep(ASK_EVERY_MS);
  }
  return server;
}

async function answers(port: number): Promise<boolean> {
  try {
    await run(program('pg_isready'), ['-h', '127.0.0.1', '-p', String(port), '-q']);
    return true;
  } catch {
    // It says by its exit code that it is not there yet.
    return false;
  }
}

function program(name: string): string {
  return join(postgresPrograms() ?? '', name);
}

/** The folder of the programs of a server: the one that is named, or the latest of those that Debian keeps out of the path. */
export function postgresPrograms(): string | undefined {
  const named = process.env.EDGESTOCK_POSTGRES_BIN;
  if (named) return named;
  return globSync('/usr/lib/postgresql/*/bin').sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))[0];
}

function asUser(owner: Owner | undefined): readonly string[] {
  if (owner === undefined) return [];
  return ['setpriv', `--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups', '--'];
}

/** The server refuses to run as root, so that it runs as the user its package made, or as nobody. */
async function serverOwner(): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const fields = ['postgres', 'nobody'].flatMap((user) => lines.filter(([name]) => name === user))[0];
  return { uid: Number(fields?.[2] ?? 65_534), gid: Number(fields?.[3] ?? 65_534) };
}
