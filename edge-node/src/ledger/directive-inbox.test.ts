import type { Directive } from '@edgestock/shared/protocol/directive';
import { packed } from '@edgestock/shared/protocol/packing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { differencesIn } from '../testing/differences-in.ts';
import { sku, TestSite } from '../testing/site.ts';
import { DirectiveOutOfOrder } from './directive-inbox.ts';
import { LedgerUnavailable } from './ledger-unavailable.ts';

let site: TestSite;
beforeEach(async () => {
  site = new TestSite();
  await site.move('receive', [{ sku: sku('A'), quantity: 10 }]);
});
afterEach(() => site.dispose());

const policy: Directive = { kind: 'policy', policy: { class: 'store', sharePercent: 100, safetyStock: 0 } };
const allocate = (task: string, units: Record<string, number>): Directive => ({
  kind: 'allocate',
  task,
  order: 'O-1',
  lines: Object.entries(units).map(([text, quantity]) => ({ sku: sku(text), quantity })),
});
const release = (task: string, units: Record<string, number>): Directive => ({
  kind: 'release',
  task,
  lines: Object.entries(units).map(([text, quantity]) => ({ sku: sku(text), quantity })),
  reason: 'cancelled',
});
const returned = (text: string, total: number): Directive => ({
  kind: 'quota-return',
  lines: [{ sku: sku(text), total }],
});

/** Gives central a quota of all there is. */
async function grantAll(): Promise<void> {
  site.granter.setLive(true);
  await site.direct(policy);
  await site.granter.idle();
  site.granter.setLive(false);
}

describe('a run of directives', () => {
  it('moves the cursor with its effects, and the cursor outlives a restart', async () => {
    await grantAll();
    await site.direct(allocate('O-1.1', { A: 3 }), returned('A', 2));
    expect(site.position('A')).toMatchObject({ quota: 5, granted: 10, allocated: 3, returned: 2, committed: 3 });
    expect(site.inbox.cursor()).toEqual(site.central.cursor());
    site.restart();
    expect(site.inbox.cursor()).toEqual(site.central.cursor());
  });

  it('is carried out once, however often and in whatever pieces it comes', async () => {
    await grantAll();
    await site.direct(allocate('O-1.1', { A: 3 }), returned('A', 2), release('O-1.1', { A: 1 }));
    const before = { position: site.position('A'), head: site.store.outbox.head() };
    await Promise.all([site.inbox.carryOut(site.central.run()), site.inbox.carryOut(site.central.run(3))]);
    site.restart();
    await site.inbox.carryOut(site.central.run(2));
    expect({ position: site.position('A'), head: site.store.outbox.head() }).toEqual(before);
  });

  it.each([
    ['one is left out', 1, 3],
    ['it is of another life of central', 2, 1],
  ])('is refused when %s, and nothing of it is carried out', async (_why, centralEpoch, firstSequence) => {
    await site.direct(policy);
    site.central.append(allocate('O-1.1', { A: 3 }), allocate('O-1.2', { A: 3 }));
    const run = { ...site.central.run(firstSequence), centralEpoch };
    await expect(site.inbox.carryOut(run)).rejects.toThrow(DirectiveOutOfOrder);
    expect(site.inbox.cursor().sequence).toBe(1);
    expect(site.position('A').committed).toBe(0);
  });

  it.each([
    ['documents', 'write'],
    ['movements', 'append'],
    ['shelves', 'save'],
  ] as const)('leaves effect and cursor together, both or neither, wherever %s.%s fails', async (store, method) => {
    await grantAll();
    site.central.append(allocate('O-1.1', { A: 3 }), returned('A', 2), allocate('O-1.2', { A: 1 }));
    let failures = 0;
    for (;;) {
      let calls = 0;
      const target = site.store[store];
      const original = Reflect.get(target, method) as (...args: unknown[]) => void;
      Reflect.set(target, method, (...args: unknown[]) => {
        calls += 1;
        // Everything from the nth on: the commit of the group, and most of the commits of each alone.
        if (calls > failures) throw Object.assign(new Error('disk full'), { code: 'SQLITE_FULL' });
        original.apply(target, args);
      });
      const failure = await site.inbox.carryOut(site.central.run(2)).catch((error: unknown) => error);
      Reflect.deleteProperty(target, method);
      site.restart();
      const { sequence } = site.inbox.cursor();
      const { committed, returned: back } = site.position('A');
      expect([committed, back]).toEqual([undefined, [0, 0], [3, 0], [3, 2], [4, 2]][sequence]);
      expect(site.store.documents.task('O-1.1') !== undefined).toBe(sequence >= 2);
      if (failure === undefined) break;
      expect(failure).toBeInstanceOf(LedgerUnavailable);
      failures += 1;
    }
    expect(failures).toBeGreaterThan(0);
    expect(site.inbox.cursor()).toEqual(site.central.cursor());
  });
});

