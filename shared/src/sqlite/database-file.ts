import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';
import { DatabaseRefused } from './open-database.ts';

/** How the name of a file ends that is not whole yet; what is left of it after a crash may be deleted. */
export const NEW_FILE = '.part';

/** What SQLite keeps beside a database: they belong to it and to no other. */
export const sidecars = ['-wal', '-shm', '-journal'] as const;

/** Throws `DatabaseRefused` unless SQLite finds every page, row and index of the database in order. */
export function assertWhole(database: Database, path: string): void {
  const rows = database.pragma('integrity_check(1)') as { integrity_check: string }[];
  const fault = rows[0]?.integrity_check ?? 'the check gave no answer';
  if (fault !== 'ok') throw new DatabaseRefused(`${path} is damaged: ${fault}`);
}

/** Gives a finished file its name, so that after a power cut it is there whole, or not at all. */
export function flushed(draft: string, path: string): void {
  sync(draft);
  renameSync(draft, path);
  sync(dirname(path));
}

/** Flushes a file, or what a directory says of its files. */
export function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** A name that no file has: this one, or with a number behind it. What has been kept aside is never overwritten. */
export function freeName(name: string): string {
  let free = name;
  for (let count = 2; existsSync(free); count += 1) free = `${name}-${count}`;
  return free;
}

/** The file and what may lie beside it are gone; that they never were is as good. */
export function removed(path: string): void {
  for (const suffix of ['', ...sidecars]) rmSync(`${path}${suffix}`, { force: true });
}
