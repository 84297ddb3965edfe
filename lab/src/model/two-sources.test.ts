import { DEFAULT_CHANNEL } from '@edgestock/central/rules/channel';
import { differencesIn } from '@edgestock/edge-node/testing/differences-in';
import { sku } from '@edgestock/edge-node/testing/site';
import { parseWarehouseId } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LinkedSites } from '../testing/linked-sites.ts';

const [BER1, HAM1, MUC1] = ['BER1', 'HAM1', 'MUC1'].map((id) => must(parseWarehouseId(id), 'a warehouse id'));
const A = sku('A');
const here = must(BER1, 'the dock');
const sources = [must(HAM1, 'a source'), must(MUC1, 'another')] as const;

let world: LinkedSites;
beforeEach(async () => {
  world = new LinkedSites({ warehouses: [here, ...sources], skus: [A], units: 20 });
  await world.begin();
});
afterEach(() => world.close());

/** Both sources send from a plan of the same name: 3 units the one, 4 the other. */
async function shipBoth(): Promise<void> {
  for (const [at, quantity] of [
    [1, 3],
    [2, 4],
  ] as const) {
    const { ledger } = world.site(at);
    const lines = [{ sku: A, quantity }];
    await ledger.record({ type: 'plan-transfer', id: 'T-1', to: here, lines, fingerprint: `${at}` });
    await ledger.record({ type: 'ship-transfer', id: 'T-1', fingerprint: 'left' });
  }
}

const receive = (from: (typeof sources)[number], quantity: number) =>
  world.site(0).ledger.record({
    ...{ type: 'receive-transfer', id: 'T-1', from, isLast: true },
    lines: [{ sku: A, quantity }],
  });

async function expectAllEnded(): Promise<void> {
  const { incoming, onHand } = must(
    (await world.central.availability(A, DEFAULT_CHANNEL)).warehouses.find(({ warehouse }) => warehouse === here),
    'central knows the dock',
  );
  expect({ incoming, onHand }).toEqual({ incoming: 0, onHand: 27 });
  expect((await world.central.transfersNamed('T-1')).map(({ from, state }) => [from, state]).sort()).toEqual([
    ['HAM1', 'closed'],
    ['MUC1', 'closed'],
  ]);
  expect(world.site(0).position('A').onHand).toBe(27);
  expect(world.site(0).ledger.transfers.named('T-1')).toMatchObject([
    { from: 'HAM1', state: 'closed', lines: [{ shipped: 3, received: 3 }] },
    { from: 'MUC1', state: 'closed', lines: [{ shipped: 4, received: 4 }] },
  ]);
  for (const [at, shipped] of [
    [1, 3],
    [2, 4],
  ] as const) {
    expect(world.site(at).ledger.transfers.named('T-1')).toMatchObject([
      { from: world.warehouse(at), state: 'closed', lines: [{ shipped, received: shipped }] },
    ]);
  }
  for (const site of world.sites) expect(await differencesIn(site)).toEqual([]);
}

it('transfers of one name from two sources both arrive at one dock, and nothing stays incoming', async () => {
  await shipBoth();
  await world.heal();
  await receive(sources[0], 3);
  await receive(sources[1], 4);
  await world.heal();
  await expectAllEnded();
});

it('both are received while the dock is cut off, and agree with their sources when it is not', async () => {
  await shipBoth();
  await receive(sources[0], 3);
  await receive(sources[1], 4);
  await world.heal();
  await expectAllEnded();
});