describe('an allocation', () => {
  it('makes quota firm and a task of it', async () => {
    await grantAll();
    await site.direct({ ...allocate('O-1.1', { A: 3 }), dueAt: 5 } as Directive);
    expect(site.ledger.tasks.find('O-1.1')).toMatchObject({
      ...{ order: 'O-1', state: 'open', dueAt: 5 },
      lines: [{ sku: 'A', quantity: 3, released: 0, shipped: 0 }],
    });
  });

  it('beyond the quota is committed all the same, and a deficit is opened for what is not there', async () => {
    await grantAll();
    await site.direct(allocate('O-1.1', { A: 13 }));
    expect(site.position('A')).toMatchObject({ quota: 0, allocated: 10, committed: 13 });
    expect(site.ledger.view.openExceptions(0, 9)).toMatchObject([
      { kind: 'unknown-sku' },
      { kind: 'negative-available', sku: 'A', deficit: 3 },
    ]);
  });

  it('is given up as far as central asks and as it is not shipped', async () => {
    await grantAll();
    await site.direct(allocate('O-1.1', { A: 3 }), release('O-1.1', { A: 2 }));
    expect(site.position('A')).toMatchObject({ committed: 1, quota: 7 });
    expect(site.ledger.tasks.find('O-1.1')?.state).toBe('open');
    await site.direct(release('O-1.1', { A: 9 }));
    expect(site.position('A').committed).toBe(0);
    expect(site.ledger.tasks.find('O-1.1')).toMatchObject({ state: 'released', lines: [{ quantity: 3, released: 3 }] });
    expect(site.store.movements.ofSku(sku('A'), 99, 1)[0]).toMatchObject({ sku: 'A' });
  });
});

describe('an allocation beyond the bound of a line', () => {
  it('is given up where it is told, books and documents agreeing; asked back as well, nothing more comes of it', async () => {
    const units = 10 ** 12;
    await site.move('receive', [{ sku: sku('BIG'), quantity: units }]);
    await site.move('receive', [{ sku: sku('BIG'), quantity: units }]);
    await grantAll();
    await site.direct(allocate('O-1.1', { BIG: units + 5 }), release('O-1.1', { BIG: units + 5 }));
    expect(site.position('BIG')).toMatchObject({ committed: 0, quota: units - 5, allocated: units + 5 });
    expect(site.ledger.tasks.find('O-1.1')).toMatchObject({ state: 'released', lines: [{ released: units + 5 }] });
    const kinds = site.ledger.view.openExceptions(0, 9).map(({ kind }) => kind);
    expect(kinds).toEqual(['unknown-sku', 'unknown-sku', 'directive-refused']);
    expect(await differencesIn(site)).toEqual([]);
  });
});

