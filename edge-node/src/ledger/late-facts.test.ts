import { join } from 'node:path';
import type { MovementDetails, MovementKind } from '@edgestock/shared/inventory/movement';
import { movementKinds } from '@edgestock/shared/inventory/movement';
import { emptyQuantities } from '@edgestock/shared/inventory/position';
import type { Delta } from '@edgestock/shared/protocol/delta';
import type { Directive } from '@edgestock/shared/protocol/directive';
import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DATABASE_FILE } from '../store/edge-backup.ts';
import { differencesIn } from '../testing/differences-in.ts';
import { sku, TestSite } from '../testing/site.ts';

/** The node has 10 of A, of which central may promise 4, and 2 that a customer was promised here. */
let site: TestSite;
beforeEach(async () => {
  site = new TestSite();
  await site.move('receive', [{ sku: sku('A'), quantity: 10 }]);
  site.granter.setLive(true);
  await site.direct({ kind: 'policy', policy: { class: 'store', sharePercent: 40, safetyStock: 0 } });
  await site.granter.idle();
  site.granter.setLive(false);
});
afterEach(async () => {
  expect(await differencesIn(site)).toEqual([]);
  site.dispose();
});

let at = 1_600_000_000_000;
function movement(
  kind: MovementKind,
  quantity: number,
  details: MovementDetails = {},
  more: Partial<Delta> = {},
): Delta {
  at += 1_000;
  const state = { ...emptyQuantities, onHand: 1 };
  return {
    ...{ kind: movementKinds[kind].code, sku: sku('A'), quantity, version: 1, previous: 0, state, at, line: 0 },
    details,
    ...more,
  };
}
const lateFacts = (late: number, ...deltas: readonly Delta[]): Directive => ({
  kind: 'late-facts',
  late,
  rows: deltas.map((delta, index) => ({ sequence: 40 + index, delta })),
});
const became = (late?: number) =>
  site.ledger.lateFacts.page({ late, after: 0, limit: 99 }).map(({ recorded, skipped }) => skipped ?? recorded);
const log = () => site.ledger.view.explain(sku('A'), { limit: 99 })?.movements ?? [];
const head = () => site.store.outbox.head().sequence;
const sell = (receipt: string, quantity: number) =>
  site.ledger.record({
    ...{ type: 'record', kind: 'sale', document: `T1/${receipt}`, lines: [{ sku: sku('A'), quantity }] },
    idempotency: { scope: 'sale', key: `T1\n${receipt}`, fingerprint: 'f' },
  });

it('are recorded as what they were, with their time and document, the reason naming the late fact; quota stays', async () => {
  const sale = movement('sale', -2, { document: 'T1/7' });
  const scrap = movement('scrap', -1, { reason: 'damaged' });
  await site.direct(lateFacts(17, sale, scrap));
  expect(site.position('A')).toMatchObject({ onHand: 7, quota: 4, granted: 4 });
  expect(log().slice(0, 2)).toMatchObject([
    { kind: 'scrap', quantity: -1, details: { reason: 'damaged, late-fact 17', occurredAt: scrap.at } },
    { kind: 'sale', quantity: -2, details: { document: 'T1/7', reason: 'late-fact 17', occurredAt: sale.at } },
  ]);
  expect(became(17)).toEqual([head() - 1, head()]);
});

it('count once, told twice or in overlapping pieces, also over a restart', async () => {
  const [first, second, third] = [movement('sale', -1), movement('sale', -1), movement('receive', 5)];
  await site.direct(lateFacts(17, first, second));
  site.restart();
  await site.inbox.carryOut(site.central.run());
  await site.direct(lateFacts(17, first, second), lateFacts(18, second, third));
  expect(site.position('A').onHand).toBe(10 - 2 + 5);
  expect(became(18)).toEqual(['the log holds this movement', head()]);
});

it('that the log holds under their receipt, or were recorded again after a rejoin, are skipped', async () => {
  await sell('3', 2);
  const receive = movement('receive', 4, { document: 'PO-1', bin: 'B1' });
  const parcel = movement('ship', -1, { document: 'O-1.1' });
  const facts = [
    { kind: 'receive', sku: sku('A'), quantity: 4, line: 0, details: receive.details, at: receive.at },
    { kind: 'ship', sku: sku('A'), quantity: -1, line: 0, details: parcel.details, at: parcel.at },
  ] as const;
  await site.ledger.record({ type: 'retell', facts });
  const before = site.position('A');
  const repeated = movement('sale', -2, { document: 'T1/3' });
  await site.direct(lateFacts(17, repeated, receive, parcel, movement('sale', -1, { document: 'T1/4' })));
  expect(became()).toEqual([
    'the log holds this line of the receipt T1/3',
    'the log holds this movement',
    'the log holds this movement',
    head(),
  ]);
  expect(site.position('A').onHand).toBe(before.onHand - 1);
});

it('of one receipt that came in two pieces, both are recorded; the till that sends it again is answered with what came first', async () => {
  const line = (quantity: number, index: number, bin: string) =>
    movement('sale', quantity, { document: 'T1/7', bin }, { line: index, at: 5 });
  // The second line was taken from two places, and the cut is between them.
  await site.direct(lateFacts(17, line(-1, 0, 'B1'), line(-1, 1, 'B1')), lateFacts(18, line(-2, 1, 'B2')));
  expect(site.position('A').onHand).toBe(6);
  expect((await sell('7', 4)).outcome).toBe('duplicate');
  expect(site.position('A').onHand).toBe(6);
});

