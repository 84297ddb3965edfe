import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '@edgestock/shared/runtime/assert';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CentralApi } from '../api/central-api.ts';
import { EdgeApi } from '../api/edge-api.ts';
import { centralStores } from '../testing/central-stores.ts';
import { CutOffSystem } from '../testing/cut-off-system.ts';
import { openPastCentral } from '../testing/past-central.ts';
import { until } from '../testing/running-command.ts';

/** A row of central's changes behind its back, and digests find and repair it without anybody doing anything (P6). */
const WITHIN_MS = 40_000;

const stores = centralStores();
let folder: string;
let system: CutOffSystem;
let store: string;
let central: CentralApi;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgestock-rot-'));
  store = await stores.fresh();
  system = await CutOffSystem.start(folder, store);
  central = new CentralApi(system.centralUrl);
});

afterAll(async () => {
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('positions that rotted at central, and one that its node never had, are made those of the node', async () => {
  const node = new EdgeApi(must(system.urls.get('HAM1'), 'HAM1 runs'), { patienceMs: WITHIN_MS });
  const skus = ['A', 'B', 'C', 'D'];
  const received = async (quantity: number) => {
    const body = { kind: 'receive', lines: skus.map((sku) => ({ sku, quantity })) };
    const reply = await node.record({
      warehouse: 'HAM1',
      path: '/v1/movements',
      body,
      key: `in ${quantity}`,
      changes: [],
    });
    expect(reply).toMatchObject({ reply: 'recorded' });
  };
  await received(50);
  await until(async () => (await onHand('D')) === 50, WITHIN_MS, 'central has everything');
  // Its own digest agrees before anything is wrong, so that what is found is what was done.
  await until(async () => (await counted('digests_compared_total')) > 0, WITHIN_MS, 'a digest was compared');
  expect(await counted('digests_differing_total')).toBe(0);

  const behindItsBack = await openPastCentral(store, join(folder, 'up', 'central'));
  await behindItsBack.rows(`UPDATE position SET on_hand = 99 WHERE sku = 'A' AND warehouse = 'HAM1'`);
  await behindItsBack.rows(`UPDATE position SET sku = 'E' WHERE sku = 'B' AND warehouse = 'HAM1'`);
  await behindItsBack.close();
  expect([await onHand('A'), await onHand('B'), await onHand('E')]).toEqual([99, 0, 50]);
  // What only lies there is looked at when it is counted: at the start, and once a day.
  await system.killCentral();
  await until(async () => (await counted('digests_differing_total')) > 0, WITHIN_MS, 'the rot was found');
  await until(async () => (await onHand('A')) === 50 && (await onHand('B')) === 50, WITHIN_MS, 'both are repaired');
  await until(async () => (await onHand('E')) === 0, WITHIN_MS, 'what the node never had is gone');
  await until(async () => (await counted('positions_repaired_total')) === 3, WITHIN_MS, 'and central says so');
  const [before, differing] = [await counted('digests_compared_total'), await counted('digests_differing_total')];
  await received(1);
  await until(async () => (await counted('digests_compared_total')) > before, WITHIN_MS, 'another digest was compared');
  expect(await counted('digests_differing_total')).toBe(differing);
});

async function onHand(sku: string): Promise<number> {
  return (await central.positions('HAM1')).get(sku)?.onHand ?? 0;
}

/** One of central's counters of ingest; -1 while central does not answer. */
async function counted(name: string): Promise<number> {
  const page = await fetch(`${central.url}/metrics`).then(
    (response) => response.text(),
    () => '',
  );
  const line = page.split('\n').find((text) => text.startsWith(`edgestock_central_ingest_${name} `));
  return line === undefined ? -1 : Number(line.split(' ')[1]);
}