describe('returned quota', () => {
  it('comes back once for each total: an older or repeated one changes nothing', async () => {
    await grantAll();
    await site.direct(returned('A', 4), returned('A', 4), returned('A', 1));
    expect(site.position('A')).toMatchObject({ quota: 6, returned: 4 });
    await site.inbox.takeBack([{ sku: sku('A'), total: 6 }]);
    await site.direct(returned('A', 6));
    expect(site.position('A')).toMatchObject({ quota: 4, returned: 6 });
  });

  it('never exceeds what there is', async () => {
    await grantAll();
    await site.direct(returned('A', 11), returned('NEVER', 5));
    expect(site.position('A')).toMatchObject({ quota: 0, returned: 10 });
    expect(site.ledger.view.position(sku('NEVER'))).toBeUndefined();
  });
});

describe('a directive that cannot be carried out', () => {
  it.each<[string, Directive | Uint8Array]>([
    ['is of a kind that this release does not know', packed([99, 'something'])],
    ['cannot be read', Buffer.from('no msgpack')],
    ['releases a task that is not here', release('NONE', { A: 1 })],
    ['releases a SKU that is not in its task', release('O-1.1', { B: 1 })],
    ['allocates a task again, with other units', allocate('O-1.1', { A: 2 })],
    [
      'keeps more than a position can hold',
      { kind: 'policy', policy: { class: 'store', sharePercent: 1, safetyStock: Number.MAX_SAFE_INTEGER } },
    ],
    [
      'keeps more of a SKU than a position can hold',
      { kind: 'sku-policy', rules: [{ sku: sku('A'), safetyStock: Number.MAX_SAFE_INTEGER }] },
    ],
    ['allocates nothing', allocate('O-1.2', {})],
    ['would take a position beyond what it can hold', allocate('O-1.2', { A: Number.MAX_SAFE_INTEGER })],
    [
      'has a barcode of no units',
      { kind: 'catalogue-upsert', items: [{ sku: sku('A'), barcodes: [{ barcode: 'X', multiple: 0 }] }] },
    ],
  ])('%s: it is kept as it came, shown, and does not hold up the next one', async (_why, directive) => {
    await grantAll();
    await site.direct(allocate('O-1.1', { A: 1 }), directive, returned('A', 2));
    expect(site.inbox.cursor()).toEqual(site.central.cursor());
    expect(site.position('A')).toMatchObject({ committed: 1, returned: 2 });
    expect(site.ledger.view.openExceptions(0, 9)).toContainEqual(
      expect.objectContaining({
        kind: 'directive-refused',
        directive: { centralEpoch: 1, sequence: 3, reason: expect.any(String) },
      }),
    );
  });
});

