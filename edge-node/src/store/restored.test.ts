import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseWarehouseId } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import { BackupRefused } from '@edgestock/shared/sqlite/backup';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { restoredAs } from '../rules/restored.ts';
import { sku, TestSite } from '../testing/site.ts';
import { backUpNode, restoreNode } from './edge-backup.ts';
import { HighWater } from './high-water.ts';

const warehouse = must(parseWarehouseId('BER1'), 'an id');
let site: TestSite;
let directory: string;
let now: number;
beforeEach(async () => {
  site = new TestSite();
  directory = mkdtempSync(join(tmpdir(), 'edgestock-restored-'));
  now = site.clock.now();
  await sell(10);
});
afterEach(() => {
  site.dispose();
  rmSync(directory, { recursive: true, force: true });
});

const backupFile = () => join(directory, 'backup.sqlite');
const backUp = () => backUpNode({ dataDir: site.dataDir, to: backupFile(), now });
async function sell(times: number): Promise<void> {
  for (let count = 0; count < times; count += 1) await site.move('sale', [{ sku: sku('A'), quantity: 1 }]);
}
const meanwhile = (work: () => void) => site.restart(work);
const restore = (replace = true) => restoreNode({ from: backupFile(), dataDir: site.dataDir, warehouse, replace, now });

describe('books that were always here', () => {
  it('are the latest, also after a restart, and after a kill that the side file did not see', async () => {
    expect(site.store.restored).toBeUndefined();
    site.restart();
    expect(site.store.restored).toBeUndefined();
    const mark = readFileSync(join(site.dataDir, 'hwm'));
    await sell(5);
    meanwhile(() => writeFileSync(join(site.dataDir, 'hwm'), mark));
    expect(site.store.restored).toBeUndefined();
  });

  it('are so where a power cut has torn the side file', () => {
    meanwhile(() => writeFileSync(join(site.dataDir, 'hwm'), 'edgestock log '));
    expect(site.store.restored).toBeUndefined();
  });

  it('leave in the side file where they ended', () => {
    meanwhile(() => expect(HighWater.read(site.dataDir)).toMatchObject({ sequence: 10, epoch: 0 }));
  });
});

describe('a backup that was put back', () => {
  it('in a new place is one until central has recognised its log', () => {
    const { sequence } = backUp();
    expect(sequence).toBe(10);
    meanwhile(() => {
      rmSync(join(site.dataDir, 'hwm'));
      restore();
    });
    expect(site.store.restored).toEqual({ kind: 'backup', at: now });
    site.restart();
    expect(site.store.restored?.kind).toBe('backup');
    site.store.recognised();
    expect(site.store.restored).toBeUndefined();
    site.restart();
    expect(site.store.restored).toBeUndefined();
  });

  it('over later books is known to have lost something, which no recognition heals', async () => {
    backUp();
    await sell(3);
    meanwhile(() => restore());
    expect(site.ledger.view.log().sequence).toBe(10);
    expect(site.store.restored?.kind).toBe('rolled-back');
    site.store.recognised();
    expect(site.store.restored?.kind).toBe('rolled-back');
    site.restart();
    expect(site.store.restored?.kind).toBe('rolled-back');
  });

  it('keeps the books that were there', async () => {
    backUp();
    await sell(3);
    let kept: string | undefined;
    meanwhile(() => {
      expect(() => restore(false)).toThrow(BackupRefused);
      kept = restore().kept;
    });
    expect(existsSync(kept ?? '')).toBe(true);
  });

  it('of another warehouse is refused', () => {
    backUp();
    const other = must(parseWarehouseId('HAM1'), 'an id');
    expect(() =>
      restoreNode({ from: backupFile(), dataDir: join(directory, 'x'), warehouse: other, replace: false, now }),
    ).toThrow(/of the warehouse BER1/);
  });
});

it('a database that was copied by itself is no known latest one', () => {
  meanwhile(() => rmSync(join(site.dataDir, 'hwm')));
  expect(site.store.restored?.kind).toBe('moved');
});

it('a database rolled back behind its side file is found out (its log was lost)', async () => {
  meanwhile(() => copyFileSync(join(site.dataDir, 'edge.sqlite'), backupFile()));
  await sell(2);
  meanwhile(() => copyFileSync(backupFile(), join(site.dataDir, 'edge.sqlite')));
  expect(site.store.restored?.kind).toBe('rolled-back');
});

describe('the judgement', () => {
  const facts = {
    isBackup: false,
    hasHighWater: true,
    instance: 'one',
    sequence: 10,
    mark: { instance: 'one', sequence: 10, hash: 'aa' },
    isMarkUnreadable: false,
    hashAtMark: 'aa',
  };
  it.each([
    ['nothing is wrong', {}, undefined],
    ['the file is behind', { mark: { instance: 'one', sequence: 9, hash: 'bb' }, hashAtMark: 'bb' }, undefined],
    ['the file is behind where the log was trimmed', { hashAtMark: undefined }, undefined],
    ['the file is ahead', { mark: { instance: 'one', sequence: 11, hash: 'bb' } }, 'rolled-back'],
    [
      'the file is ahead of a backup',
      { isBackup: true, mark: { instance: 'one', sequence: 11, hash: 'b' } },
      'rolled-back',
    ],
    ['the file is of another node, and ahead', { mark: { instance: 'two', sequence: 11, hash: 'bb' } }, 'moved'],
    ['the file tells another history', { hashAtMark: 'cc' }, 'moved'],
    ['it is a backup', { isBackup: true }, 'backup'],
    ['the file is gone', { mark: undefined }, 'moved'],
    ['the file is torn', { mark: undefined, isMarkUnreadable: true }, undefined],
    ['there never was one', { mark: undefined, hasHighWater: false }, undefined],
  ] as const)('%s', (_what, different, kind) => {
    expect(restoredAs({ ...facts, ...different })).toBe(kind);
  });
});
