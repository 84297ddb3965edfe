import { copyFileSync, existsSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseAway } from '@edgestock/shared/sqlite/open-database';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StoreGone, StoreLogGone } from '../store-gone.ts';
import { StoreLocked } from '../store-locked.ts';
import { fileIdOf } from './held-files.ts';
import { openCentralReader, openCentralStore } from './open-central-store.ts';

let directory: string;
let path: string;
let store: ReturnType<typeof openCentralStore>;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'edgestock-held-'));
  path = join(directory, 'central.db');
  store = openCentralStore(path);
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

function backUp(from: string, to: string): void {
  const database = new Database(from);
  database.prepare('VACUUM INTO ?').run(to);
  database.close();
}

const beginEpoch = async () => {
  const heard = await store.centralEpoch();
  return store.beginEpoch({ heard, reason: 'a test' }, 0);
};

it.each([
  ['moved', () => renameSync(path, `${path}.away`)],
  [
    'replaced',
    () => {
      copyFileSync(path, `${path}.copy`);
      renameSync(path, `${path}.away`);
      renameSync(`${path}.copy`, path);
    },
  ],
])('writes nothing to a file that was %s, reads it, and goes on when it has its name again', async (_how, take) => {
  const { centralEpoch } = await beginEpoch();
  take();
  await expect(beginEpoch()).rejects.toThrow(StoreGone);
  await expect(beginEpoch()).rejects.toMatchObject({
    retryable: true,
    hint: expect.stringContaining('Put the same file back'),
  });
  expect(await store.centralEpoch()).toBe(centralEpoch);
  renameSync(`${path}.away`, path);
  expect(await beginEpoch()).toMatchObject({ centralEpoch: centralEpoch + 1 });
});

it.each([
  ['with the next write', () => expect(beginEpoch()).rejects.toThrow(StoreGone)],
  ['when it is closed', () => store.close()],
])(
  'brings what was committed to a file that was replaced, %s: beside the other one its log would damage that',
  async (_when, meet) => {
    const before = join(directory, 'before.db');
    backUp(path, before);
    const { centralEpoch } = await beginEpoch();
    renameSync(path, `${path}.away`);
    renameSync(before, path);
    await meet();
    expect(statSync(`${path}-wal`).size).toBe(0);
    const { reader, close } = openCentralReader(`${path}.away`);
    expect(await reader.centralEpoch()).toBe(centralEpoch);
    close();
  },
);

it('is not made anew beside the log of one that was moved away, which would be deleted', async () => {
  const { centralEpoch } = await beginEpoch();
  // As after a crash.
  const crashed = join(directory, 'crashed.db');
  copyFileSync(`${path}-wal`, `${crashed}-wal`);
  expect(() => openCentralStore(crashed)).toThrow(DatabaseAway);
  copyFileSync(path, crashed);
  const again = openCentralStore(crashed);
  expect(await again.centralEpoch()).toBe(centralEpoch);
  await again.close();
});

it('waits for another program that has begun to write, and says what it waits for', async () => {
  const another = new Database(path);
  another.exec('BEGIN IMMEDIATE');
  await expect(beginEpoch()).rejects.toThrow(StoreLocked);
  another.exec('ROLLBACK');
  another.close();
  expect(await beginEpoch()).toMatchObject({ centralEpoch: 2 });
});

it('brings what was committed to its file when the log beside it was deleted, and ends', async () => {
  const { centralEpoch } = await beginEpoch();
  rmSync(`${path}-wal`);
  await expect(beginEpoch()).rejects.toThrow(StoreLogGone);
  const alone = join(directory, 'alone.db');
  copyFileSync(path, alone);
  const { reader, close } = openCentralReader(alone);
  expect(await reader.centralEpoch()).toBe(centralEpoch);
  close();
});

it('is not opened, nor made, in the place of another one that its process has', async () => {
  const held = fileIdOf(path);
  if (held === undefined) throw new Error('it was made');
  rmSync(path);
  expect(() => openCentralStore(path, { held })).toThrow(StoreGone);
  expect(existsSync(path)).toBe(false);
});
