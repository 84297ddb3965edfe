import { availableOf, deficitOf, promisedOf, sellableOf } from '@edgestock/shared/inventory/position';
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { sku, TestSite } from '../testing/site.ts';
import type { Command } from './command.ts';

const skus = ['A', 'B'].map(sku);
const ids = ['R1', 'R2', 'R3', 'R4'];
const lines = fc.array(fc.record({ sku: fc.constantFrom(...skus), quantity: fc.integer({ min: 1, max: 4 }) }), {
  minLength: 1,
  maxLength: 3,
});
const id = fc.constantFrom(...ids);

/** What desks do; ids are few, so that they meet one another's reservations in every state. */
const promise: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({ id, lines, ttlMs: fc.constantFrom(1_000, 60_000), fingerprint: fc.constantFrom('f', 'g') })
      .map((wish): Command => ({ type: 'reserve', owner: 'Ada', ...wish })),
  },
  fc.record({
    id,
    type: fc.constantFrom('release-reservation', 'confirm-reservation', 'expire-reservation'),
  }) as fc.Arbitrary<Command>,
  id.map((one): Command => ({ type: 'renew-reservation', id: one, ttlMs: 5_000 })),
  id.map((one): Command => ({ type: 'fulfil-reservation', id: one, document: `T1/${one}` })),
);
const arrival: fc.Arbitrary<Command> = lines.map((some): Command => ({ type: 'record', kind: 'receive', lines: some }));
const sale: fc.Arbitrary<Command> = lines.map((some): Command => ({ type: 'record', kind: 'sale', lines: some }));

const made = (command: fc.Arbitrary<Command>): fc.Arbitrary<Make> => command.map((one) => () => one);
/** A till that sells what it sees free, if that is still so when it is recorded. */
const carefulSale: fc.Arbitrary<Make> = fc
  .record({ sku: fc.constantFrom(...skus), most: fc.integer({ min: 1, max: 4 }) })
  .map(({ sku: one, most }) => (at) => {
    const position = at.position(one);
    const quantity = Math.max(1, Math.min(most, availableOf(position)));
    const ifVersion = availableOf(position) > 0 ? position.version : -1;
    return { type: 'record', kind: 'sale', lines: [{ sku: one, quantity }], ifVersion };
  });

/** Made when it is its turn: what a careful till does depends on what it sees. */
type Make = (at: TestSite) => Command;
type Step = {
  readonly make: Make;
  readonly isAlone: boolean;
  readonly after: 'nothing' | 'restart' | 'time' | 'sweep';
};
const stepOf = (make: fc.Arbitrary<Make>): fc.Arbitrary<Step> =>
  fc.record({
    make,
    isAlone: fc.boolean(),
    after: fc.oneof(
      { weight: 6, arbitrary: fc.constant('nothing' as const) },
      fc.constantFrom('restart', 'time', 'sweep'),
    ),
  });

let site: TestSite | undefined;
afterEach(() => site?.dispose());

/** Takes the steps, some of them together in one commit; `look` sees the books whenever they stand still. */
async function take(steps: readonly Step[], look: (at: TestSite) => void): Promise<void> {
  const at = new TestSite();
  site = at;
  try {
    await at.move(
      'receive',
      skus.map((one) => ({ sku: one, quantity: 6 })),
    );
    const together: Promise<unknown>[] = [];
    for (const { make, isAlone, after } of steps) {
      together.push(at.ledger.record(make(at)));
      if (!isAlone) continue;
      await Promise.all(together.splice(0));
      if (after === 'restart') at.restart();
      if (after === 'time') await at.clock.advance(2_000);
      if (after === 'sweep') await at.sweeper.sweep();
      look(at);
    }
    await Promise.all(together);
    look(at);
  } finally {
    at.dispose();
    site = undefined;
  }
}

/** The units set aside are those of the open reservations, no more and no fewer. */
function expectSetAsidesToAgree(at: TestSite): void {
  const { reservations } = at.store.documents;
  for (const one of skus) {
    const sums = { held: 0, confirmed: 0 };
    for (const { state, units } of reservations.openOfSku(one, 100)) sums[state] += units;
    expect(at.position(one)).toMatchObject({ reserved: sums.held, committed: sums.confirmed });
  }
}

it('the units promised never exceed those on hand, at any place of the log, beside tills that sell what is free (P3)', async () => {
  // Whoever takes late takes by a fact; the other property has them.
  const desks = promise.filter(({ type }) => type !== 'fulfil-reservation');
  const make = fc.oneof(
    { weight: 5, arbitrary: made(desks) },
    { weight: 2, arbitrary: carefulSale },
    { weight: 1, arbitrary: made(arrival) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(stepOf(make), { maxLength: 30 }), async (steps) => {
      await take(steps, (at) => {
        for (const { position } of at.ledger.view.movementsAfter(0, 1_000)) {
          expect(promisedOf(position)).toBeLessThanOrEqual(sellableOf(position));
        }
        expectSetAsidesToAgree(at);
      });
    }),
    { numRuns: 60 },
  );
});

it('beside tills and late takers, whose facts are never refused, no promise is made that makes a deficit (P3, P4)', async () => {
  const make = fc.oneof(
    { weight: 5, arbitrary: made(promise) },
    { weight: 2, arbitrary: made(sale) },
    { weight: 1, arbitrary: made(arrival) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(stepOf(make), { maxLength: 30 }), async (steps) => {
      await take(steps, (at) => {
        const deficits = new Map<string, number>();
        for (const { kind, sku: one, position } of at.ledger.view.movementsAfter(0, 1_000)) {
          const before = deficits.get(one) ?? 0;
          if (kind === 'reserve') expect(availableOf(position)).toBeGreaterThanOrEqual(0);
          // A commit takes up what the release before it set free.
          if (kind !== 'sale' && kind !== 'commit') expect(deficitOf(position)).toBeLessThanOrEqual(before);
          deficits.set(one, deficitOf(position));
        }
        expectSetAsidesToAgree(at);
        for (const one of skus) {
          const isTold = at.ledger.view.openExceptions(0, 100).some(({ sku: of }) => of === one);
          if (deficitOf(at.position(one)) > 0) expect(isTold).toBe(true);
        }
      });
    }),
    { numRuns: 60 },
  );
});
