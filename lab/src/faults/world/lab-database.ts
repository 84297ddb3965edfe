import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  type PostgresServer,
  type PostgresServerOptions,
  postgresPrograms,
  startPostgresServer,
} from '@edgestock/shared/testing/postgres-server';
import { TcpProxy } from '../../proxy/tcp-proxy.ts';
import { childrenOf, isRunning, until } from '../../testing/running-command.ts';

const run = promisify(execFile);
const NAME = 'edgestock';
const DEAD_WITHIN_MS = 10_000;

/** The PostgreSQL server of one world, as durable as any, with the database of its central; central reaches it by a link of its own. */
export class LabDatabase {
  readonly link: TcpProxy;
  readonly #server: PostgresServer;

  private constructor(server: PostgresServer, link: TcpProxy) {
    this.#server = server;
    this.link = link;
  }

  /** `movedTo`: where it is to run, when that is a disk of its own. */
  static async start(options: Pick<PostgresServerOptions, 'movedTo'> = {}): Promise<LabDatabase> {
    const server = await startPostgresServer({ ...options, isDurable: true });
    try {
      await server.createDatabase(NAME);
      return new LabDatabase(server, await TcpProxy.start({ host: '127.0.0.1', port: server.port }));
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** For `--store` of central. */
  get store(): string {
    const url = new URL(this.#server.url(NAME));
    url.port = String(this.link.port);
    return url.href;
  }

  get pid(): number {
    return this.#server.pid;
  }

  get isRunning(): boolean {
    return isRunning(this.pid);
  }

  /**
   * Goes on in a new file of its log, which has all its room on the disk. One that came with the folder has holes where there were zeros,
   * and a server ends that cannot write its log.
   */
  async beginLogFile(): Promise<void> {
    const asked = ['-c', 'SELECT pg_switch_wal()', '-c', 'CHECKPOINT'];
    await run(join(postgresPrograms() ?? '', 'psql'), ['-d', this.#server.url(NAME), '-qAt', ...asked]);
  }

  /** All of its processes stand still. */
  pause(): void {
    this.#all('SIGSTOP');
  }

  /** All of its processes, with SIGKILL: none has a chance to put anything in order. Resolves when they are dead. */
  async kill(): Promise<void> {
    const pids = this.#all('SIGKILL');
    await until(() => !pids.some(isRunning), DEAD_WITHIN_MS, 'the database server is dead', 1);
  }

  /** Again, after it died. */
  start(): Promise<void> {
    return this.#server.restart();
  }

  async stop(): Promise<void> {
    await this.link.stop();
    if (this.isRunning) await this.kill();
    await this.#server.stop();
  }

  #all(signal: NodeJS.Signals): readonly number[] {
    // The first one stands still before the others are counted: it makes no new ones, and does not see them die.
    process.kill(this.pid, 'SIGSTOP');
    const pids = [this.pid, ...childrenOf(this.pid).map(({ pid }) => pid)];
    for (const pid of pids) if (isRunning(pid)) process.kill(pid, signal);
    return pids;
  }
}
