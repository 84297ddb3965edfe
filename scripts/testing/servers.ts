import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { redisProgram } from '@edgestock/shared/testing/redis-server';
import { natsServer, patternOf, postgres, redisServer, type Server, suites } from './suites.ts';

export interface FoundServer {
  readonly server: Server;
  /** Value for the server's environment variable. */
  readonly place: string;
  readonly version: string;
}

/** Looks for every server a test may need. Keys are the servers found. */
export function findServers(): ReadonlyMap<Server, FoundServer> {
  const found = [findNatsServer(), findPostgres(), findRedis()].filter((server) => server !== undefined);
  return new Map(found.map((server) => [server.server, server]));
}

/** The bootstrap has looked for it, and unpacked one if there was none. */
function findNatsServer(): FoundServer | undefined {
  const place = process.env[natsServer.variable];
  const version = place && versionOf(place);
  return place && version ? { server: natsServer, place, version } : undefined;
}

/** Debian keeps the server programs out of PATH, one folder per version. The place is the folder, newest first. */
function findPostgres(): FoundServer | undefined {
  const named = process.env[postgres.variable];
  const packaged = globSync('/usr/lib/postgresql/*/bin').sort((a, b) => versionInPath(b) - versionInPath(a));
  const folders = named ? [named] : [...packaged, ...(process.env.PATH ?? '').split(delimiter)];
  for (const place of folders) {
    const version = versionOf(join(place, 'postgres'));
    if (version && versionOf(join(place, 'initdb'))) return { server: postgres, place, version };
  }
  return undefined;
}

function findRedis(): FoundServer | undefined {
  const place = redisProgram();
  const version = place && versionOf(place);
  return place && version ? { server: redisServer, place, version } : undefined;
}

function versionInPath(path: string): number {
  return Number(/\d+/.exec(path)?.[0] ?? 0);
}

function versionOf(program: string): string | undefined {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  return /\d+(\.\d+)+/.exec(stdout ?? '')?.[0];
}

/** The test files that need a server, as the test runner will find them. */
export function filesThatNeed(server: Server, root: string): readonly string[] {
  const patterns = suites.filter((suite) => suite.needs.includes(server)).map(patternOf);
  return globSync(patterns, { cwd: root, exclude: (name) => name.endsWith('node_modules') }).sort();
}
