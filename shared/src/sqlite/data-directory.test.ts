import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DataDirectoryUnusable, takeDataDirectory } from './data-directory.ts';
import { DataDirectoryInUse } from './process-lock.ts';

const named = { lock: 'lock', setting: '--data-dir, or EDGESTOCK_DATA_DIR' };
const hint = 'Name a directory on a sound disk that this user may write: --data-dir, or EDGESTOCK_DATA_DIR.';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgestock-directory-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a directory is made with all that is above it, and owned by one', () => {
  const directory = join(folder, 'a', 'b', 'c');
  const lock = takeDataDirectory(relative('.', directory), named);
  expect(() => takeDataDirectory(directory, named)).toThrow(DataDirectoryInUse);
  lock.release();
  takeDataDirectory(`${directory}/`, named).release();
});

test('one that cannot be made says so at once, names the setting, and leaves nothing', () => {
  const file = join(folder, 'notes.txt');
  const dangling = join(folder, 'link');
  writeFileSync(file, 'mine');
  symlinkSync(join(folder, 'unmounted'), dangling);
  // There Node, asked to make the whole path at once, comes back from no call.
  for (const directory of ['', '/proc/edgestock', '/proc/edgestock/node', file, join(file, 'node'), dangling]) {
    const taking = () => takeDataDirectory(directory, named);
    expect(taking).toThrow(DataDirectoryUnusable);
    expect(taking).toThrow(`the data directory ${directory} cannot be made`);
    expect(taking).toThrow(expect.objectContaining({ hint }));
  }
  expect(existsSync(join(folder, 'unmounted'))).toBe(false);
});

test('one that is there and takes no file says so', () => {
  const taking = () => takeDataDirectory('/proc', named);
  expect(taking).toThrow('the data directory /proc cannot be written');
  expect(taking).toThrow(expect.objectContaining({ hint }));
});
