import { must } from '@edgestock/shared/runtime/assert';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ApiUnderTest, NOW } from '../testing/api-under-test.ts';
import { NodeLog, warehouseOf } from '../testing/node-log.ts';
import { apiLimits } from './limits.ts';

type Page = { readonly items: readonly { readonly id: number; readonly says?: object }[]; readonly next?: number };

let central: ApiUnderTest;
beforeEach(async () => {
  central = await ApiUnderTest.start();
});
afterEach(() => central.stop());

const page = async (query = ''): Promise<Page> =>
  (await (await central.fetch(`/v1/quarantine${query}`)).json()) as Page;
const put = (warehouse: string, bytes: Uint8Array) =>
  central.store.store.quarantine({ warehouse: warehouseOf(warehouse), reason: 'opaque', detail: 'CRC', bytes }, NOW);

test('shows a delta that was put aside with its place, its bytes and what they say', async () => {
  const log = new NodeLog('BER1');
  await central.store.store.enrol(log.warehouse, log.enrolRequest(), NOW);
  log.record('A', 3, { kind: 99 });
  await central.store.store.applyBatches([log.verified(1, 1)], NOW);
  const at = new Date(NOW).toISOString();
  expect(await page()).toEqual({
    items: [
      {
        id: 1,
        warehouse: 'BER1',
        reason: 'delta',
        detail: expect.stringContaining('kind 99'),
        epoch: 1,
        firstSequence: 1,
        lastSequence: 1,
        sku: 'A',
        at,
        says: expect.objectContaining({ kind: 'unknown-99', sku: 'A', quantity: 3, version: 1 }),
        bytes: Buffer.from(must(log.deltas[0], 'a delta')).toString('base64'),
      },
    ],
  });
  const status = await (await central.fetch('/v1/status')).json();
  expect(status).toMatchObject({ quarantined: 1, quarantine: '/v1/quarantine' });
});

test('shows of a batch whose it is and its first movements', async () => {
  const log = new NodeLog('BER1', { epoch: 2 });
  await central.store.store.enrol(log.warehouse, log.enrolRequest(), NOW);
  const late = new NodeLog('BER1');
  for (let units = 1; units <= apiLimits.quarantineMovementsMax + 1; units += 1) late.record('A', units);
  await central.store.store.applyBatches([late.verified(1, late.head)], NOW);
  const [item] = (await page()).items;
  expect(item).toMatchObject({
    reason: 'late-fact',
    says: { epoch: 1, instance: late.instance, lastSequence: late.head },
  });
  const { movements } = must(item, 'an item').says as { movements: object[] };
  expect(movements).toHaveLength(apiLimits.quarantineMovementsMax);
});

test('pages, the latest first, of one warehouse or of all; what cannot be read says nothing', async () => {
  for (const text of ['a', 'b', 'c']) await put('BER1', Buffer.from(text));
  await put('HAM1', Buffer.from('d'));
  const first = await page('?limit=2');
  expect(first.items.map(({ id }) => id)).toEqual([4, 3]);
  expect(first.items[0]).not.toHaveProperty('says');
  expect(first.next).toBe(3);
  const rest = await page('?limit=3&before=3');
  expect(rest.items.map(({ id }) => id)).toEqual([2, 1]);
  expect(rest).not.toHaveProperty('next');
  expect((await page('?warehouse=HAM1')).items.map(({ id }) => id)).toEqual([4]);
  expect(await page('?warehouse=MUC1')).toEqual({ items: [] });
});

test('ends a page before it grows too large, and goes on from there', async () => {
  const half = apiLimits.quarantinePageBytesMax / 2 + 1;
  for (const fill of [1, 2, 3]) await put('BER1', Buffer.alloc(half, fill));
  const first = await page();
  expect(first.items.map(({ id }) => id)).toEqual([3]);
  expect((await page(`?before=${first.next}`)).items.map(({ id }) => id)).toEqual([2]);
});

test.each(['?limit=0', '?limit=51', '?before=x', '?before=0', '?warehouse=not%20one', '?sku=A'])(
  'refuses %s',
  async (query) => {
    expect((await central.fetch(`/v1/quarantine${query}`)).status).toBe(400);
  },
);
