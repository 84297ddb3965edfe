import type { Directive } from '@edgestock/shared/protocol/directive';
import { silentLog } from '@edgestock/shared/runtime/log';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { pruneLimits } from '../limits.ts';
import { sku, TestSite } from '../testing/site.ts';
import { DocumentPruner } from './document-pruner.ts';

let site: TestSite;
beforeEach(async () => {
  site = new TestSite();
  await site.move('receive', [{ sku: sku('A'), quantity: 500 }]);
});
afterEach(() => site.dispose());

/** What a pruner does at its next look. */
async function prune(): Promise<void> {
  const pruner = new DocumentPruner({ documents: site.store.documents, clock: site.clock, log: silentLog });
  await site.clock.advance(pruneLimits.periodMs);
  await pruner.stop();
}

const lines = [{ sku: sku('A'), quantity: 1 }];
const allocate = (task: string): Directive => ({ kind: 'allocate', task, order: 'O', lines });
const release = (task: string): Directive => ({ kind: 'release', task, lines, reason: 'cancelled' });
const tasks = () => site.ledger.tasks.page(undefined, 0, 1_000).tasks.map(({ id }) => id);
const refused = () => site.store.documents.directives.refused(1_000).map(({ sequence }) => sequence);

it('forgets tasks with their steps when they have been over for 30 days; open ones stay for ever', async () => {
  await site.direct(allocate('OVER'), allocate('SHIPPED'), allocate('OPEN'));
  await site.clock.advance(pruneLimits.retentionMs);
  await site.direct(release('OVER'));
  await site.record({ type: 'task-step', step: 'ship', task: 'SHIPPED', fingerprint: 'x' });
  await site.clock.advance(pruneLimits.retentionMs - pruneLimits.periodMs);
  await prune();
  expect(tasks()).toEqual(['OVER', 'SHIPPED', 'OPEN']);
  await prune();
  expect(tasks()).toEqual(['OPEN']);
  expect(site.store.documents.tasks.step('SHIPPED', 'ship')).toBeUndefined();
});

it('forgets them a piece at a time, the oldest first', async () => {
  const names = Array.from({ length: pruneLimits.tasksPerPieceMax + 1 }, (_, index) => `T${index}`);
  for (const name of names) await site.direct(allocate(name), release(name));
  await site.clock.advance(pruneLimits.retentionMs);
  await prune();
  expect(tasks()).toHaveLength(1);
  await prune();
  expect(tasks()).toEqual([]);
});

it('forgets refused directives but the latest, which the open exception names', async () => {
  await site.direct(release('NONE'), release('NONE'), release('NONE'));
  await site.clock.advance(pruneLimits.retentionMs - pruneLimits.periodMs);
  await prune();
  expect(refused()).toEqual([3, 2, 1]);
  await prune();
  expect(refused()).toEqual([3]);
  expect(site.ledger.view.openExceptions(0, 9)).toContainEqual(
    expect.objectContaining({ kind: 'directive-refused', directive: expect.objectContaining({ sequence: 3 }) }),
  );
});
