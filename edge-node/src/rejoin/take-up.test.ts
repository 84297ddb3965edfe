import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Position } from '@edgestock/shared/inventory/position';
import { decodeDelta } from '@edgestock/shared/protocol/codec';
import type { LateRow } from '@edgestock/shared/protocol/directive';
import { must } from '@edgestock/shared/runtime/assert';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BrokenLog, REJOIN_DIRECTORY } from '../store/adopted-books.ts';
import type { EdgeStore } from '../store/edge-store.ts';
import { RejoiningNode } from '../testing/rejoining-node.ts';
import { sku, type TestSite } from '../testing/site.ts';

const lines = (quantity: number, name = 'A') => [{ sku: sku(name), quantity }];

/** The life whose log central has. */
let site: TestSite;
/** Where the node goes on. */
let node: RejoiningNode;
let dataDir: string;
beforeEach(() => {
  node = new RejoiningNode();
  ({ site, dataDir } = node);
});
afterEach(() => node.dispose());

/** Something of everything that a log can tell. */
async function live(): Promise<void> {
  const { ledger, granter } = site;
  await site.move('receive', [{ sku: sku('A'), quantity: 40, lot: 'L1', expiry: '2027-01-01' }, ...lines(9, 'B')]);
  granter.setLive(true);
  await site.direct({ kind: 'policy', policy: { class: 'store', sharePercent: 50, safetyStock: 2 } });
  await granter.idle();
  granter.setLive(false);
  await site.direct(
    { kind: 'allocate', task: 'O-1.1', order: 'O-1', lines: [...lines(5), ...lines(1, 'B')] },
    { kind: 'allocate', task: 'O-2.1', order: 'O-2', lines: lines(2) },
    { kind: 'release', task: 'O-1.1', lines: lines(1), reason: 'cancelled' },
  );
  await ledger.record({ type: 'task-step', task: 'O-2.1', step: 'ship', fingerprint: 'f' });
  const ask = { owner: 'o', ttlMs: 60_000, fingerprint: 'f' };
  await site.record({ type: 'reserve', id: 'R-1', ...ask, lines: lines(2) });
  await site.record({ type: 'reserve', id: 'R-2', ...ask, lines: [...lines(1), ...lines(1, 'B')] });
  await site.record({ type: 'confirm-reservation', id: 'R-2' });
  await site.record({ type: 'reserve', id: 'R-3', ...ask, lines: lines(1) });
  await site.record({ type: 'fulfil-reservation', id: 'R-3', document: 'T1/77', idempotency: key('T1', '77') });
  await site.record({ type: 'plan-transfer', id: 'X-1', to: 'HAM1' as never, lines: lines(3), fingerprint: 'f' });
  await site.record({ type: 'plan-transfer', id: 'X-2', to: 'HAM1' as never, lines: lines(1), fingerprint: 'f' });
  await site.record({ type: 'ship-transfer', id: 'X-1', fingerprint: 'f' });
  const from = { from: 'HAM1' as never, isLast: true, fingerprint: 'f' };
  await site.record({
    ...{ type: 'receive-transfer', id: 'Y-1', ...from },
    lines: [...lines(4), { ...must(lines(1)[0], 'a line'), condition: 'damaged' }],
  });
  await site.move('sale', lines(3), { document: 'T1/78', idempotency: key('T1', '78') });
  await site.move('move', [{ sku: sku('B'), quantity: 2, toBin: 'BACK' }]);
  await site.ledger.record({ type: 'count', lines: [{ sku: sku('B'), counted: 7 }] });
}

const key = (till: string, receipt: string) =>
  ({ scope: 'sale', key: `${till}\n${receipt}`, fingerprint: 'f' }) as const;

const quantitiesOf = ({ version: _, sequence: __, ...quantities }: Position) => quantities;

