import { movementKinds } from '@edgestock/shared/inventory/movement';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ApiUnderTest, NOW } from '../testing/api-under-test.ts';
import { NodeLog, warehouseOf } from '../testing/node-log.ts';

let central: ApiUnderTest;
beforeEach(async () => {
  central = await ApiUnderTest.start();
  const goal = new NodeLog('HAM1');
  await central.store.store.enrol(goal.warehouse, goal.enrolRequest(), NOW);
});
afterEach(() => central.stop());

/** A source that has ten of A and ships one in each of so many transfers. */
async function source(warehouse: string, ...transfers: readonly string[]): Promise<void> {
  const log = new NodeLog(warehouse);
  await central.store.store.enrol(log.warehouse, log.enrolRequest(), NOW);
  log.record('A', 10);
  for (const document of transfers) {
    const details = { document, otherWarehouse: warehouseOf('HAM1') };
    log.record('A', -1, { kind: movementKinds['transfer-ship'].code, details });
  }
  const { changes } = await central.store.store.applyBatches([log.verified(1, log.head)], NOW);
  central.api.changed(changes);
}

type Page = { readonly transfers: readonly { readonly id: string }[]; readonly next?: number };
const get = async (path: string) => {
  const response = await central.fetch(path);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const page = async (query: string) => (await get(`/v1/transfers${query}`)).body as unknown as Page;

test('a transfer is found by its name, with what became of each SKU', async () => {
  await source('BER1', 'T/1');
  const at = new Date(NOW).toISOString();
  expect(await get('/v1/transfers/T%2F1')).toEqual({
    status: 200,
    body: {
      transfer: {
        ...{ id: 'T/1', from: 'BER1', to: 'HAM1', state: 'shipped' },
        lines: [{ sku: 'A', shipped: 1, received: 0, damaged: 0, lost: 0, open: 1 }],
        ...{ firstAt: at, changedAt: at },
      },
    },
  });
  expect(await get('/v1/transfers/T-9')).toMatchObject({ status: 404, body: { code: 'unknown-transfer' } });
});

test('a name that two sources use is refused until one is named', async () => {
  await source('BER1', 'T-1');
  await source('MUC1', 'T-1');
  const ambiguous = { status: 409, body: { code: 'transfer-ambiguous', from: ['BER1', 'MUC1'] } };
  expect(await get('/v1/transfers/T-1')).toMatchObject(ambiguous);
  expect(await get('/v1/transfers/T-1?from=MUC1')).toMatchObject({ body: { transfer: { from: 'MUC1' } } });
  expect(await get('/v1/transfers/T-1?from=HAM1')).toMatchObject({ status: 404 });
});

test('they are listed latest first, filtered, a page at a time', async () => {
  await source('BER1', 'T-1', 'T-2');
  await source('MUC1', 'T-3');
  const ids = async (query: string) => (await page(query)).transfers.map(({ id }) => id);
  expect(await ids('')).toEqual(['T-3', 'T-2', 'T-1']);
  expect(await ids('?warehouse=BER1')).toEqual(['T-2', 'T-1']);
  expect(await ids('?warehouse=HAM1&state=shipped')).toEqual(['T-3', 'T-2', 'T-1']);
  expect(await ids('?state=closed')).toEqual([]);
  const { next } = await page('?limit=2');
  expect(await ids(`?limit=2&before=${next}`)).toEqual(['T-1']);
});

test.each(['state=planned', 'warehouse=a%20b', 'before=x', 'limit=0', 'limit=201', 'from=BER1'])(
  '%s is refused',
  async (query) => {
    expect((await get(`/v1/transfers?${query}`)).status).toBe(400);
  },
);

test('what is under way is incoming in the answer, in the stock of the warehouse, and explained; it is not available', async () => {
  await source('BER1', 'T-1', 'T-2');
  expect((await get('/v1/availability/A')).body).toMatchObject({
    available: 8,
    warehouses: [
      { warehouse: 'BER1', available: 8, onHand: 8, incoming: 0 },
      { warehouse: 'HAM1', available: 0, onHand: 0, incoming: 2, version: 0 },
    ],
  });
  const { positions } = (await get('/v1/warehouses/HAM1/stock')).body as { positions: readonly object[] };
  expect(positions).toMatchObject([{ sku: 'A', onHand: 0, incoming: 2 }]);
  // Its node has told nothing of it, so there is no time of telling.
  expect(positions[0]).not.toHaveProperty('at');
  const { warehouses } = (await get('/v1/stock/A/explain')).body as { warehouses: readonly object[] };
  expect(warehouses[1]).toMatchObject({
    ...{ warehouse: 'HAM1', available: 0, incoming: 2 },
    underWay: [
      { transfer: 'T-1', from: 'BER1', units: 1 },
      { transfer: 'T-2', from: 'BER1', units: 1 },
    ],
  });
});
