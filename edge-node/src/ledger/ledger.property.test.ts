import { conditions, isSellable } from '@edgestock/shared/inventory/movement';
import { decodeDelta } from '@edgestock/shared/protocol/codec';
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { placeChanges } from '../rules/place-changes.ts';
import { sku, TestSite } from '../testing/site.ts';
import type { Command } from './command.ts';

const skus = ['A', 'B', 'a'].map(sku);
const place = {
  bin: fc.constantFrom(undefined, 'B1', 'B2'),
  lot: fc.constantFrom(undefined, 'L1', 'L2'),
  condition: fc.constantFrom(undefined, ...conditions),
};
const defined = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;

const movementLine = fc
  .record({
    sku: fc.constantFrom(...skus),
    quantity: fc.integer({ min: 1, max: 9 }),
    ...place,
    toBin: fc.constantFrom(undefined, 'B1', 'B3'),
  })
  .map(defined);

const movement = fc
  .record({
    kind: fc.constantFrom('receive', 'sale', 'return', 'adjust', 'move', 'scrap', 'found'),
    lines: fc.array(movementLine, { minLength: 1, maxLength: 4 }),
    isDown: fc.boolean(),
  })
  .map(
    ({ kind, lines, isDown }): Command =>
      ({
        type: 'record',
        kind,
        reason: 'correction',
        lines: lines.map(({ toBin, ...line }) => ({
          ...line,
          quantity: kind === 'adjust' && isDown ? -line.quantity : line.quantity,
          ...(kind === 'move' && { toBin: toBin ?? 'B4' }),
        })),
      }) as Command,
  );

const count = fc
  .array(
    fc.record({
      sku: fc.constantFrom(...skus),
      counted: fc.integer({ min: 0, max: 30 }),
      ...place,
      back: fc.integer({ min: 0, max: 6 }),
    }),
    {
      minLength: 1,
      maxLength: 3,
    },
  )
  .map(
    (lines) =>
      (head: number): Command =>
        ({
          type: 'count',
          lines: lines.map(({ back, ...line }) => ({
            ...defined(line),
            ...(back > 0 && { atSequence: Math.max(0, head - back) }),
          })),
        }) as Command,
  );

const step = fc.oneof(
  { weight: 5, arbitrary: movement.map((command) => () => command) },
  { weight: 2, arbitrary: count },
);

let site: TestSite | undefined;
afterEach(() => site?.dispose());

/** Replays the log and holds every stored number against it. */
function expectBooksToAgree(at: TestSite): void {
  const balances = new Map<string, number>();
  const onHand = new Map<string, number>();
  const rows = at.store.movements.after(0, 100_000);
  expect(rows.map(({ sequence }) => sequence)).toEqual(rows.map((_, index) => index + 1));
  for (const row of rows) {
    const delta = decodeDelta(row.delta);
    for (const change of placeChanges(delta)) {
      const key = JSON.stringify([row.sku, change.bin, change.lot, change.condition]);
      balances.set(key, (balances.get(key) ?? 0) + change.quantity);
      onHand.set(row.sku, (onHand.get(row.sku) ?? 0) + change.quantity);
    }
    expect(delta.state.onHand).toBe(onHand.get(row.sku) ?? 0);
  }
  for (const one of skus) {
    const shelf = at.store.shelves.load(one);
    const sum = (quantities: readonly { quantity: number }[]) =>
      quantities.reduce((total, { quantity }) => total + quantity, 0);
    expect(shelf.position.onHand).toBe(sum(shelf.balances));
    expect(shelf.position.onHand).toBe(onHand.get(one) ?? 0);
    expect(shelf.position.unsellable).toBe(sum(shelf.balances.filter(({ condition }) => !isSellable(condition))));
    for (const { bin, lot, condition, quantity } of shelf.balances) {
      expect(balances.get(JSON.stringify([one, bin, lot, condition]))).toBe(quantity);
    }
    const nonZero = [...balances].filter(([key, quantity]) => quantity !== 0 && JSON.parse(key)[0] === one);
    expect(nonZero).toHaveLength(shelf.balances.length);
  }
}

it('sum of movements = balances = position, whatever commands come, alone or together, and after a restart', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, fc.boolean()), { minLength: 1, maxLength: 25 }), async (steps) => {
      site = new TestSite();
      try {
        const together: Promise<unknown>[] = [];
        for (const [make, isAlone] of steps) {
          together.push(site.ledger.record(make(site.store.outbox.head().sequence)));
          if (isAlone) await Promise.all(together.splice(0));
        }
        await Promise.all(together);
        expectBooksToAgree(site);
        site.restart();
        expectBooksToAgree(site);
      } finally {
        site.dispose();
        site = undefined;
      }
    }),
    { numRuns: 60 },
  );
});

it('a command repeated any number of times, in any company, is one command (P9)', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(movement, fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 8 }),
      async (commands) => {
        const once = new TestSite();
        const often = new TestSite();
        try {
          const keyed = commands.map(([command, times], index) => ({
            command: { ...command, idempotency: { scope: 'key' as const, key: `k${index}`, fingerprint: 'f' } },
            times,
          }));
          for (const { command } of keyed) await once.ledger.record(command);
          for (const { command, times } of keyed)
            await Promise.all(Array.from({ length: times }, () => often.ledger.record(command)));
          // What could be meant was recorded once; what could not, never.
          for (const { command } of keyed) expect((await often.ledger.record(command)).outcome).not.toBe('recorded');
          expect(often.store.outbox.head()).toEqual(once.store.outbox.head());
        } finally {
          once.dispose();
          often.dispose();
        }
      },
    ),
    { numRuns: 40 },
  );
});

it('after a count, on hand is what was counted plus what has happened since', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(movement, { maxLength: 8 }),
      fc.array(movement, { maxLength: 8 }),
      fc.nat({ max: 50 }),
      async (before, since, counted) => {
        site = new TestSite();
        try {
          for (const command of before) await site.ledger.record(command);
          const atSequence = site.store.outbox.head().sequence;
          const then = site.onHand('A');
          for (const command of since) await site.ledger.record(command);
          const happenedSince = site.onHand('A') - then;
          await site.record({ type: 'count', lines: [{ sku: sku('A'), counted, atSequence }] });
          expect(site.onHand('A')).toBe(counted + happenedSince);
        } finally {
          site.dispose();
          site = undefined;
        }
      },
    ),
    { numRuns: 40 },
  );
});
