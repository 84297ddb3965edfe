import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseWarehouseId, type Sku } from '@edgestock/shared/inventory/ids';
import type { Position } from '@edgestock/shared/inventory/position';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import type { SnapshotRow } from '@edgestock/shared/protocol/snapshot';
import { must } from '@edgestock/shared/runtime/assert';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Command } from '../ledger/command.ts';
import { sku, TestSite } from '../testing/site.ts';
import { AdoptedBooks } from './adopted-books.ts';

const HAM = must(parseWarehouseId('HAM1'), 'an id');
const ask = { owner: 'o', ttlMs: 60_000, fingerprint: 'f' };

/** What may happen to two SKUs; `n` makes names that are not used twice. Most of it is refused now and then, which is fine. */
const happenings: readonly ((
  site: TestSite,
  n: number,
  lines: readonly { sku: Sku; quantity: number }[],
) => unknown)[] = [
  (site, _n, lines) => site.ledger.record({ type: 'record', kind: 'receive', lines }),
  (site, _n, lines) =>
    site.ledger.record({
      ...{ type: 'record', kind: 'receive' },
      lines: lines.map((line) => ({ ...line, lot: 'L1', expiry: '2027-01-01', bin: 'A-1' })),
    }),
  (site, _n, lines) => site.ledger.record({ type: 'record', kind: 'sale', lines }),
  (site, _n, lines) =>
    site.ledger.record({ type: 'record', kind: 'move', lines: lines.map((line) => ({ ...line, toBin: 'B-2' })) }),
  (site, _n, lines) =>
    site.ledger.record({
      ...{ type: 'record', kind: 'move' },
      lines: lines.map((line) => ({ ...line, toCondition: 'damaged' as const })),
    }),
  (site, _n, lines) =>
    site.ledger.record({ type: 'count', lines: lines.map((line) => ({ sku: line.sku, counted: line.quantity })) }),
  (site, n, lines) => site.ledger.record({ type: 'reserve', id: `R-${n}`, ...ask, lines }),
  (site, n) => site.ledger.record({ type: 'confirm-reservation', id: `R-${n - 1}` }),
  (site, n) => site.ledger.record({ type: 'confirm-reservation', id: `R-${n - 2}` }),
  (site, n) => site.ledger.record({ type: 'fulfil-reservation', id: `R-${n - 1}`, document: `T/${n}`, ...receipt(n) }),
  (site, n, lines) => site.direct({ kind: 'allocate', task: `O-${n}.1`, order: `O-${n}`, lines }),
  (site, n, lines) => site.direct({ kind: 'release', task: `O-${n - 1}.1`, lines, reason: 'cancelled' }),
  (site, n) => site.ledger.record({ type: 'task-step', task: `O-${n - 2}.1`, step: 'ship', fingerprint: 'f' }),
  (site, n, lines) => site.ledger.record({ type: 'plan-transfer', id: `X-${n}`, to: HAM, lines, fingerprint: 'f' }),
  (site, n) => site.ledger.record({ type: 'ship-transfer', id: `X-${n - 1}`, fingerprint: 'f' }),
  async (site) => {
    site.granter.setLive(true);
    await site.granter.idle();
    site.granter.setLive(false);
  },
];
const receipt = (n: number) => ({ idempotency: { scope: 'sale', key: `T\n${n}`, fingerprint: 'f' } }) as const;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'edgestock-snapshot-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Everything that the log has up to a place, and no more, is folded into the checkpoint. */
function trim(site: TestSite, upTo: number): void {
  site.store.outbox.setAppliedUpTo(upTo);
  site.store.outbox.trim({ agedUpTo: upTo, rowsMax: 1_000 });
}

/** By pages of a few SKUs, as they are sent. */
function rowsOf(site: TestSite, skusMax = 2): readonly SnapshotRow[] {
  const rows: SnapshotRow[] = [];
  for (let after: Sku | '' | undefined = ''; after !== undefined; ) {
    const page: ReturnType<typeof site.store.outbox.snapshotRowsAfter> = site.store.outbox.snapshotRowsAfter(
      after,
      skusMax,
    );
    rows.push(...page.rows);
    after = page.last;
  }
  return rows;
}

/** Books made of the rows and the log after them. */
function rebuilt(site: TestSite, rows: readonly SnapshotRow[], begin: number): AdoptedBooks {
  const { warehouse } = site.store.outbox.identity();
  const books = AdoptedBooks.open(join(directory, `${begin}-${Math.random()}`), {
    warehouse,
    instance: 'other-one',
    now: 1,
  });
  books.adoptRows(rows, { sequence: begin, at: 1 });
  books.beginAt({ sequence: begin, hash: must(site.store.outbox.hashAt(begin), 'a hash') });
  for (let after = begin; ; ) {
    const slice = site.store.outbox.slice(after, { deltasMax: 7, bytesMax: 1e9 });
    if (slice === undefined) return books;
    books.adopt({ ...site.store.outbox.identity(), epoch: 1, ...slice, schema: 3, downAck: 0 });
    after = slice.lastSequence;
  }
}

