import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { centralLimits } from '../limits.ts';
import { ApiUnderTest, NOW } from '../testing/api-under-test.ts';

let central: ApiUnderTest;
beforeEach(async () => {
  central = await ApiUnderTest.start();
  await central.move('BER1', { sku: 'A', quantity: 5 }, { sku: 'B', quantity: 1 });
});
afterEach(() => central.stop());

type Body = Record<string, unknown>;
type OrderBody = Body & { id: string; history: { step: string; why: string }[] };

const ORDER = { owner: 'customer 1', lines: [{ sku: 'A', quantity: 2 }] };
const place = (body: object = ORDER, headers: Record<string, string> = {}) => central.post('/v1/orders', body, headers);
async function placed(body: object = ORDER): Promise<OrderBody> {
  const response = await place(body);
  expect(response.status).toBe(201);
  return ((await response.json()) as { order: OrderBody }).order;
}
const json = async (path: string): Promise<Body> => (await (await central.fetch(path)).json()) as Body;
const available = async (sku: string) => (await json(`/v1/availability/${sku}`)).available;

describe('POST /v1/orders', () => {
  test('holds its units and waits for payment; every step is told with its reason', async () => {
    const response = await place({ ...ORDER, id: 'O-1', paymentTtlSeconds: 60 });
    expect(response.headers.get('location')).toBe('/v1/orders/O-1');
    const { order } = (await response.json()) as { order: OrderBody };
    expect(order).toMatchObject({
      id: 'O-1',
      channel: 'default',
      state: 'placed',
      payment: 'awaited',
      placedAt: new Date(NOW).toISOString(),
      paymentDueAt: new Date(NOW + 60_000).toISOString(),
      lines: [{ sku: 'A', ordered: 2, cancelled: 0, backordered: 0, holds: [{ warehouse: 'BER1', quantity: 2 }] }],
      allocations: [],
    });
    expect(order.history.length).toBeGreaterThan(0);
    expect(await available('A')).toBe(3);
    expect(await json('/v1/orders/O-1')).toEqual({ order });
  });

  test('a repeated one is the same order, by its key or by its id (P9)', async () => {
    const key = { 'idempotency-key': 'order-1' };
    const first = (await (await place(ORDER, key)).json()) as { order: OrderBody };
    const again = await place(ORDER, key);
    expect(again.status).toBe(201);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await again.json()).toEqual(first);
    await placed({ ...ORDER, id: 'O-2' });
    expect((await place({ ...ORDER, id: 'O-2' })).headers.get('idempotency-replayed')).toBe('true');
    const other = await place({ ...ORDER, id: 'O-2', owner: 'customer 2' });
    expect([other.status, await other.json()]).toMatchObject([422, { code: 'idempotency-key-reused' }]);
    // What is left out is the default.
    const inFull = await place({ ...ORDER, id: 'O-2', onShortage: 'refuse', paymentTtlSeconds: 1_800 });
    expect([inFull.headers.get('idempotency-replayed'), await inFull.json()]).toMatchObject([
      'true',
      { order: { id: 'O-2', onShortage: 'refuse' } },
    ]);
    for (const change of [{ onShortage: 'cancel' }, { paymentTtlSeconds: 1_801 }]) {
      expect((await place({ ...ORDER, id: 'O-2', ...change })).status).toBe(422);
    }
    expect(await available('A')).toBe(1);
  });

  test('is refused when units are missing, unless it may go without them', async () => {
    const lines = [
      { sku: 'A', quantity: 1 },
      { sku: 'B', quantity: 3 },
    ];
    const refused = await place({ ...ORDER, lines });
    expect([refused.status, await refused.json()]).toMatchObject([
      409,
      { code: 'insufficient', shortages: [{ sku: 'B', requested: 3, available: 1 }] },
    ]);
    const cut = await placed({ ...ORDER, lines, onShortage: 'cancel' });
    expect(cut.lines).toMatchObject([{ sku: 'A' }, { sku: 'B', ordered: 3, cancelled: 2 }]);
  });

  test.each(['/v1/orders', '/v1/reservations'])(
    'is refused whose lines of one SKU are too much together, as one line would be (%s)',
    async (path) => {
      const [most, one] = [1_000_000_000_000, 1].map((quantity) => ({ sku: 'BIG', quantity }));
      // As many as one position may hold: all of them were promised, and no node could take them as one task.
      await central.move('BER1', { sku: 'BIG', quantity: 2 ** 42 });
      const refused = await central.post(path, { ...ORDER, lines: [most, one, one] });
      const message =
        'quantity makes 1000000000001 units of BIG with the lines before it: one request may have 1000000000000 of a SKU';
      expect([refused.status, await refused.json()]).toMatchObject([
        400,
        { problems: [{ line: 1, path: 'lines.1.quantity', code: 'quantity-invalid', message }] },
      ]);
      expect(await available('BIG')).toBe(2 ** 42);
      expect((await central.post(path, { ...ORDER, lines: [most] })).status).toBe(201);
    },
  );

  test('is refused under the id of a reservation that holds units, with what to do', async () => {
    await central.post('/v1/reservations', { ...ORDER, id: 'R-1' });
    const refused = await place({ ...ORDER, id: 'R-1' });
    const detail =
      'A reservation has the id R-1 and holds its units: confirm it to make it an order, or choose another id.';
    expect([refused.status, await refused.json()]).toMatchObject([409, { code: 'id-taken', detail }]);
    expect(await available('A')).toBe(3);
    await placed({ ...ORDER, id: 'O-1' });
    const reversed = await central.post('/v1/reservations', { ...ORDER, id: 'O-1' });
    expect([reversed.status, await reversed.json()]).toMatchObject([409, { code: 'id-taken' }]);
    expect(await available('A')).toBe(1);
  });

  test('that may wait is refused beyond the room for that, and told of the room', async () => {
    const lines = [{ sku: 'A', quantity: 1_000_000_000 }];
    const refused = await place({ ...ORDER, lines, onShortage: 'backorder' });
    const mayWait = centralLimits.backorderUnitsPerSkuMax;
    expect([refused.status, await refused.json()]).toMatchObject([
      409,
      {
        detail: `Not available: 1000000000 of A (5 available, ${mayWait} more may wait).`,
        shortages: [{ sku: 'A', requested: 1_000_000_000, available: 5, mayWait }],
      },
    ]);
  });

  test('of which nothing can be had is cancelled, wants no payment, and says why to one that comes', async () => {
    const { id, ...order } = await placed({ ...ORDER, lines: [{ sku: 'C', quantity: 1 }], onShortage: 'cancel' });
    expect(order).toMatchObject({ state: 'cancelled', payment: 'not-needed' });
    const paid = await central.post(`/v1/orders/${id}/payment`, { result: 'authorised' });
    const detail = 'The order is cancelled: no warehouse had any of it when it was placed.';
    expect([paid.status, await paid.json()]).toMatchObject([409, { code: 'order-state', detail }]);
    expect((await central.post(`/v1/orders/${id}/payment`, { result: 'failed' })).status).toBe(200);
  });

  test.each([{}, { owner: 'o' }, { ...ORDER, onShortage: 'perhaps' }, { ...ORDER, paymentTtlSeconds: 0 }])(
    'refuses %j',
    async (body) => {
      const response = await place(body);
      expect([response.status, await response.json()]).toMatchObject([400, { code: 'invalid-request' }]);
    },
  );
});

