import type { Sku } from '@edgestock/shared/inventory/ids';
import { movementKindOf } from '@edgestock/shared/inventory/movement';
import { availableOf } from '@edgestock/shared/inventory/position';
import { decodeDelta } from '@edgestock/shared/protocol/codec';
import type { Directive } from '@edgestock/shared/protocol/directive';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openUnits } from '../rules/task.ts';
import { differencesIn } from '../testing/differences-in.ts';
import { sku, TestSite } from '../testing/site.ts';
import type { Command, Missing, Outcome, TaskStep } from './command.ts';

const skus = ['A', 'B'].map(sku);
const units = fc.integer({ min: 1, max: 9 });
const one = fc.constantFrom(...skus);
const bin = fc.constantFrom({}, { bin: 'B1' }, { bin: 'B2' });

/** What happens at the node: facts of people and tills. */
const fact = fc
  .record({ kind: fc.constantFrom('receive', 'receive', 'sale', 'return', 'scrap'), sku: one, quantity: units, bin })
  .map(({ kind, sku: of, quantity, bin: at }) => ({
    does: 'fact' as const,
    command: { type: 'record', kind, lines: [{ sku: of, quantity, ...at }] } as Command,
  }));

/** What central decides: of a task by its number, of quota by a part of what it may spend. */
const directive = fc.oneof(
  fc.record({
    does: fc.constant('allocate' as const),
    part: fc.integer({ min: 1, max: 100 }),
    isBeyond: fc.nat({ max: 9 }),
  }),
  fc.record({ does: fc.constant('release' as const), task: fc.nat(), units }),
  fc.record({ does: fc.constant('return' as const), sku: one, part: fc.nat({ max: 100 }) }),
  fc.record({ does: fc.constant('hint' as const), sku: one, units }),
  fc.record({ does: fc.constant('policy' as const), share: fc.constantFrom(0, 50, 100), safety: fc.nat({ max: 3 }) }),
  fc.record({
    does: fc.constant('rule' as const),
    sku: one,
    share: fc.constantFrom(undefined, 0, 100),
    safety: fc.nat({ max: 3 }),
  }),
  fc.record({ does: fc.constant('nonsense' as const) }),
);
const work = fc.record({
  does: fc.constant('work' as const),
  task: fc.nat(),
  step: fc.constantFrom<TaskStep>('pick', 'pack', 'ship'),
  found: fc.nat({ max: 100 }),
  missing: fc.constantFrom<Missing>('lost', 'damaged', 'elsewhere'),
  bin,
});
/** What befalls both: the link, restarts, and directives that come again. */
const event = fc.constantFrom('link-up', 'link-down', 'restart', 'again').map((does) => ({ does }) as const);

