import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import { openCentralStore } from '../store/sqlite/open-central-store.ts';
import { NodeLog, skuOf } from '../testing/node-log.ts';
import { FleetView } from './fleet-view.ts';
import { Warehouses } from './warehouses.ts';

const NOW = 1_800_000_000_000;
let directory: string;
let store: ReturnType<typeof openCentralStore>;
let warehouses: Warehouses;
let log: NodeLog;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'edgestock-warehouses-'));
  store = openCentralStore(join(directory, 'central.db'));
  warehouses = new Warehouses(store);
  log = new NodeLog('BER1');
  await store.enrol(log.warehouse, log.enrolRequest(), NOW);
  log.record('A', 5);
  log.record('A', -7);
  log.record('B', 1);
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

const heard = (at: number, committed: number) => ({
  warehouse: log.warehouse,
  at,
  committed,
  sent: committed,
  skewMs: 40,
  schemaMin: 1,
  schemaMax: 1,
});

it('tells how far central and a node are apart', async () => {
  await store.applyBatches([log.verified(1, 2)], NOW + 10);
  await store.recordHeard([heard(NOW + 20, 3)]);
  expect(await warehouses.one(log.warehouse, NOW + 100)).toMatchObject({
    warehouse: 'BER1',
    epoch: 1,
    appliedUpTo: 2,
    appliedHash: log.place(2).hash,
    committedUpTo: 3,
    sentUpTo: 3,
    backlog: 1,
    skewMs: 40,
    heardAt: NOW + 20,
    isSilent: false,
    schema: [1, 1],
  });
  await store.applyBatches([log.verified(3, 3)], NOW + 30);
  expect(await warehouses.all(NOW + 100)).toMatchObject([{ backlog: 0, asOf: NOW + 20, lagMs: 80 }]);
  expect(await warehouses.all(NOW + 21 + centralLimits.silentAfterMs)).toMatchObject([{ isSilent: true }]);
});

it('knows nothing of a warehouse that is not enrolled', async () => {
  expect(await warehouses.one(new NodeLog('HAM1').warehouse, NOW)).toBeUndefined();
});

it('explains a number by its shares and the movements behind them', async () => {
  await store.applyBatches([log.verified(1, 3)], NOW);
  const explanation = await warehouses.explain(skuOf('A'), DEFAULT_CHANNEL, {
    now: NOW,
    movementsMax: 10,
    promisesMax: 10,
  });
  expect(explanation).toMatchObject({
    sku: 'A',
    available: 0,
    warehouses: [
      { warehouse: 'BER1', available: 0, nodeAvailable: -7, isHistoryBehind: false, sync: { appliedUpTo: 3 } },
    ],
  });
  expect(explanation.warehouses[0]?.movements.map(({ sequence }) => sequence)).toEqual([2, 1]);
});

it('says so when the state is ahead of the history', async () => {
  await store.applyStates([log.stateMessage()], NOW);
  const { warehouses: shares } = await warehouses.explain(skuOf('A'), DEFAULT_CHANNEL, {
    now: NOW,
    movementsMax: 10,
    promisesMax: 10,
  });
  expect(shares).toMatchObject([{ nodeAvailable: -7, movements: [], isHistoryBehind: true }]);
});

it('explains what nobody has as zero', async () => {
  expect(
    await warehouses.explain(skuOf('nowhere'), DEFAULT_CHANNEL, { now: NOW, movementsMax: 10, promisesMax: 10 }),
  ).toEqual({
    sku: 'nowhere',
    available: 0,
    buffer: 0,
    revision: 0,
    warehouses: [],
  });
});

it('puts a view of the nodes to an answer that is a quarter of a second old at most', async () => {
  const fleet = new FleetView(store);
  await fleet.at(NOW);
  await store.recordHeard([heard(NOW + 20, 0)]);
  expect((await fleet.at(NOW + centralLimits.fleetViewMs)).get(log.warehouse)?.heard).toBeUndefined();
  expect((await fleet.at(NOW + centralLimits.fleetViewMs + 1)).get(log.warehouse)?.heard?.at).toBe(NOW + 20);
  await store.recordHeard([heard(NOW + 30, 0)]);
  // A clock that jumps back does not keep it alive.
  expect((await fleet.at(NOW - 1)).get(log.warehouse)?.heard?.at).toBe(NOW + 30);
});
