import { movementKinds } from '@edgestock/shared/inventory/movement';
import { must } from '@edgestock/shared/runtime/assert';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ApiUnderTest, NOW } from '../testing/api-under-test.ts';
import { NodeLog, skuOf } from '../testing/node-log.ts';

let central: ApiUnderTest;
beforeEach(async () => {
  central = await ApiUnderTest.start();
});
afterEach(() => central.stop());

/** A node that has tasks of which this central knows nothing, as it stands after a restore. */
async function restoredWith(...tasks: readonly string[]): Promise<NodeLog> {
  const log = new NodeLog('BER1');
  log.record('A', 10);
  for (const document of tasks) {
    const { version: _, sequence: __, at: ___, ...before } = must(log.positions.get(skuOf('A')), 'a position');
    const state = {
      ...before,
      quota: before.quota - 2,
      committed: before.committed + 2,
      allocated: before.allocated + 2,
    };
    log.record('A', 0, { kind: movementKinds.allocate.code, quantity: 2, state, details: { document } });
  }
  const { store } = central.store;
  await store.enrol(log.warehouse, log.enrolRequest(), NOW);
  await store.statePlace(log.warehouse, log.head, NOW);
  return log;
}

async function caughtUp(log: NodeLog): Promise<void> {
  const { changes } = await central.store.store.applyBatches([log.verified(1, log.head)], NOW);
  await central.store.store.recordHeard([
    { warehouse: log.warehouse, at: NOW, committed: log.head, sent: log.head, skewMs: 0, schemaMin: 1, schemaMax: 2 },
  ]);
  central.api.changed(changes);
}

const get = async (path: string) => {
  const response = await central.fetch(path);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const release = async (task: string) => {
  const response = await central.post(`/v1/unknown-tasks/BER1/${task}/release`, {});
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

test('what a node ships for orders that central has forgotten is listed page by page, and given up when asked', async () => {
  await caughtUp(await restoredWith('o1.1', 'o2.1'));
  const at = new Date(NOW).toISOString();
  const line = { sku: 'A', quantity: 2, shipped: 0, givenUp: 0, open: 2 };
  expect(await get('/v1/unknown-tasks?limit=1')).toEqual({
    status: 200,
    body: { tasks: [{ warehouse: 'BER1', task: 'o1.1', heardAt: at, lines: [line] }], next: 'BER1/o1.1' },
  });
  expect(await get('/v1/unknown-tasks?after=BER1/o1.1')).toMatchObject({ body: { tasks: [{ task: 'o2.1' }] } });
  expect(await get('/v1/unknown-tasks?after=BER1')).toMatchObject({ status: 400 });
  expect(await get('/v1/status')).toMatchObject({
    body: { promises: { unknownTasks: 2 }, unknownTasksAt: '/v1/unknown-tasks' },
  });
  const released = { status: 202, body: { task: { task: 'o2.1', releasedAt: at, lines: [line] } } };
  expect(await release('o2.1')).toMatchObject(released);
  expect(await release('o2.1')).toMatchObject(released);
  expect(await release('o9.1')).toMatchObject({ status: 404, body: { code: 'unknown-task' } });
});

test('a warehouse that is not caught up with is not counted, and every answer says so and why', async () => {
  const log = await restoredWith('o1.1');
  // Present states come first: the log behind them is on its way.
  const { changes } = await central.store.store.applyStates([log.stateMessage()], NOW);
  central.api.changed(changes);
  const why = 'central was restored from a backup and has its log up to 0: it is counted again from 2 on';
  expect(await get('/v1/availability/A')).toMatchObject({
    body: { available: 0, notCounted: ['BER1'], warehouses: [{ warehouse: 'BER1', available: 0, notCounted: why }] },
  });
  expect(await get('/v1/availability/B')).toMatchObject({ body: { notCounted: ['BER1'], warehouses: [] } });
  expect(await get('/v1/status')).toMatchObject({ body: { warehouses: { notCounted: ['BER1'] } } });
  expect(await get('/v1/warehouses/BER1')).toMatchObject({ body: { notCounted: why } });
  expect(await get('/v1/stock/A/explain')).toMatchObject({
    body: { warehouses: [{ because: `not counted: ${why}` }] },
  });
  await caughtUp(log);
  await central.store.store.applyBatches([], NOW);
  const after = await get('/v1/status');
  expect(after).toMatchObject({ body: { warehouses: { notCounted: [] } } });
});