it('of movements that look alike, as many count as there were', async () => {
  const twin = movement('sale', -1);
  await site.direct(lateFacts(17, twin, twin));
  await site.direct(lateFacts(18, twin, twin, twin));
  expect(site.position('A').onHand).toBe(7);
});

it('that moved no goods, counted, or cannot be known are skipped, each with its reason', async () => {
  const before = site.position('A');
  await site.direct(
    lateFacts(17, movement('reserve', 1), movement('grant', 1), movement('count', 3), movement('transfer-lost', 1), {
      ...movement('sale', 1),
      kind: 99,
    }),
  );
  expect(site.position('A')).toEqual(before);
  expect(became()).toEqual([
    expect.stringContaining('no goods moved'),
    expect.stringContaining('no goods moved'),
    expect.stringContaining('count again'),
    expect.stringContaining('close it there'),
    expect.stringContaining('kind 99'),
  ]);
});

it('take what is promised below what there is, and say so: promises stay as they are, and nothing is lost', async () => {
  await site.ledger.record({
    ...{ type: 'reserve', id: 'R-1', owner: 'ana', ttlMs: 60_000, fingerprint: 'f' },
    lines: [{ sku: sku('A'), quantity: 2 }],
  });
  await site.direct(lateFacts(17, movement('sale', -7), movement('sale', -6)));
  expect(site.position('A')).toMatchObject({ onHand: -3, quota: 4, reserved: 2 });
  const kinds = site.ledger.view.openExceptions(0, 9).map(({ kind, deficit }) => [kind, deficit]);
  expect(kinds).toContainEqual(['negative-on-hand', 3]);
});

it('beyond what a position can hold is kept as it came, with an exception, and the next directive is carried out', async () => {
  const much = movement('receive', 900_000_000_000_000);
  await site.direct(lateFacts(17, much), lateFacts(18, movement('sale', -1)));
  expect(site.position('A').onHand).toBe(9);
  expect(site.ledger.view.openExceptions(0, 9).map(({ kind }) => kind)).toContain('directive-refused');
});

it('of a task take the units that it holds, and of a transfer those that were set aside for it', async () => {
  const lines = [{ sku: sku('A'), quantity: 2 }];
  await site.direct({ kind: 'allocate', task: 'O-1.1', order: 'O-1', lines });
  await site.record({ type: 'plan-transfer', id: 'X-1', to: 'HAM1' as never, lines, fingerprint: 'f' });
  expect(site.position('A').committed).toBe(4);
  const [otherWarehouse, from] = ['HAM1' as never, 'MUC1' as never];
  await site.direct(
    lateFacts(
      17,
      movement('ship', -2, { document: 'O-1.1' }),
      movement('transfer-ship', -1, { document: 'X-1', otherWarehouse }),
      movement('transfer-receive', 3, { document: 'X-1', otherWarehouse: from }),
    ),
  );
  expect(site.position('A')).toMatchObject({ onHand: 10, committed: 0 });
  expect(site.ledger.tasks.find('O-1.1')).toMatchObject({ state: 'shipped' });
  expect(site.ledger.transfers.named('X-1')).toMatchObject([
    { from: 'BER1', state: 'shipped', lines: [{ shipped: 1 }] },
    { from: 'MUC1', state: 'receiving', lines: [{ received: 3 }] },
  ]);
});

it('that an older release of the node kept are carried out by the one that knows them, once, and transfers as well', async () => {
  const known = encodeDirective(lateFacts(17, movement('sale', -3, { document: 'T1/7' })));
  const lines = [{ sku: sku('A'), shipped: 3, received: 0, damaged: 0, lost: 0 }];
  const ends = { transfer: 'Y-1', from: 'HAM1' as never, to: 'BER1' as never };
  const transfer = encodeDirective({ kind: 'transfer', transfer: { ...ends, lines, isClosed: false } });
  const allocation = encodeDirective({
    kind: 'allocate',
    task: 'O-1.1',
    order: 'O-1',
    lines: [{ sku: sku('A'), quantity: 2 }],
  });
  // What the older one could not read.
  await site.direct(Buffer.from('1'), Buffer.from('2'), Buffer.from('3'));
  const { sequence } = site.inbox.cursor();
  site.restart(() => {
    const database = new Database(join(site.dataDir, DATABASE_FILE));
    const kept = database.prepare('UPDATE refused_directive SET directive = ? WHERE sequence = ?');
    for (const [index, bytes] of [known, transfer, allocation].entries()) kept.run(bytes, sequence - 2 + index);
    database.close();
  });
  expect(await site.inbox.carryOutKept()).toBe(2);
  expect(site.position('A')).toMatchObject({ onHand: 7, committed: 0 });
  expect(site.ledger.transfers.named('Y-1')).toMatchObject([{ state: 'shipped' }]);
  site.restart();
  expect(await site.inbox.carryOutKept()).toBe(0);
  expect(site.position('A').onHand).toBe(7);
});