const step = fc.oneof(
  { weight: 4, arbitrary: fact },
  { weight: 5, arbitrary: directive },
  { weight: 3, arbitrary: work },
  { weight: 2, arbitrary: event },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A node and a central that allocates what it may: never more than granted less returned less allocated, as it knows it. */
class Run {
  readonly site = new TestSite();
  readonly #returned = new Map<Sku, number>();
  readonly #sent = new Map<Sku, number>();
  #tasks = 0;

  async take(taken: Step): Promise<unknown> {
    const { site } = this;
    switch (taken.does) {
      case 'fact':
        return site.ledger.record(taken.command);
      case 'work':
        return this.#work(taken);
      case 'link-up':
      case 'link-down':
        return site.granter.setLive(taken.does === 'link-up');
      case 'restart':
        await site.granter.idle();
        return site.restart();
      case 'again': {
        const half = Math.ceil(site.central.sequence / 2);
        if (half === 0) return undefined;
        return Promise.all([site.inbox.carryOut(site.central.run(half)), site.inbox.carryOut(site.central.run())]);
      }
      default:
        return site.direct(this.#directive(taken));
    }
  }

  #directive(
    taken: Exclude<Step, { does: 'fact' | 'work' } | { does: 'link-up' | 'link-down' | 'restart' | 'again' }>,
  ): Directive | Uint8Array {
    switch (taken.does) {
      case 'allocate': {
        this.#tasks += 1;
        const lines = skus.flatMap((of) => {
          const quantity = Math.floor((this.#unspent(of) * taken.part) / 100) + (taken.isBeyond === 9 ? 2 : 0);
          this.#sent.set(of, (this.#sent.get(of) ?? 0) + quantity);
          return quantity === 0 ? [] : [{ sku: of, quantity }];
        });
        return { kind: 'allocate', task: `T-${this.#tasks}`, order: 'O', lines };
      }
      case 'release':
        return {
          ...{ kind: 'release', task: this.#task(taken.task), reason: 'cancelled' },
          lines: skus.map((of) => ({ sku: of, quantity: taken.units })),
        };
      case 'return': {
        const total = (this.#returned.get(taken.sku) ?? 0) + Math.floor((this.#unspent(taken.sku) * taken.part) / 100);
        this.#returned.set(taken.sku, total);
        return { kind: 'quota-return', lines: [{ sku: taken.sku, total }] };
      }
      case 'hint':
        return {
          kind: 'grant-request',
          lines: [{ sku: taken.sku, quantity: taken.units }],
          expiresAt: this.site.clock.now() + 1,
        };
      case 'policy':
        return { kind: 'policy', policy: { class: 'store', sharePercent: taken.share, safetyStock: taken.safety } };
      case 'rule':
        return {
          kind: 'sku-policy',
          rules: [
            {
              sku: taken.sku,
              safetyStock: taken.safety,
              ...(taken.share === undefined ? {} : { sharePercent: taken.share }),
            },
          ],
        };
      case 'nonsense':
        return Buffer.from('nonsense');
    }
  }

  #unspent(of: Sku): number {
    const { granted } = this.site.position(of);
    return Math.max(0, granted - (this.#returned.get(of) ?? 0) - (this.#sent.get(of) ?? 0));
  }

  #task(number: number): string {
    return `T-${this.#tasks === 0 ? 0 : 1 + (number % this.#tasks)}`;
  }

  #work(taken: Extract<Step, { does: 'work' }>): Promise<Outcome> {
    const task = this.#task(taken.task);
    const lines = this.site.ledger.tasks.find(task)?.lines.map((line) => {
      const picked = Math.floor((openUnits(line) * taken.found) / 100);
      return { sku: line.sku, picked, ...taken.bin, ...(picked < openUnits(line) && { missing: taken.missing }) };
    });
    // Now and then the packer says what left: some of it, or a parcel of which central had taken back a part.
    const shipped = this.site.ledger.tasks.find(task)?.lines.map((line) => {
      return { sku: line.sku, shipped: Math.ceil((line.quantity * taken.found) / 100), ...taken.bin };
    });
    const said = { pick: lines, pack: undefined, ship: taken.found % 2 === 0 ? undefined : shipped }[taken.step];
    const body = said === undefined ? {} : { lines: said };
    return this.site.ledger.record({
      ...{ type: 'task-step', task, step: taken.step, fingerprint: JSON.stringify(body) },
      ...body,
    } as Command);
  }
}

/** What must hold between any two commits. */
function expectPromisesToHold({ store, ledger }: TestSite): void {
  const tasks = ledger.tasks.page(undefined, 0, 1_000).tasks;
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  for (const of of skus) {
    const { quota, granted, returned, allocated, committed, reserved } = store.shelves.load(of).position;
    expect(quota).toBe(granted - returned - allocated);
    expect(quota).toBeGreaterThanOrEqual(0);
    expect(reserved).toBe(0);
    expect(committed).toBe(sum(tasks.flatMap(({ lines }) => lines.filter((line) => line.sku === of).map(openUnits))));
  }
  expect(ledger.quotaUnits()).toBe(sum(skus.map((of) => store.shelves.load(of).position.quota)));
  const moved = new Map<string, number>();
  for (const row of store.movements.after(0, 100_000)) {
    const { kind: code, quantity, state, details } = decodeDelta(row.delta);
    const kind = movementKindOf(code);
    // Decided on the state at its commit: what was granted was available.
    if (kind === 'grant') expect(availableOf(state)).toBeGreaterThanOrEqual(0);
    const key = `${details.document} ${row.sku} ${kind}`;
    moved.set(key, (moved.get(key) ?? 0) + quantity);
  }
  // The log tells of every task what its document does: allocated once, given up and shipped as often as it was.
  for (const { id, lines } of tasks) {
    for (const line of lines) {
      const of = (kind: string) => moved.get(`${id} ${line.sku} ${kind}`) ?? 0;
      // What left after it was given up is committed once more.
      const late = of('allocate') + of('commit') - line.quantity;
      expect(late).toBeGreaterThanOrEqual(0);
      expect(of('uncommit') - late).toBe(line.released);
      expect(late).toBeLessThanOrEqual(line.shipped);
      expect(0 - of('ship')).toBe(line.shipped);
    }
  }
}

it('promises are kept by units: quotas are their totals, tasks their commitments, no grant exceeds what there is, whatever comes, together, again, or after a restart', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, fc.boolean()), { minLength: 1, maxLength: 30 }), async (steps) => {
      const run = new Run();
      const { site } = run;
      try {
        // Central knows the node from the beginning in half of the runs.
        if (steps.length % 2 === 0) {
          site.granter.setLive(true);
          await run.take({ does: 'policy', share: 100, safety: 0 });
        }
        const together: Promise<unknown>[] = [];
        for (const [taken, isAlone] of steps) {
          if (taken.does === 'restart') await Promise.all(together.splice(0));
          together.push(run.take(taken));
          if (isAlone || taken.does === 'restart') {
            await Promise.all(together.splice(0));
            await site.granter.idle();
            expectPromisesToHold(site);
          }
        }
        await Promise.all(together);
        await site.granter.idle();
        expectPromisesToHold(site);
        if (site.central.sequence > 0) expect(site.inbox.cursor()).toEqual(site.central.cursor());

        expect(await differencesIn(site)).toEqual([]);
      } finally {
        site.dispose();
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);
