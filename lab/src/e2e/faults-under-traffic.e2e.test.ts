import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CentralApi } from '../api/central-api.ts';
import { EdgeApi } from '../api/edge-api.ts';
import { missingAtCentral } from '../demo/once/convergence.ts';
import { siteMismatches } from '../model/site-mismatches.ts';
import { centralStores } from '../testing/central-stores.ts';
import { CutOffSystem } from '../testing/cut-off-system.ts';
import { until } from '../testing/running-command.ts';
import { documentsInLog, Tills } from '../testing/tills.ts';

/** All through the suite tills sell at both nodes, and after each fault everything acknowledged must be found at central. */
/** A node looks for its broker every 1 to 10 s, and the machine may be busy. */
const CONVERGED_WITHIN_MS = 30_000;
const PAUSE_BETWEEN_SALES_MS = 20;
/** Traffic before, during and after a fault. */
const TRAFFIC_MS = 700;

const stores = centralStores();
let folder: string;
let system: CutOffSystem;
let tills: Tills;
let central: CentralApi;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgestock-e2e-'));
  system = await CutOffSystem.start(folder, await stores.fresh());
  central = new CentralApi(system.centralUrl);
  tills = new Tills(system.urls, PAUSE_BETWEEN_SALES_MS);
});

afterAll(async () => {
  await tills?.close();
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('while tills go on selling', () => {
  test('a link that is cut and healed loses nothing', async () => {
    await traffic();
    system.link.cut();
    const before = countOf('BER1');
    await traffic();
    await until(async () => countOf('BER1') > before, CONVERGED_WITHIN_MS, 'the node sells without its link');
    system.link.heal();
    await everythingArrives();
  });

  test('a link that swallows everything without closing loses nothing', async () => {
    system.link.link = { state: 'half-open', swallows: 'both' };
    await traffic();
    system.link.heal();
    await everythingArrives();
  });

  test('a node that is killed and started again loses nothing it acknowledged', async () => {
    await traffic();
    await system.killNode();
    await system.startNode();
    await traffic();
    await everythingArrives();
  });

  test('central may be killed: it is started again and catches up', async () => {
    await traffic();
    await system.killCentral();
    await traffic();
    await everythingArrives();
  });

  test('the broker may be killed: the logs of the nodes are the truth', async () => {
    await traffic();
    await system.killBroker();
    await traffic();
    await everythingArrives();
  });

  test('in the end every receipt is in its log exactly once, and three accounts agree on every position', async () => {
    await tills.close();
    await everythingArrives();
    expect(tills.refused).toBe(0);
    expect(tills.acknowledgedCount).toBeGreaterThan(200);
    for (const [warehouse, url] of system.urls) {
      const inLog = await documentsInLog(url);
      const acknowledged = tills.acknowledged.get(warehouse) ?? new Set();
      expect(new Set(inLog.keys())).toEqual(acknowledged);
      const movements = [...inLog.values()].reduce((sum, count) => sum + count, 0);
      expect(movements).toBe(tills.model.movementsOf(warehouse));
      const node = new EdgeApi(url, { patienceMs: 5_000 });
      const model = tills.model.unitsOf(warehouse);
      expect((await node.positions()).size).toBeGreaterThan(30);
      expect(await siteMismatches(warehouse, { model, node, central })).toEqual([]);
    }
  });
});

function traffic(): Promise<void> {
  return systemClock.sleep(TRAFFIC_MS);
}

function countOf(warehouse: string): number {
  return tills.model.movementsOf(warehouse);
}

/** Everything acknowledged up to now is at central; what is sold meanwhile may still be under way. */
async function everythingArrives(): Promise<void> {
  const warehouses = [...system.urls.keys()];
  const hasSold = async () => warehouses.every((warehouse) => tills.model.sequenceOf(warehouse) > 0);
  await until(hasSold, CONVERGED_WITHIN_MS, 'every warehouse sells');
  const goals = new Map(warehouses.map((warehouse) => [warehouse, tills.model.sequenceOf(warehouse)]));
  const snapshot = { warehouses, sequenceOf: (warehouse: string) => goals.get(warehouse) ?? 0 };
  const isThere = async () => (await missingAtCentral(central, snapshot)).size === 0;
  await until(isThere, CONVERGED_WITHIN_MS, `central has ${JSON.stringify([...goals])}`);
}