describe('the catalogue', () => {
  it('is taken over whole: barcodes that an item no longer has are forgotten', async () => {
    const item = (name: string, ...barcodes: string[]): Directive => ({
      kind: 'catalogue-upsert',
      items: [{ sku: sku('A'), name, barcodes: barcodes.map((barcode) => ({ barcode, multiple: 6 })) }],
    });
    await site.direct(item('Tea', 'X', 'Y'), item('Green tea', 'Y'));
    expect(site.ledger.view.entry(sku('A'))?.item).toMatchObject({ name: 'Green tea', isListed: true });
    expect(site.ledger.view.barcode(['X'])).toBeUndefined();
    expect(site.ledger.view.barcode(['Y'])).toEqual({ barcode: 'Y', sku: 'A', multiple: 6 });
    expect(site.ledger.view.openExceptions(0, 9)).toEqual([]);
  });

  const items = (...skus: readonly string[]): Directive => ({
    kind: 'catalogue-upsert',
    items: skus.map((text) => ({ sku: sku(text), barcodes: [] })),
  });

  it('keeps barcodes as an import here would: scans find them; what cannot be a GTIN stays as central has it', async () => {
    const barcodes = ['37600665605', '4006381333932', 'own-7'].map((barcode) => ({ barcode, multiple: 1 }));
    await site.direct({ kind: 'catalogue-upsert', items: [{ sku: sku('TEA'), barcodes }] });
    for (const stored of ['00037600665605', '4006381333932', 'own-7']) {
      expect(site.ledger.view.barcode([stored]), stored).toMatchObject({ sku: 'TEA' });
    }
  });

  it('settles that a SKU was unknown, and takes over what an import here had said of the item', async () => {
    site.store.items.noteUnlisted(sku('B'), 0);
    site.store.items.setBarcode({ barcode: 'old', sku: sku('A'), multiple: 1 });
    site.store.items.setBarcode({ barcode: 'new', sku: sku('B'), multiple: 1 });
    expect(site.ledger.view.openExceptions(0, 9)).toMatchObject([{ kind: 'unknown-sku', sku: 'A' }]);
    await site.direct({
      kind: 'catalogue-upsert',
      items: [{ sku: sku('A'), barcodes: [{ barcode: 'new', multiple: 2 }] }],
    });
    await site.move('sale', [{ sku: sku('A'), quantity: 1 }]);
    expect(site.ledger.view.openExceptions(0, 9)).toEqual([]);
    expect([site.ledger.view.barcode(['old']), site.ledger.view.barcode(['new'])]).toEqual([
      undefined,
      { barcode: 'new', sku: 'A', multiple: 2 },
    ]);
  });

  it('is carried out a page to a commit, and tills trade in between', async () => {
    const page = (name: string) => items(...Array.from({ length: 200 }, (_, index) => `${name}${index}`));
    site.central.append(policy, page('P'), page('Q'), page('R'));
    const before = site.ledger.counters.commits;
    const carriedOut = site.inbox.carryOut(site.central.run());
    let sold = 0;
    const till = (async () => {
      for (; site.inbox.cursor().sequence < 4; sold += 1) await site.move('sale', [{ sku: sku('A'), quantity: 1 }]);
    })();
    await Promise.all([carriedOut, till]);
    expect(site.ledger.counters.commits - before).toBeGreaterThanOrEqual(3);
    expect(sold).toBeGreaterThanOrEqual(3);
  });
});

describe('a transfer', () => {
  it('becomes known, with what central tells of its other end', async () => {
    const lines = [{ sku: 'A', shipped: 3, received: 0, damaged: 0, lost: 0 }];
    const transfer = { transfer: 'T-1', from: 'HAM1', to: 'BER1', lines, isClosed: false } as never;
    await site.direct({ kind: 'transfer', transfer });
    expect(site.ledger.transfers.named('T-1')).toMatchObject([{ from: 'HAM1', state: 'shipped', lines }]);
  });

  it("of a name that two sources use is two, and one of this node's own beside them", async () => {
    const told = (from: string, shipped: number) => {
      const lines = [{ sku: 'A', shipped, received: 0, damaged: 0, lost: 0 }];
      return { kind: 'transfer', transfer: { transfer: 'T-1', from, to: 'BER1', lines, isClosed: false } } as never;
    };
    const lines = [{ sku: sku('A'), quantity: 1 }];
    await site.move('receive', lines);
    await site.record({ type: 'plan-transfer', id: 'T-1', to: 'HAM1' as never, lines, fingerprint: 'f' });
    await site.direct(told('HAM1', 3), told('MUC1', 4), told('HAM1', 5));
    expect(site.ledger.view.openExceptions(0, 9).map(({ kind }) => kind)).toEqual(['unknown-sku']);
    expect(site.ledger.transfers.named('T-1')).toMatchObject([
      { from: 'BER1', state: 'planned', lines: [{ planned: 1, shipped: 0 }] },
      { from: 'HAM1', state: 'shipped', lines: [{ shipped: 5 }] },
      { from: 'MUC1', state: 'shipped', lines: [{ shipped: 4 }] },
    ]);
    await site.record({ type: 'ship-transfer', id: 'T-1', fingerprint: 'f' });
    await site.record({ type: 'close-transfer', id: 'T-1', from: 'MUC1' as never, reason: 'theft', actor: 'ana' });
    expect(site.ledger.transfers.named('T-1').map(({ from, state }) => [from, state])).toEqual([
      ['BER1', 'shipped'],
      ['HAM1', 'shipped'],
      ['MUC1', 'closed'],
    ]);
    expect(await differencesIn(site)).toEqual([]);
  });
});
