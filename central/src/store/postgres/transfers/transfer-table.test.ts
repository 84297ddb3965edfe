import { expect, it } from 'vitest';
import { migratedPglite } from '../../../testing/migrated-pglite.ts';
import { skuOf, warehouseOf } from '../../../testing/node-log.ts';
import { PostgresTransferTable, PostgresTransferWriter } from './transfer-table.ts';

const pg = migratedPglite();
const [A, B] = [skuOf('A'), skuOf('B')];
const [W1, W2, W3] = [warehouseOf('W1'), warehouseOf('W2'), warehouseOf('W3')];
const parts = () => [new PostgresTransferTable(pg.session), new PostgresTransferWriter(pg.session)] as const;
const units = (sku: typeof A, change: Partial<Record<'shipped' | 'received' | 'damaged' | 'lost', number>>) => ({
  ...{ sku, shipped: 0, received: 0, damaged: 0, lost: 0 },
  ...change,
});
const numbers = (records: readonly { readonly number: number }[]) => records.map(({ number }) => number);

it('adds up what both ends told of a transfer', async () => {
  const [table, writer] = parts();
  expect(await writer.find('T', W1)).toBeUndefined();
  const number = await writer.insert({ id: 'T', from: W1, to: W3, isShipped: false }, 5);
  expect(await writer.find('T', W1)).toEqual({ number, from: W1, to: W3, isShipped: false });
  await writer.redirect(number, W2);
  await writer.add(number, units(B, { shipped: 2 }));
  await writer.add(number, units(A, { shipped: 5, lost: 1 }));
  await writer.add(number, units(A, { shipped: 1, received: 2, damaged: 1, lost: -3 }));
  await writer.settle(number, 'receiving', 9);
  expect(await table.numbered(number)).toEqual({
    ...{ number, transfer: 'T', from: W1, to: W2, state: 'receiving', firstAt: 5, changedAt: 9 },
    lines: [units(A, { shipped: 6, received: 2, damaged: 1, lost: -2 }), units(B, { shipped: 2 })],
  });
  expect(await writer.find('T', W1)).toMatchObject({ to: W2, isShipped: true });
  expect([await table.numbered(99), await writer.find('T', W2)]).toEqual([undefined, undefined]);
});

it('finds transfers by name, by either end and by what they have come to', async () => {
  const [table, writer] = parts();
  const made: number[] = [];
  for (const [id, from, to] of [
    ['T', W2, W1],
    ['T', W1, W2],
    ['U', W1, W3],
    ['V', W3, W2],
  ] as const) {
    made.push(await writer.insert({ id, from, to, isShipped: true }, 1));
  }
  const [t2 = 0, t1 = 0, u = 0, v = 0] = made;
  await writer.settle(t1, 'closed', 50);
  expect(numbers(await table.named('T'))).toEqual([t1, t2]);
  const latest = async (options: Omit<Parameters<PostgresTransferTable['latest']>[0], 'limit'>, limit = 9) =>
    numbers(await table.latest({ ...options, limit }));
  expect([await latest({}), await latest({}, 2)]).toEqual([
    [v, u, t1, t2],
    [v, u],
  ]);
  expect([await latest({ before: u }), await latest({ state: 'closed' })]).toEqual([[t1, t2], [t1]]);
  expect([await latest({ warehouse: W1 }), await latest({ warehouse: W1 }, 2)]).toEqual([
    [u, t1, t2],
    [u, t1],
  ]);
  expect(await latest({ warehouse: W1, state: 'shipped', before: u })).toEqual([t2]);
  expect([numbers(await table.openAt(W1)), numbers(await table.openAt(W2))]).toEqual([
    [t2, u],
    [t2, v],
  ]);
  expect([numbers(await table.lateAt(W1, 50)), numbers(await table.lateAt(W1, 51))]).toEqual([
    [t2, t1, u],
    [t2, u],
  ]);
});

it('shows what is under way at the position it goes to, once', async () => {
  const [table, writer] = parts();
  const incoming = async (warehouse: string) =>
    (
      await pg.session.rows('SELECT incoming, version FROM position WHERE sku = $1 AND warehouse = $2', [A, warehouse])
    )[0];
  const first = await writer.insert({ id: 'T', from: W1, to: W2, isShipped: true }, 1);
  const second = await writer.insert({ id: 'U', from: W3, to: W2, isShipped: true }, 1);
  expect([await writer.showIncoming(A, W2), await incoming(W2)]).toEqual([false, undefined]);
  await writer.add(first, units(A, { shipped: 5, received: 1, damaged: 1 }));
  await writer.add(second, units(A, { shipped: 4 }));
  await writer.add(second, units(B, { shipped: 9 }));
  expect(await table.underWayTo(W2, A, 9)).toEqual([
    { transfer: 'T', from: W1, units: 3 },
    { transfer: 'U', from: W3, units: 4 },
  ]);
  expect(await table.underWayTo(W2, A, 1)).toHaveLength(1);
  expect(await table.underWayTo(W1, A, 9)).toEqual([]);
  expect([await writer.showIncoming(A, W2), await incoming(W2)]).toEqual([true, { incoming: 7, version: 0 }]);
  expect(await writer.showIncoming(A, W2)).toBe(false);
  await writer.add(first, units(A, { lost: 3 }));
  expect([await writer.showIncoming(A, W2), await incoming(W2)]).toMatchObject([true, { incoming: 4 }]);
  // More arrived than is known to have left: nothing is on its way.
  await writer.add(second, units(A, { received: 6 }));
  expect([await writer.showIncoming(A, W2), await incoming(W2)]).toMatchObject([true, { incoming: 0 }]);
  expect(await writer.showIncoming(A, W2)).toBe(false);
});