describe('a log that central gives back from a snapshot on', () => {
  it('becomes the books that were lost, with every unit set aside for what it was, wherever it begins', async () => {
    await live();
    const { sequence } = site.store.outbox.head();
    for (const begin of [1, 4, 9, 12, 16, 20, 24, 30, sequence].filter((place) => place <= sequence)) {
      rmSync(dataDir, { recursive: true, force: true });
      mkdirSync(dataDir);
      node.adoptFrom(begin, sequence);
      node.ready(sequence);
      expect(node.finish()).toMatchObject({ epoch: 2, applied: sequence, told: 0 });
      expect(await node.verified()).toEqual([]);
      node.opened((store) => {
        expect(store.outbox.firstSequence()).toBe(begin + 1);
        for (const name of ['A', 'B']) {
          expect(store.shelves.position(sku(name))).toEqual(site.store.shelves.position(sku(name)));
          expect(store.adopted.setAsides(sku(name))).toEqual(site.store.adopted.setAsides(sku(name)));
          expect(store.shelves.expiries(sku(name))).toEqual(site.store.shelves.expiries(sku(name)));
        }
        const openOf = (one: EdgeStore) => ['R-1', 'R-2'].map((id) => one.documents.reservations.find(id)?.state);
        expect(openOf(store)).toEqual(openOf(site.store));
      });
    }
  });

  it('is gone on with by books that reach back to it: what they recorded after the common place is told, and once', async () => {
    await live();
    const begin = site.store.outbox.head().sequence;
    await site.move('sale', lines(1));
    const applied = site.store.outbox.head().sequence;
    // A copy from then, which has sold since.
    for (const name of readdirSync(site.dataDir).filter((one) => one.startsWith('edge.sqlite'))) {
      copyFileSync(join(site.dataDir, name), join(dataDir, name));
    }
    node.opened((store) => expect(store.outbox.head().sequence).toBe(applied));
    await site.move('sale', lines(2));
    const head = site.store.outbox.head().sequence;
    node.adoptFrom(begin, head);
    node.ready(head);
    expect(node.finish()).toMatchObject({ told: 0 });
    node.opened((store) => expect(store.shelves.position(sku('A'))).toEqual(site.store.shelves.position(sku('A'))));
  });
});

describe('a log that central gives back', () => {
  it('becomes the books that were lost: every position, balance, and unit set aside', async () => {
    await live();
    const { sequence } = site.store.outbox.head();
    node.adopt(sequence);
    node.ready(sequence);
    expect(node.finish()).toMatchObject({ epoch: 2, applied: sequence, told: 0 });
    expect(await node.verified()).toEqual([]);
    node.opened((store) => {
      expect(store.restored).toBeUndefined();
      expect(store.node.identity()).toMatchObject({ epoch: 2, instance: 'the-fresh-one' });
      expect(store.outbox.head()).toEqual(site.store.outbox.head());
      expect(store.outbox.appliedUpTo()).toBe(sequence);
      expect(store.documents.inbox()).toEqual(site.store.documents.inbox());
      for (const name of ['A', 'B']) {
        expect(store.shelves.position(sku(name))).toEqual(site.store.shelves.position(sku(name)));
        const sorted = (one: EdgeStore) => one.shelves.balances(sku(name)).toSorted((a, b) => (a.bin < b.bin ? -1 : 1));
        expect(sorted(store)).toEqual(sorted(site.store));
      }
      expect(store.shelves.expiries(sku('A'))).toEqual(new Map([['L1', '2027-01-01']]));
      expect(store.documents.task('O-1.1')).toMatchObject({ order: 'O-1', state: 'open' });
      expect(store.documents.task('O-2.1')).toMatchObject({ state: 'shipped' });
      expect(['R-1', 'R-2', 'R-3'].map((id) => store.documents.reservation(id)?.state)).toEqual([
        ...['held', 'confirmed', 'fulfilled'],
      ]);
      expect(store.documents.transfersNamed('X-1')[0]).toMatchObject({ state: 'shipped', to: 'HAM1' });
      expect(store.documents.transfersNamed('X-2')[0]).toMatchObject({ state: 'planned' });
      expect(store.documents.transfersNamed('Y-1')[0]?.lines).toMatchObject([{ received: 4, damaged: 1 }]);
    });
  });

  it('cut at any place, also in the middle of a command, becomes books that agree with themselves', async () => {
    await live();
    const { sequence } = site.store.outbox.head();
    for (let applied = 0; applied <= sequence; applied += 1) {
      rmSync(dataDir, { recursive: true, force: true });
      mkdirSync(dataDir);
      node.adopt(applied);
      node.ready(applied);
      node.finish();
      expect(await node.verified(), `cut at ${applied}`).toEqual([]);
    }
  }, 120_000);

  it('knows a receipt again that a till sends once more', async () => {
    await live();
    const { sequence } = site.store.outbox.head();
    node.adopt(sequence);
    node.ready(sequence);
    node.finish();
    node.opened((store) => {
      expect(store.idempotency.find(key('T1', '78'))).toMatchObject({
        firstSequence: expect.any(Number),
        movementCount: 1,
      });
    });
  });

  it('that does not continue what is there is refused, and nothing of it is kept', async () => {
    await live();
    node.adopt(7);
    const [, second] = [...node.batches(14)];
    const batch = must(second, 'a batch');
    const books = node.adopted();
    const swapped = batch.deltas.toReversed();
    expect(() => books.adopt({ ...batch, deltas: swapped })).toThrow(BrokenLog);
    expect(() => books.adopt({ ...batch, firstSequence: 9 })).toThrow(BrokenLog);
    expect(books.head().sequence).toBe(7);
    books.adopt(batch);
    expect(books.head().sequence).toBe(batch.lastSequence);
    books.close();
  });
});

