import { DEFAULT_CHANNEL } from '@edgestock/central/rules/channel';
import type { Command } from '@edgestock/edge-node/ledger/command';
import type { Transfer } from '@edgestock/edge-node/rules/transfer';
import { differencesIn } from '@edgestock/edge-node/testing/differences-in';
import { sku, type TestSite } from '@edgestock/edge-node/testing/site';
import { parseWarehouseId } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LinkedSites } from '../testing/linked-sites.ts';

const warehouses = ['BER1', 'HAM1'].map((id) => must(parseWarehouseId(id), 'a warehouse id'));
const skus = ['A', 'B'].map(sku);
const START_UNITS = 20;

const end = fc.nat(1);
const transfer = fc.nat(1);
const of = fc.constantFrom(...skus);
const units = fc.integer({ min: 1, max: 6 });
/** `at` is a node; a transfer is the `transfer`th of the other node, or of this one for what happens at its source. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constant('plan' as const), at: end, transfer, sku: of, units }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('ship' as const),
      at: end,
      transfer,
      other: fc.option(fc.record({ sku: of, quantity: units }), { nil: undefined }),
    }),
  },
  fc.record({ does: fc.constant('cancel' as const), at: end, transfer }),
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant('receive' as const),
      at: end,
      transfer,
      sku: of,
      units,
      isDamaged: fc.boolean(),
      isLast: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('close' as const), at: end, transfer }) },
  /** Some of a node's log reaches central, perhaps again, perhaps beyond a gap. */
  { weight: 4, arbitrary: fc.record({ does: fc.constant('up' as const), at: end, back: fc.nat(6), size: units }) },
  /** Some of central's log reaches a node, the first of it perhaps again. */
  { weight: 3, arbitrary: fc.record({ does: fc.constant('down' as const), at: end, back: fc.nat(3), size: units }) },
  fc.record({ does: fc.constant('restart' as const), at: end }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(world: LinkedSites, taken: Step): Promise<void> {
  const site = world.site(taken.at);
  switch (taken.does) {
    case 'up':
      return world.up(taken.at, taken);
    case 'down':
      return world.down(taken.at, taken);
    case 'restart':
      return site.restart();
    default:
      await site.ledger.record(commandOf(world, taken));
  }
}

function commandOf(world: LinkedSites, taken: Exclude<Step, { does: 'up' | 'down' | 'restart' }>): Command {
  const there = world.warehouse(1 - taken.at);
  // Both ends use the same names, each for its own.
  const id = `T-${taken.transfer}`;
  switch (taken.does) {
    case 'plan': {
      const lines = [{ sku: taken.sku, quantity: taken.units }];
      return { type: 'plan-transfer', id, to: there, lines, fingerprint: `${taken.sku} ${taken.units}` };
    }
    case 'ship': {
      const { other } = taken;
      const fingerprint = JSON.stringify(other ?? {});
      return { type: 'ship-transfer', id, ...(other && { lines: [other] }), fingerprint };
    }
    case 'cancel':
      return { type: 'cancel-transfer', id };
    case 'receive': {
      const condition = taken.isDamaged ? { condition: 'damaged' as const } : {};
      const lines = [{ sku: taken.sku, quantity: taken.units, ...condition }];
      return { type: 'receive-transfer', id, from: there, lines, isLast: taken.isLast };
    }
    case 'close':
      return { type: 'close-transfer', id, from: there, reason: 'shrinkage', actor: 'ana' };
  }
}

function transfersOf(site: TestSite): readonly Transfer[] {
  return site.ledger.transfers.page({}, 0, 1_000).transfers;
}

/** Units of a SKU: on hand at both, and of all transfers what left, what arrived, and what was written off. */
function unitsOf(world: LinkedSites, one: (typeof skus)[number]) {
  const sum = { onHand: 0, shipped: 0, arrived: 0, lost: 0 };
  for (const [index, site] of world.sites.entries()) {
    sum.onHand += site.position(one).onHand;
    for (const { from, lines } of transfersOf(site)) {
      for (const line of lines.filter(({ sku: named }) => named === one)) {
        // Each end is asked only for what it says itself.
        if (from === warehouses[index]) sum.shipped += line.shipped;
        else {
          sum.arrived += line.received + line.damaged;
          sum.lost += line.lost;
        }
      }
    }
  }
  return sum;
}

function expectConserved(world: LinkedSites): void {
  for (const one of skus) {
    const { onHand, shipped, arrived, lost } = unitsOf(world, one);
    const inTransit = shipped - arrived - lost;
    expect(onHand + inTransit + lost, `${one} over both nodes`).toBe(2 * START_UNITS);
  }
}

async function expectAgreement(world: LinkedSites): Promise<void> {
  const { central, sites } = world;
  const ofCentral = await central.transfers({ limit: 1_000 });
  for (const { transfer: id, from, to, lines, state } of ofCentral) {
    const byName = (some: readonly { readonly sku: string; readonly planned?: number }[]) =>
      Object.fromEntries(some.map(({ planned: _, sku: name, ...line }) => [name, line]));
    for (const [index, site] of sites.entries()) {
      const known = must(site.ledger.transfers.find(id, from), `${warehouses[index]} knows ${id}`);
      const touched = known.lines.filter(
        (line) => line.shipped + line.received + line.damaged + Math.abs(line.lost) > 0,
      );
      expect({ from: known.from, to: known.to, lines: byName(touched) }).toEqual({ from, to, lines: byName(lines) });
      // A plan is its source's own affair until it has left.
      if (known.state !== 'planned' && known.state !== 'cancelled') expect(known.state).toBe(state);
      if (known.closing !== undefined) expect(state).toBe('closed');
    }
  }
  const named = new Set(ofCentral.map(({ from, transfer: id }) => `${from} ${id}`));
  for (const known of sites.flatMap(transfersOf)) {
    if (!named.has(`${known.from} ${known.id}`)) expect(['planned', 'cancelled']).toContain(known.state);
  }
  for (const one of skus) {
    const { warehouses: shares, available } = await central.availability(one, DEFAULT_CHANNEL);
    expect(available).toBe(0);
    for (const [index, site] of sites.entries()) {
      const share = shares.find(({ warehouse }) => warehouse === warehouses[index]);
      const incoming = ofCentral
        .filter(({ to }) => to === warehouses[index])
        .flatMap(({ lines }) => lines.filter((line) => line.sku === one))
        .reduce((sum, line) => sum + Math.max(0, line.shipped - line.received - line.damaged - line.lost), 0);
      expect(share).toMatchObject({ onHand: site.position(one).onHand, incoming });
    }
  }
}

it('units are on hand, under way or lost, and never two of these, whatever is shipped, received, repeated, reordered or restarted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      const world = new LinkedSites({ warehouses, skus, units: START_UNITS });
      try {
        await world.begin();
        for (const one of steps) {
          await take(world, one);
          expectConserved(world);
        }
        await world.heal();
        expectConserved(world);
        await expectAgreement(world);
        for (const site of world.sites) expect(await differencesIn(site)).toEqual([]);
      } finally {
        await world.close();
      }
    }),
    { numRuns: 40 },
  );
}, 120_000);
