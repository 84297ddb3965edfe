import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RejoiningNode } from '../testing/rejoining-node.ts';
import { sku } from '../testing/site.ts';

const lines = (quantity: number, name = 'A') => [{ sku: sku(name), quantity }];

let node: RejoiningNode;
beforeEach(() => {
  node = new RejoiningNode();
});
afterEach(() => node.dispose());

it('what no log tells of tasks and unknown SKUs comes from salvaged books, also where their log is torn', async () => {
  const { site } = node;
  await site.move('receive', [...lines(40), { sku: sku('A'), quantity: 3, bin: 'A-1' }]);
  const allocate = { kind: 'allocate', order: 'O-1', lines: lines(2) } as const;
  await site.direct({ ...allocate, task: 'O-1.1', dueAt: 77 }, { ...allocate, task: 'O-1.2', dueAt: 88 });
  const picked = [{ sku: sku('A'), picked: 2, bin: 'A-1' }];
  const step = { type: 'task-step', task: 'O-1.1', fingerprint: 'f' } as const;
  await site.ledger.record({ ...step, step: 'pick', lines: picked });
  await site.ledger.record({ ...step, step: 'ship', tracking: 'TRACK-9' });
  const shipped = site.store.documents.task('O-1.1');
  expect(shipped).toMatchObject({ state: 'shipped', tracking: 'TRACK-9', lines: [{ picks: [{ bin: 'A-1' }] }] });
  node.backUp();
  const applied = site.store.outbox.head().sequence;
  const books = new Database(join(node.dataDir, 'edge.sqlite'));
  books.exec("DELETE FROM movement; UPDATE node SET restored = 'salvaged', restored_at = 1");
  books.close();
  node.adopt(applied);
  node.ready(applied);
  node.finish();
  expect(await node.verified()).toEqual([]);
  node.opened((store) => {
    const { changedAt: _, madeAt: __, ...told } = shipped ?? { changedAt: 0, madeAt: 0 };
    expect(store.documents.task('O-1.1')).toMatchObject(told);
    expect(store.documents.task('O-1.2')).toMatchObject({ state: 'open', dueAt: 88 });
    expect(site.store.exceptions.isOpen('unknown-sku', sku('A'))).toBe(true);
    expect(store.exceptions.isOpen('unknown-sku', sku('A'))).toBe(true);
  });
});