describe('what becomes of an order', () => {
  test('paid, its units are firm: one task for the warehouse, told to its node in the same transaction', async () => {
    const { id } = await placed({ ...ORDER, id: 'O-1' });
    const paid = await central.post(`/v1/orders/${id}/payment`, { result: 'authorised', reference: 'PSP 77' });
    expect(paid.status).toBe(200);
    const { order } = (await paid.json()) as { order: Body };
    expect(order).toMatchObject({
      state: 'firm',
      payment: 'authorised',
      allocations: [{ task: 'O-1.1', warehouse: 'BER1', lines: [{ sku: 'A', quantity: 2, shipped: 0, givenUp: 0 }] }],
    });
    expect(order).not.toHaveProperty('paymentDueAt');
    const again = await central.post(`/v1/orders/${id}/payment`, { result: 'authorised', reference: 'PSP 77' });
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
    expect(await available('A')).toBe(3);
    expect(await json('/v1/stock/A/explain')).toMatchObject({
      available: 3,
      because: '3 in BER1 = 3',
      warehouses: [
        {
          because: '5 granted - 2 allocated = 3',
          central: {
            granted: 5,
            returned: 0,
            allocatedSent: 2,
            held: 0,
            unspent: 3,
            promises: [{ kind: 'allocation', id: 'O-1.1', quantity: 2 }],
          },
        },
      ],
    });
    const page = await (await central.fetch('/metrics')).text();
    expect(page).toContain('edgestock_central_orders{state="firm"} 1');
    expect(page).toContain('edgestock_central_orders{state="placed"} 0');
  });

  test('not paid, its units can be promised again', async () => {
    const { id } = await placed();
    const failed = await central.post(`/v1/orders/${id}/payment`, { result: 'failed' });
    expect(await failed.json()).toMatchObject({ order: { state: 'cancelled', payment: 'failed' } });
    expect(await available('A')).toBe(5);
    const late = await central.post(`/v1/orders/${id}/payment`, { result: 'authorised' });
    expect([late.status, await late.json()]).toMatchObject([409, { code: 'order-state', state: 'cancelled' }]);
  });

  test('cancelled before payment, nothing of it is left', async () => {
    const { id } = await placed();
    const cancelled = await central.post(`/v1/orders/${id}/cancel`, { reason: 'changed my mind' });
    expect(await cancelled.json()).toMatchObject({ order: { state: 'cancelled', isCancelling: false } });
    expect(await available('A')).toBe(5);
    expect((await central.post(`/v1/orders/${id}/cancel`, { reason: '' })).status).toBe(400);
  });

  test.each<[string, RequestInit]>([
    ['nothing at all', {}],
    ['an empty body that is called JSON', { headers: { 'content-type': 'application/json' }, body: '' }],
    [
      'an empty body of unknown length',
      { body: new ReadableStream({ start: (stream) => stream.close() }), duplex: 'half' },
    ],
    ['an empty object', { headers: { 'content-type': 'application/json' }, body: '{}' }],
  ])('cancelled with %s, no reason was given', async (_what, sent) => {
    const { id } = await placed();
    const cancelled = await central.fetch(`/v1/orders/${id}/cancel`, { method: 'POST', ...sent });
    expect(cancelled.status).toBe(200);
    const { order } = (await cancelled.json()) as { order: { history: unknown[] } };
    expect(order.history).toContainEqual(expect.objectContaining({ why: 'Cancelled: no reason was given.' }));
  });

  test('a payment that can have no effect is told why, in one sentence', async () => {
    const { id } = await placed();
    await central.post(`/v1/orders/${id}/cancel`, { reason: 'changed my mind' });
    const late = await central.post(`/v1/orders/${id}/payment`, { result: 'authorised' });
    expect([late.status, await late.json()]).toMatchObject([
      409,
      { code: 'order-state', detail: 'The order is cancelled: it was cancelled before it was paid.' },
    ]);
  });

  test('a confirmed reservation is an order of the same id that needs no payment', async () => {
    const body = { id: 'R-1', owner: 'cart', lines: [{ sku: 'A', quantity: 2 }] };
    await central.post('/v1/reservations', body);
    const held = (await json('/v1/stock/A/explain')) as { warehouses: { central: unknown }[] };
    expect(held.warehouses[0]?.central).toMatchObject({
      held: 2,
      promises: [{ kind: 'reservation', id: 'R-1', quantity: 2 }],
    });
    const confirmed = await central.fetch('/v1/reservations/R-1/confirm', { method: 'POST' });
    expect(await confirmed.json()).toMatchObject({ order: { id: 'R-1', state: 'firm', payment: 'not-needed' } });
    expect(await json('/v1/reservations/R-1')).toMatchObject({ reservation: { state: 'confirmed' } });
    const late = await central.fetch('/v1/reservations/R-1/release', { method: 'POST' });
    expect([late.status, await late.json()]).toMatchObject([409, { code: 'reservation-state', state: 'confirmed' }]);
  });

  test('asked for where no route is, the nearest one is named', async () => {
    const nowhere = await central.fetch('/v1/order/O-1');
    expect([nowhere.status, await nowhere.json()]).toMatchObject([404, { hint: 'Is /v1/orders/:id meant?' }]);
    expect(await json('/v1/invoices')).not.toHaveProperty('hint');
  });

  test.each(['', '/payment', '/cancel'])('an unknown one is told: %s', async (suffix) => {
    const body = suffix === '/payment' ? { result: 'failed' } : { reason: 'none' };
    const response = await (suffix === ''
      ? central.fetch('/v1/orders/O-404')
      : central.post(`/v1/orders/O-404${suffix}`, body));
    expect([response.status, await response.json()]).toMatchObject([404, { code: 'unknown-order' }]);
  });
});

describe('GET /v1/orders', () => {
  test('pages through the orders, latest first, all of them or those in one state', async () => {
    for (const [index, id] of ['O-1', 'O-2', 'O-3'].entries()) {
      central.clock.offsetMs = index;
      await placed({ ...ORDER, id, lines: [{ sku: 'A', quantity: 1 }] });
    }
    await central.post('/v1/orders/O-2/payment', { result: 'authorised' });
    const ids = (page: Body) => (page.orders as { id: string }[]).map(({ id }) => id);
    const first = await json('/v1/orders?limit=2');
    expect(ids(first)).toEqual(['O-3', 'O-2']);
    const second = await json(`/v1/orders?limit=2&before=${first.next}`);
    expect(ids(second)).toEqual(['O-1']);
    expect(second).not.toHaveProperty('next');
    expect(ids(await json('/v1/orders?state=firm'))).toEqual(['O-2']);
  });

  test.each(['?state=lost', '?limit=0', '?limit=201', '?before=yesterday', '?page=2'])('refuses %s', async (query) => {
    expect((await central.fetch(`/v1/orders${query}`)).status).toBe(400);
  });
});
