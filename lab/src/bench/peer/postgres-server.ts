import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@edgestock/shared/runtime/clock';
import type { Service } from '@edgestock/shared/runtime/service';
import { postgresPrograms } from '@edgestock/shared/testing/postgres-server';
import { portFor } from '../../system/ports.ts';
import { PeerMissing } from '../run.ts';

export type PostgresServer = Service & { readonly port: number; readonly version: string };

/**
 * What a server of its own on a small machine would be set to: memory for the whole data set, a checkpoint that does not fall
 * into a round. Durability stays as it comes (`synchronous_commit=on`, `fsync=on`), since that is what is compared.
 */
const settings = {
  listen_addresses: '127.0.0.1',
  max_connections: '100',
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  autovacuum_naptime: '10s',
  // Sub-second waits of many committers share a flush where that helps.
  commit_delay: '0',
};
const HOW_TO_GET_IT =
  'Install it (Debian: apt-get install postgresql), or name its bin folder in EDGESTOCK_POSTGRES_BIN.';
const PATIENCE_MS = 30_000;
const ASK_EVERY_MS = 100;

/** A PostgreSQL cluster of its own in an empty folder, gone with it. As root it runs as the user `postgres`, which it insists on. */
export async function startPostgres(directory: string): Promise<PostgresServer> {
  const bin = binFolder();
  const user = process.getuid?.() === 0 ? userOf('postgres') : undefined;
  const data = join(directory, 'postgres');
  mkdirSync(data, { recursive: true });
  if (user !== undefined) for (const folder of [directory, data]) chownSync(folder, user.uid, user.gid);
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'bench', '-A', 'trust', '--no-sync'], {
    stdio: 'pipe',
    ...user,
  });
  const port = await portFor(0, '');
  const flags = Object.entries({ ...settings, port: String(port), unix_socket_directories: data }).flatMap(
    ([name, value]) => ['-c', `${name}=${value}`],
  );
  const server = spawn(join(bin, 'postgres'), ['-D', data, ...flags], { stdio: 'ignore', ...user });
  const exited = once(server, 'exit');
  await ready(bin, port, exited);
  const version = execFileSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' }).trim();
  return {
    port,
    version,
    stop: async () => {
      // A "fast" shutdown: open transactions are rolled back.
      server.kill('SIGINT');
      await exited;
    },
  };
}

async function ready(bin: string, port: number, exited: Promise<unknown>): Promise<void> {
  let hasEnded = false;
  void exited.then(() => (hasEnded = true));
  const givesUpMs = systemClock.monotonicMs() + PATIENCE_MS;
  while (!hasEnded && systemClock.monotonicMs() < givesUpMs) {
    try {
      execFileSync(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port), '-q']);
      return;
    } catch {
      // Not yet: it answers with an exit code.
      await systemClock.sleep(ASK_EVERY_MS);
    }
  }
  throw new Error('PostgreSQL did not start');
}

function binFolder(): string {
  const found = postgresPrograms();
  if (found === undefined) throw new PeerMissing('there is no PostgreSQL on this machine', HOW_TO_GET_IT);
  return found;
}

function userOf(name: string): { readonly uid: number; readonly gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
