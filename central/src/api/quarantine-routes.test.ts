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

/** A clone's batch is put aside: one movement that both logs have, a sale, a count, and bytes that nobody can read. */
async function putAside(): Promise<void> {
  const log = new NodeLog('BER1');
  await central.store.store.enrol(log.warehouse, log.enrolRequest(), NOW);
  log.record('A', 5);
  const clone = log.fork();
  log.record('A', -2);
  await central.store.store.applyBatches([log.verified(1, 2)], NOW);
  clone.record('A', -1, { details: { document: 'T1/7', bin: 'B1' } });
  clone.record('A', 0, { kind: 8, details: { counted: 4 } });
  clone.append(Buffer.from('?'));
  await central.store.store.applyBatches([clone.verified(1, 4)], NOW);
}

const whole = async (id: number | string) => {
  const answer = await central.fetch(`/v1/quarantine/${id}`);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};
const settle = async (
  id: number | string,
  how: 'apply' | 'dismiss',
  body: object = { actor: 'ana', reason: 'sold' },
) => {
  const headers = { 'content-type': 'application/json' };
  const answer = await central.fetch(`/v1/quarantine/${id}/${how}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  const replayed = answer.headers.get('idempotency-replayed') === 'true';
  return { status: answer.status, replayed, body: (await answer.json()) as Record<string, unknown> };
};

test('shows one whole: each movement, what would not be recorded of it, and opaque bytes as such', async () => {
  await putAside();
  const { status, body } = await whole(1);
  expect([status, body]).toMatchObject([200, { id: 1, reason: 'fenced', epoch: 1, firstSequence: 1, lastSequence: 4 }]);
  expect(body.settled).toBeUndefined();
  expect(body.movements).toMatchObject([
    { sequence: 1, kind: 'receive', skipped: expect.stringContaining('log of the node') },
    { sequence: 2, kind: 'sale', sku: 'A', quantity: -1, details: { document: 'T1/7', bin: 'B1' } },
    { sequence: 3, kind: 'count', skipped: expect.stringContaining('count again') },
    { sequence: 4, opaque: Buffer.from('?').toString('base64'), skipped: expect.stringContaining('cannot read') },
  ]);
  expect((body.movements as object[])[1]).not.toHaveProperty('skipped');
});

test('applies one: the node is told what counts, who and why is kept, and it is not open any more', async () => {
  await putAside();
  const first = await settle(1, 'apply');
  const settled = { as: 'applied', actor: 'ana', reason: 'sold', at: expect.any(String) };
  expect(first).toMatchObject({ status: 200, replayed: false, body: { settled, isCarriedOut: false } });
  expect(await settle(1, 'apply', { actor: 'bob', reason: 'again' })).toMatchObject({
    ...{ status: 200, replayed: true, body: { settled } },
  });
  const head = must(await central.store.store.downHead(warehouseOf('BER1')), 'a node').sequence;
  await central.store.store.recordCarriedOut([{ warehouse: warehouseOf('BER1'), sequence: head }]);
  expect((await whole(1)).body).toMatchObject({ isCarriedOut: true });
  expect(await page()).toEqual({ items: [] });
  expect((await page('?state=settled')).items).toMatchObject([{ id: 1, settled }]);
  expect((await page('?state=all')).items).toHaveLength(1);
  expect(await (await central.fetch('/v1/status')).json()).toMatchObject({ quarantined: 0 });
});

test('dismisses one with a reason, and refuses what cannot be meant with what to do', async () => {
  await putAside();
  await put('BER1', Buffer.from('??'));
  expect(await settle(1, 'dismiss', { actor: 'ana' })).toMatchObject({ status: 400 });
  expect(await settle(1, 'dismiss')).toMatchObject({ status: 200, body: { settled: { as: 'dismissed' } } });
  expect(await settle(1, 'dismiss')).toMatchObject({ status: 200, replayed: true });
  expect(await settle(1, 'apply')).toMatchObject({
    ...{ status: 409, body: { code: 'late-fact-settled', hint: expect.stringContaining('GET /v1/quarantine/1') } },
  });
  expect(await settle(2, 'apply')).toMatchObject({
    ...{ status: 422, body: { code: 'nothing-to-apply', hint: expect.stringContaining('/v1/quarantine/2/dismiss') } },
  });
  for (const id of [99, 'x', '0', '1e3']) {
    const unknown = { status: 404, body: { code: 'unknown-late-fact', hint: expect.stringContaining('?state=all') } };
    expect([await settle(id, 'apply'), await whole(id)]).toMatchObject([unknown, unknown]);
  }
  expect((await central.fetch('/v1/quarantine?state=lost')).status).toBe(400);
});
