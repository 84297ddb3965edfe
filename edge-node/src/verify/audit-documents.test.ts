import { afterEach, beforeEach, expect, it } from 'vitest';
import { BooksCopy } from '../testing/books-copy.ts';
import { sku, TestSite } from '../testing/site.ts';

/** A task with three units open of five, one that is shipped, a quota, and a directive that could not be carried out. */
let site: TestSite;
let books: BooksCopy;
beforeEach(async () => {
  site = new TestSite();
  await site.move('receive', [{ sku: sku('A'), quantity: 20 }]);
  site.granter.setLive(true);
  await site.direct({ kind: 'policy', policy: { class: 'store', sharePercent: 80, safetyStock: 2 } });
  await site.granter.idle();
  site.granter.setLive(false);
  const lines = (quantity: number) => [{ sku: sku('A'), quantity }];
  await site.direct(
    { kind: 'allocate', task: 'T-1', order: 'O-1', lines: lines(5) },
    { kind: 'allocate', task: 'T-2', order: 'O-2', lines: lines(1) },
    { kind: 'release', task: 'T-1', lines: lines(1), reason: 'cancelled' },
    Buffer.from('no msgpack'),
  );
  await site.ledger.record({
    ...{ type: 'task-step', task: 'T-1', step: 'pick', fingerprint: 'f' },
    lines: [{ sku: sku('A'), picked: 3, missing: 'lost' }],
  });
  await site.ledger.record({ type: 'task-step', task: 'T-2', step: 'ship', fingerprint: 'f' });
  const plan = { type: 'plan-transfer', to: 'HAM1' as never, lines: lines(2), fingerprint: 'f' } as const;
  for (const id of ['X-1', 'X-2']) await site.record({ ...plan, id });
  await site.record({ type: 'ship-transfer', id: 'X-2', fingerprint: 'f' });
  // On its way here, of a SKU that never was.
  const line = { sku: sku('NEW'), shipped: 3, received: 0, damaged: 0, lost: 0 };
  const ends = { transfer: 'Y-1', from: 'HAM1' as never, to: 'BER1' as never };
  await site.direct({ kind: 'transfer', transfer: { ...ends, lines: [line], isClosed: false } });
  books = new BooksCopy(site);
});
afterEach(() => site.dispose());

it('documents that nobody touched agree with the positions', async () => {
  expect(site.position('A')).toMatchObject({ onHand: 16, committed: 5, quota: 8, granted: 14 });
  expect((await books.verify()).differences).toEqual([]);
});

it.each([
  ['units that a task gave up', "UPDATE task_line SET released = 0 WHERE task = 'T-1'", /committed is 5; .* hold 7/],
  ['a removed line', "DELETE FROM task_line WHERE task = 'T-1'", /hold 2[\s\S]*T-1 has no lines/],
  [
    'a line of a SKU that never moved',
    "UPDATE task_line SET sku = 'X' WHERE task = 'T-1'",
    /committed is 0; .* hold 3/,
  ],
  ['committed of a position', 'UPDATE position SET committed = 4', /committed is 4; .* hold 5/],
  [
    "a planned transfer's units",
    'UPDATE transfer_line SET planned = 1 WHERE transfer = 1',
    /committed is 5; .* hold 4/,
  ],
  [
    'a planned line of a SKU that never moved',
    "UPDATE transfer_line SET sku = 'X' WHERE transfer = 1",
    /committed is 0; .* hold 2/,
  ],
  [
    'a transfer that did not leave',
    "UPDATE transfer SET state = 'cancelled' WHERE id = 'X-2'",
    /X-2 from BER1 is cancelled with units/,
  ],
  [
    'a transfer that ended too early',
    "UPDATE transfer SET state = 'closed' WHERE id = 'X-2'",
    /X-2 from BER1 is closed with units not/,
  ],
  [
    'a transfer that did not end',
    'UPDATE transfer_line SET received = 2 WHERE transfer = 2',
    /X-2 from BER1 is shipped with every unit accounted for/,
  ],
  [
    'less than nothing',
    'UPDATE transfer_line SET damaged = -1 WHERE transfer = 2',
    /X-2 from BER1 has a line of A with less/,
  ],
  ['removed lines of a transfer', 'DELETE FROM transfer_line WHERE transfer = 2', /X-2 from BER1 has no lines/],
  ['a removed transfer', "DELETE FROM transfer WHERE id = 'X-2'", /number 2 has a line of A and is not there/],
  ['reserved of a position', 'UPDATE position SET reserved = 1', /reserved is 1; .* hold 0/],
  [
    'the quota of a position',
    'UPDATE position SET quota = 7',
    /quota is 7; 14 granted less 0 returned less 6 allocated make 8/,
  ],
  ['a quota below zero', 'UPDATE position SET quota = -1, granted = 5', /quota is -1: more came of it/],
  [
    'more shipped than there was',
    "UPDATE task_line SET shipped = 2 WHERE task = 'T-2'",
    /T-2 has a line that gave up or shipped more/,
  ],
  ['a task that ended too early', "UPDATE task SET state = 'shipped' WHERE id = 'T-1'", /T-1 is shipped with 3 units/],
  ['a task that did not end', "UPDATE task SET state = 'open' WHERE id = 'T-2'", /T-2 is open with nothing left/],
  ['a state', "UPDATE task SET state = 'lost' WHERE id = 'T-2'", /T-2 is lost, which is no state/],
  ['a removed task', "DELETE FROM task WHERE id = 'T-2'", /task T-2, which is not there/],
  ['the cursor', 'UPDATE inbox SET sequence = -1', /up to 1.-1, which is no place/],
  ['a cursor behind what was refused', 'UPDATE inbox SET sequence = 2', /directive 1.5, which is not behind/],
])('%s, altered, is found', async (_what, sql, message) => {
  books.tamper(sql);
  expect((await books.verify()).differences.map((difference) => difference.message).join('\n')).toMatch(message);
});
