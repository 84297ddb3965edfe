import { execFile } from 'node:child_process';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { RELEASE } from '@edgestock/shared/runtime/release';
import { natsServerBinary } from '@edgestock/shared/testing/nats-server';
import Database from 'better-sqlite3';

/** What the figures were measured on. */
export type Machine = {
  readonly date: string;
  readonly processor: string;
  readonly memoryGib: number;
  readonly system: string;
  /** Of the last minute: the bench itself, and whatever disturbed it. */
  readonly load: number;
  readonly versions: string;
};

export async function thisMachine(): Promise<Machine> {
  const [first] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: `${availableParallelism()} cores of ${first?.model.trim() ?? 'an unknown processor'}`,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    // What follows the number names whoever built the kernel.
    system: `${process.platform} ${release().split('-')[0]}`,
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    versions: `edgestock ${RELEASE}, Node ${process.versions.node}, SQLite ${sqliteVersion()}, ${await natsVersion()}`,
  };
}

function sqliteVersion(): string {
  const database = new Database(':memory:');
  const row = database.prepare<[], { version: string }>('SELECT sqlite_version() AS version').get();
  database.close();
  return row?.version ?? 'unknown';
}

async function natsVersion(): Promise<string> {
  const { stdout } = await promisify(execFile)(natsServerBinary(), ['--version']);
  return stdout.trim();
}
