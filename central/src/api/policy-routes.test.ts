import { afterEach, beforeEach, expect, test } from 'vitest';
import { ApiUnderTest } from '../testing/api-under-test.ts';

let central: ApiUnderTest;
beforeEach(async () => {
  central = await ApiUnderTest.start();
  await central.move('BER1', { sku: 'A', quantity: 10 });
});
afterEach(() => central.stop());

const json = async (path: string): Promise<unknown> => (await central.fetch(path)).json();
const POLICY = { class: 'distribution-centre', sharePercent: 80, safetyStock: 1, priority: 3 };

test('a policy is whole, can be read back, and goes into the log down of its node', async () => {
  const before = (await json('/v1/status')) as { directives: { notCarriedOut: Record<string, number> } };
  const set = await central.put('/v1/warehouses/BER1/policy', POLICY);
  expect(await set.json()).toEqual({ warehouse: 'BER1', ...POLICY });
  expect(await json('/v1/warehouses/BER1/policy')).toEqual({ warehouse: 'BER1', ...POLICY });
  const after = (await json('/v1/status')) as { directives: { notCarriedOut: Record<string, number> } };
  const open = (status: typeof before) => status.directives.notCarriedOut.BER1 ?? 0;
  // The policy, and what was granted beyond it.
  expect(open(after)).toBe(open(before) + 2);
  const page = await (await central.fetch('/metrics')).text();
  expect(page).toContain(`edgestock_central_warehouse_directives_open{warehouse="BER1"} ${open(after)}`);
});

test('SKUs can differ from it, and be like it again', async () => {
  const rules = [
    { sku: 'A', sharePercent: 0 },
    { sku: 'B', safetyStock: 4 },
  ];
  expect((await central.put('/v1/warehouses/BER1/sku-policies', { rules })).status).toBe(200);
  expect(await json('/v1/warehouses/BER1/sku-policies')).toEqual({ warehouse: 'BER1', rules });
  expect(await json('/v1/warehouses/BER1/sku-policies?limit=1')).toMatchObject({ rules: [{ sku: 'A' }], next: 'A' });
  await central.put('/v1/warehouses/BER1/sku-policies', { rules: [{ sku: 'A' }] });
  expect(await json('/v1/warehouses/BER1/sku-policies')).toMatchObject({ rules: [{ sku: 'B', safetyStock: 4 }] });
});

test('what is to be kept is offered no more, as soon as that is set', async () => {
  const available = async () => ((await json('/v1/availability/A')) as { available: number }).available;
  expect(await available()).toBe(10);
  await central.put('/v1/warehouses/BER1/sku-policies', { rules: [{ sku: 'A', sharePercent: 100, safetyStock: 8 }] });
  expect(await available()).toBe(2);
  const lines = [{ sku: 'A', quantity: 3 }];
  expect((await central.post('/v1/orders', { id: 'o1', owner: 'o', lines })).status).toBe(409);
  await central.put('/v1/warehouses/BER1/policy', { ...POLICY, sharePercent: 0 });
  expect(await available()).toBe(2);
  await central.put('/v1/warehouses/BER1/sku-policies', { rules: [{ sku: 'A' }] });
  expect(await available()).toBe(0);
});

test('a SKU that is named twice is refused with its place, and nothing of the page is taken', async () => {
  const rules = [{ sku: 'A', sharePercent: 0 }, { sku: 'B' }, { sku: 'A', sharePercent: 90 }];
  const response = await central.put('/v1/warehouses/BER1/sku-policies', { rules });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    code: 'invalid-request',
    problems: [
      { code: 'sku-twice', path: 'rules.2.sku', message: 'sku A is entry 0 of rules already: name each SKU once' },
    ],
  });
  expect(await json('/v1/warehouses/BER1/sku-policies')).toEqual({ warehouse: 'BER1', rules: [] });
});

test('knows no warehouse that was never enrolled', async () => {
  for (const response of [
    await central.fetch('/v1/warehouses/MUC1/policy'),
    await central.put('/v1/warehouses/MUC1/policy', POLICY),
    await central.put('/v1/warehouses/MUC1/sku-policies', { rules: [{ sku: 'A' }] }),
  ]) {
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'unknown-warehouse' });
  }
});

test.each([{ ...POLICY, sharePercent: 101 }, { ...POLICY, class: 'shed' }, { sharePercent: 50 }, {}])(
  'refuses %j',
  async (body) => {
    expect((await central.put('/v1/warehouses/BER1/policy', body)).status).toBe(400);
  },
);