describe('a node restored from an old backup that sold on', () => {
  it('does not record again what was applied of it as a late fact, receipt or not', async () => {
    await site.move('receive', lines(20));
    node.backUp();
    const place = site.store.outbox.head().sequence;
    let rows: readonly LateRow[] = [];
    await node.restoredLife(async (other) => {
      other.clock.stepWall(5_000);
      await other.move('receive', lines(4), { document: 'PO-1' });
      await other.move('sale', lines(3), { document: 'T1/9', idempotency: key('T1', '9') });
      rows = other.store.movements
        .after(place, 9)
        .map(({ sequence, delta }) => ({ sequence, delta: decodeDelta(delta) }));
      await other.move('sale', lines(2), { document: 'T1/10', idempotency: key('T1', '10') });
    });
    await site.direct({ kind: 'late-facts', late: 17, rows });
    const applied = site.store.outbox.head().sequence;
    node.adopt(applied);
    node.ready(applied);
    expect(node.finish()).toMatchObject({ told: 1 });
    expect(await node.verified()).toEqual([]);
    node.opened((store) => {
      expect(store.shelves.position(sku('A'))).toMatchObject({ onHand: 20 + 4 - 3 - 2 });
      expect(store.idempotency.find(key('T1', '9'))).toBeDefined();
    });
  });

  it('keeps a transfer that it shipped: what was set aside for the plan is no longer', async () => {
    await site.move('receive', [...lines(9), ...lines(9, 'B')]);
    const planned = [...lines(3), ...lines(2, 'B')];
    await site.record({ type: 'plan-transfer', id: 'X-9', to: 'HAM1' as never, lines: planned, fingerprint: 'f' });
    node.backUp();
    const applied = site.store.outbox.head().sequence;
    await node.restoredLife((other) =>
      other.record({ type: 'ship-transfer', id: 'X-9', fingerprint: 'f', lines: lines(3) }),
    );
    node.adopt(applied);
    node.ready(applied);
    node.finish();
    expect(await node.verified()).toEqual([]);
    node.opened((store) => {
      expect(store.documents.transfersNamed('X-9')).toMatchObject([{ state: 'shipped' }]);
      expect(store.shelves.position(sku('A'))).toMatchObject({ onHand: 6, committed: 0 });
      expect(store.shelves.position(sku('B'))).toMatchObject({ onHand: 9, committed: 0 });
    });
  });

  it('gets what it lost and keeps what it sold: both are in the books, each once', async () => {
    await site.move('receive', lines(40));
    await site.move('sale', lines(1), { document: 'T1/1', idempotency: key('T1', '1') });
    node.backUp();
    // The lost life.
    await site.move('sale', lines(5), { document: 'T1/2', idempotency: key('T1', '2') });
    await site.record({ type: 'reserve', id: 'R-1', owner: 'o', ttlMs: 60_000, fingerprint: 'f', lines: lines(2) });
    const applied = site.store.outbox.head().sequence;
    await node.restoredLife(async (other) => {
      // A till that had no answer sends its receipt again, and goes on.
      await other.move('sale', lines(5), { document: 'T1/2', idempotency: key('T1', '2') });
      await other.move('sale', lines(7), { document: 'T1/3', idempotency: key('T1', '3') });
      await other.record({ type: 'reserve', id: 'R-9', owner: 'me', ttlMs: 60_000, fingerprint: 'g', lines: lines(1) });
    });
    node.adopt(applied);
    node.ready(applied);
    const { former } = must(node.finish(), 'a rejoin');
    expect(former).toBe(join(dataDir, 'edge.sqlite.before-epoch-2'));
    expect(await node.verified()).toEqual([]);
    node.opened((store) => {
      const position = must(store.shelves.position(sku('A')), 'a position');
      expect(quantitiesOf(position)).toMatchObject({ onHand: 40 - 1 - 5 - 7, reserved: 3 });
      expect(store.documents.reservation('R-9')).toMatchObject({ owner: 'me', state: 'held' });
      const again = store.idempotency.find(key('T1', '3'));
      expect(again).toMatchObject({ fingerprint: 'f', movementCount: 1 });
      expect(again?.firstSequence).toBeGreaterThan(applied);
      // Asked before the backup: with what was asked, which the log does not tell.
      expect(store.idempotency.find(key('T1', '1'))?.fingerprint).toBe('f');
    });
  });

  it('takes what was counted for what there is, whatever the lost life had done', async () => {
    await site.move('receive', lines(40));
    node.backUp();
    await site.move('sale', lines(5));
    const applied = site.store.outbox.head().sequence;
    await node.restoredLife(async (other) => {
      await other.record({ type: 'count', lines: [{ sku: sku('A'), counted: 33 }] });
      await other.move('sale', lines(1));
    });
    node.adopt(applied);
    node.ready(applied);
    node.finish();
    expect(await node.verified()).toEqual([]);
    expect(node.opened((store) => store.shelves.position(sku('A'))?.onHand)).toBe(32);
  });

  it('ships what it shipped: of the task where that holds the units, else as goods that are gone', async () => {
    await site.move('receive', lines(40));
    await site.direct({ kind: 'allocate', task: 'O-1.1', order: 'O-1', lines: lines(4) });
    node.backUp();
    await site.move('sale', lines(1));
    const applied = site.store.outbox.head().sequence;
    await node.restoredLife(async (other) => {
      await other.ledger.record({ type: 'task-step', task: 'O-1.1', step: 'ship', fingerprint: 'f' });
    });
    node.adopt(applied);
    node.ready(applied);
    node.finish();
    expect(await node.verified()).toEqual([]);
    node.opened((store) => {
      expect(store.shelves.position(sku('A'))).toMatchObject({ onHand: 35, committed: 0 });
      expect(store.documents.task('O-1.1')?.state).toBe('shipped');
    });
  });

  it('ships a transfer that it shipped, and nothing stays set aside for it; what it planned and gave up is so too', async () => {
    await site.move('receive', [...lines(40), ...lines(9, 'B')]);
    const plan = { type: 'plan-transfer', to: 'HAM1' as never, fingerprint: 'f' } as const;
    await site.record({ ...plan, id: 'X-1', lines: [...lines(3), ...lines(2, 'B')] });
    await site.record({ ...plan, id: 'X-2', lines: lines(4) });
    node.backUp();
    const applied = site.store.outbox.head().sequence;
    await node.restoredLife(async (other) => {
      await other.record({ type: 'ship-transfer', id: 'X-1', fingerprint: 'g', lines: lines(3) });
      await other.record({ type: 'cancel-transfer', id: 'X-2' });
      await other.record({ ...plan, id: 'X-3', lines: lines(5) });
    });
    node.adopt(applied);
    node.ready(applied);
    node.finish();
    expect(await node.verified()).toEqual([]);
    node.opened((store) => {
      expect(store.shelves.position(sku('A'))).toMatchObject({ onHand: 37, committed: 5 });
      expect(store.shelves.position(sku('B'))).toMatchObject({ onHand: 9, committed: 0 });
      const { transfers } = store.documents;
      expect(
        ['X-1', 'X-2', 'X-3'].map((id) => transfers.find(id, node.site.store.node.identity().warehouse)?.state),
      ).toEqual(['shipped', 'cancelled', 'planned']);
    });
  });

  it('tells nothing of quotas again: what it granted in the life that ended, nobody has heard', async () => {
    await site.move('receive', lines(40));
    await site.direct({ kind: 'policy', policy: { class: 'store', sharePercent: 50, safetyStock: 0 } });
    node.backUp();
    const applied = site.store.outbox.head().sequence;
    await node.restoredLife(async (other) => {
      other.granter.setLive(true);
      other.granter.policyChanged();
      await other.granter.idle();
      other.granter.setLive(false);
      expect(other.position('A').granted).toBe(20);
    });
    node.adopt(applied);
    node.ready(applied);
    node.finish();
    expect(await node.verified()).toEqual([]);
    expect(node.opened((store) => store.shelves.position(sku('A'))?.granted)).toBe(0);
  });

  it('is gone on with where a crash came between the new books and their name', async () => {
    await site.move('receive', lines(40));
    node.backUp();
    await site.move('sale', lines(5));
    const applied = site.store.outbox.head().sequence;
    node.adopt(applied);
    node.ready(applied);
    const staged = join(dataDir, REJOIN_DIRECTORY, 'edge.sqlite');
    node.finish();
    // As if it had died before the names: the new books are told, and lie where they were built.
    mkdirSync(join(dataDir, REJOIN_DIRECTORY));
    copyFileSync(join(dataDir, 'edge.sqlite'), staged);
    copyFileSync(join(dataDir, 'edge.sqlite.before-epoch-2'), join(dataDir, 'edge.sqlite'));
    node.ready(applied);
    expect(node.finish()).toMatchObject({ epoch: 2, told: 0 });
    expect(await node.verified()).toEqual([]);
    expect(node.finish()).toBeUndefined();
  });
});

describe('what central knows beyond the log', () => {
  it('is taken for the best there is; what had been granted stays granted, and is counted before more is', async () => {
    await site.move('receive', [...lines(40), ...lines(5, 'B')]);
    const applied = site.store.outbox.head().sequence;
    node.adopt(applied);
    node.ready(applied, { statesAhead: 1 }, [{ sku: 'A', onHand: 31, unsellable: 0, granted: 12 }]);
    expect(node.finish()).toMatchObject({ recounts: 1 });
    expect(await node.verified()).toEqual([]);
    node.opened((store) => {
      expect(store.shelves.position(sku('A'))).toMatchObject({ onHand: 31, granted: 12, quota: 12 });
      expect(store.documents.isUncounted(sku('A'))).toBe(true);
      expect(store.documents.isUncounted(sku('B'))).toBe(false);
    });
  });

  it.each([
    ['all', true],
    ['none', false],
  ] as const)('counted again: %s', async (recount, isUncounted) => {
    await site.move('receive', lines(5, 'B'));
    node.adopt(1);
    node.ready(1, { recount });
    node.finish();
    expect(node.opened((store) => store.documents.isUncounted(sku('B')))).toBe(isUncounted);
    expect(await node.verified()).toEqual([]);
  });
});