const named = (rows: readonly SnapshotRow[]) => rows.map(({ sku: one, version, sequence }) => [one, version, sequence]);

describe('the books where the log begins', () => {
  it('are what they were then: whatever was trimmed when, they and the log lead to what there is', async () => {
    const step = fc.record({
      happening: fc.integer({ min: 0, max: happenings.length - 1 }),
      skus: fc.constantFrom(['A'], ['B'], ['A', 'B'], ['C']),
      quantity: fc.integer({ min: 1, max: 5 }),
      /** After it, the log is trimmed up to so many per cent of what it has. */
      trim: fc.option(fc.integer({ min: 1, max: 100 }), { freq: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const site = new TestSite();
        try {
          await site.direct({ kind: 'policy', policy: { class: 'store', sharePercent: 50, safetyStock: 2 } });
          await site.move(
            'receive',
            ['A', 'B'].map((name) => ({ sku: sku(name), quantity: 20 })),
          );
          for (const [n, { happening, skus, quantity, trim: percent }] of steps.entries()) {
            const lines = skus.map((name) => ({ sku: sku(name), quantity }));
            await happenings[happening]?.(site, n, lines);
            if (percent === null) continue;
            const begin = site.store.outbox.firstSequence() - 1;
            trim(site, begin + Math.ceil(((site.store.outbox.head().sequence - begin) * percent) / 100));
          }
          const begin = site.store.outbox.firstSequence() - 1;
          if (begin === 0) return;
          const rows = rowsOf(site);
          const books = rebuilt(site, rows, begin);
          for (const name of ['A', 'B', 'C']) {
            const { position, balances } = books.shelf(sku(name));
            const there = site.store.shelves.load(sku(name));
            expect(position).toEqual(there.position);
            expect(balances.toSorted(byPlace)).toEqual(there.balances.toSorted(byPlace));
            expect(books.setAsides(sku(name))).toEqual(setAsidesOf(there.position));
          }
          books.close();
        } finally {
          site.dispose();
        }
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  it('say the same again, whatever is sold meanwhile, and after a restart', async () => {
    const site = new TestSite();
    await site.move(
      'receive',
      ['A', 'B', 'C'].map((name) => ({ sku: sku(name), quantity: 9, lot: 'L', expiry: '2027-01-01' })),
    );
    const reserve: Command = { type: 'reserve', id: 'R-1', ...ask, lines: [{ sku: sku('A'), quantity: 2 }] };
    await site.record(reserve);
    const { sequence } = site.store.outbox.head();
    trim(site, sequence);
    const before = rowsOf(site);
    expect(named(before)).toEqual([
      ['A', 2, 4],
      ['B', 1, 2],
      ['C', 1, 3],
    ]);
    expect(before[0]).toMatchObject({
      state: { onHand: 9, reserved: 2 },
      places: [{ lot: 'L', quantity: 9 }],
      expiries: [{ lot: 'L', expiry: '2027-01-01' }],
      setAsides: [{ holder: 'held', document: 'R-1', quantity: 2, released: 0, shipped: 0 }],
    });
    await site.record({ type: 'confirm-reservation', id: 'R-1' });
    await site.move(
      'sale',
      ['A', 'B', 'NEW'].map((name) => ({ sku: sku(name), quantity: 1 })),
    );
    expect(rowsOf(site)).toEqual(before);
    site.restart();
    expect(rowsOf(site, 1)).toEqual(before);
    site.dispose();
  });

  it('have several rows of a SKU that lies in very many places', async () => {
    const site = new TestSite();
    const bins = Array.from({ length: wireLimits.snapshotDetailsPerRowMax + 3 }, (_, n) => `bin-${n}`);
    for (const bin of bins) await site.move('receive', [{ sku: sku('A'), quantity: 1, bin }]);
    const { sequence } = site.store.outbox.head();
    trim(site, sequence);
    const rows = rowsOf(site);
    expect(rows.map(({ places }) => places.length)).toEqual([wireLimits.snapshotDetailsPerRowMax, 3]);
    const books = rebuilt(site, rows, sequence);
    expect(books.shelf(sku('A'))).toMatchObject({ position: { onHand: bins.length, version: bins.length } });
    expect(books.shelf(sku('A')).balances).toHaveLength(bins.length);
    books.close();
    site.dispose();
  });
});

const byPlace = (a: { bin: string; lot: string; condition: string }, b: typeof a) =>
  `${a.bin} ${a.lot} ${a.condition}` < `${b.bin} ${b.lot} ${b.condition}` ? -1 : 1;

const setAsidesOf = ({ reserved, committed }: Position) => ({ reserved, committed });
