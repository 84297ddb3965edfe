import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgresPrograms } from '@edgestock/shared/testing/postgres-server';
import type { Need } from './fault-case.ts';

/** How to find out whether this machine has what a case needs, and what to say where it has not. */
const needs: Readonly<Record<Need, { readonly isMet: () => boolean; readonly hint: string }>> = {
  postgres: {
    isMet: () => runs(join(postgresPrograms() ?? '', 'initdb'), '--version'),
    hint: 'PostgreSQL (Debian: postgresql), or its folder of programs in EDGESTOCK_POSTGRES_BIN',
  },
  mount: { isMet: canMount, hint: 'the right to mount, as root on Linux has it' },
  'loop-image': {
    isMet: () => canMount() && runs('losetup', '--find') && runs('mkfs.ext4', '-V'),
    hint: 'root, a free loop device and mkfs.ext4 (Debian: e2fsprogs)',
  },
  'network-namespace': {
    isMet: () => runs('unshare', '-n', 'ip', 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1'),
    hint: 'root, network namespaces and ip (Debian: iproute2)',
  },
  strace: {
    isMet: () => runs('strace', '-qq', '-e', 'inject=fsync:error=EIO:when=1', 'true'),
    hint: 'strace, and the right to trace',
  },
};

const known = new Map<Need, boolean>();

/** Why the case cannot be run here; `undefined` where it can. */
export function lackOf(wanted: readonly Need[]): string | undefined {
  const lacking = wanted.find((need) => !isMet(need));
  return lacking === undefined ? undefined : `needs ${needs[lacking].hint}`;
}

function isMet(need: Need): boolean {
  const found = known.get(need) ?? needs[need].isMet();
  known.set(need, found);
  return found;
}

function canMount(): boolean {
  return runs('unshare', '-m', 'mount', '-t', 'tmpfs', 'none', tmpdir());
}

function runs(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore', timeout: 10_000 }).status === 0;
}
