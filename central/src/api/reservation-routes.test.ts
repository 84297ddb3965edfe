import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiUnderTest, NOW } from '../testing/api-under-test.ts';

let central: ApiUnderTest;
beforeEach(async () => {
  central = await ApiUnderTest.start();
});
afterEach(() => central.stop());

type Body = Record<string, unknown>;

const A3 = { owner: 'cart 1', lines: [{ sku: 'A', quantity: 3 }] };
const reserve = (body: object = A3, headers: Record<string, string> = {}) =>
  central.post('/v1/reservations', body, headers);
const available = async (sku: string) => {
  const answer = (await (await central.fetch(`/v1/availability/${sku}`)).json()) as { available: number };
  return answer.available;
};
async function reserved(body: object = A3): Promise<string> {
  const response = await reserve(body);
  expect(response.status).toBe(201);
  return ((await response.json()) as { reservation: { id: string } }).reservation.id;
}
async function problemOf(response: Response): Promise<Body> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return { status: response.status, ...((await response.json()) as Body) };
}

describe('POST /v1/reservations', () => {
  test('sets units aside at once, tells where, and gives the address of the promise', async () => {
    await central.move('BER1', { sku: 'A', quantity: 10 });
    const response = await reserve({ ...A3, ttlSeconds: 60 });
    expect(response.status).toBe(201);
    const { reservation, shortages } = (await response.json()) as { reservation: Body; shortages: unknown };
    expect(shortages).toEqual([]);
    expect(reservation).toEqual({
      id: expect.any(String),
      channel: 'default',
      owner: 'cart 1',
      state: 'held',
      createdAt: new Date(NOW).toISOString(),
      expiresAt: new Date(NOW + 60_000).toISOString(),
      lines: [{ sku: 'A', requested: 3, held: 3, holds: [{ warehouse: 'BER1', quantity: 3 }] }],
    });
    const location = response.headers.get('location') ?? '';
    expect(await (await central.fetch(location)).json()).toEqual({ reservation });
    // Whoever reads after the answer sees what it says.
    expect(await available('A')).toBe(7);
  });

  test('promises nothing where it cannot promise all, and says line by line what is short', async () => {
    await central.move('BER1', { sku: 'A', quantity: 10 }, { sku: 'B', quantity: 2 });
    const lines = [
      { sku: 'A', quantity: 10 },
      { sku: 'B', quantity: 3 },
      { sku: 'C', quantity: 1 },
    ];
    expect(await problemOf(await reserve({ ...A3, lines }))).toMatchObject({
      status: 409,
      code: 'insufficient',
      shortages: [
        { sku: 'B', requested: 3, available: 2 },
        { sku: 'C', requested: 1, available: 0 },
      ],
    });
    expect(await available('A')).toBe(10);
  });

  test('are listed, latest first, a page at a time', async () => {
    await central.move('BER1', { sku: 'A', quantity: 10 });
    for (const id of ['R-1', 'R-2', 'R-3']) await reserve({ ...A3, id, lines: [{ sku: 'A', quantity: 1 }] });
    await central.post('/v1/reservations/R-2/release', {});
    type Page = { reservations: { id: string; state: string }[]; next?: string };
    const pageOf = async (query: string) => (await (await central.fetch(`/v1/reservations${query}`)).json()) as Page;
    const first = await pageOf(`?owner=${encodeURIComponent(A3.owner)}&limit=2`);
    expect(first.reservations).toMatchObject([{ id: 'R-3' }, { id: 'R-2', state: 'released' }]);
    const rest = await pageOf(`?limit=2&before=${first.next}`);
    expect(rest).toMatchObject({ reservations: [{ id: 'R-1', state: 'held' }] });
    expect(rest.next).toBeUndefined();
    const held = await pageOf('?state=held&channel=default');
    expect(held.reservations.map(({ id }) => id)).toEqual(['R-3', 'R-1']);
    expect(held.reservations[1]).toEqual(
      ((await (await central.fetch('/v1/reservations/R-1')).json()) as { reservation: unknown }).reservation,
    );
    for (const wrong of ['?state=perhaps', '?before=x', '?limit=0', '?limit=201', '?sku=A']) {
      expect(await problemOf(await central.fetch(`/v1/reservations${wrong}`))).toMatchObject({ status: 400 });
    }
    expect(await problemOf(await central.fetch('/v1/reservations?channel=nowhere'))).toMatchObject({
      code: 'unknown-channel',
    });
  });

  test('takes what there is when it may be partial', async () => {
    await central.move('BER1', { sku: 'A', quantity: 2 });
    const response = await reserve({ ...A3, partial: true });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({
      reservation: { lines: [{ sku: 'A', requested: 3, held: 2 }] },
      shortages: [{ sku: 'A', requested: 3, available: 2 }],
    });
  });

  test('sums the demand for a SKU before it is checked', async () => {
    await central.move('BER1', { sku: 'A', quantity: 3 });
    const lines = [
      { sku: 'A', quantity: 2 },
      { sku: 'A', quantity: 2 },
    ];
    expect(await problemOf(await reserve({ ...A3, lines }))).toMatchObject({
      shortages: [{ sku: 'A', requested: 4, available: 3 }],
    });
  });

  test('a repeated request gets the first answer, marked, and holds nothing twice (P9)', async () => {
    await central.move('BER1', { sku: 'A', quantity: 10 });
    const key = { 'idempotency-key': 'checkout-1' };
    const first = await reserve(A3, key);
    // The same request in other words: keys in another order, what is the default said aloud.
    const again = await reserve({ partial: false, ttlSeconds: 900, lines: A3.lines, owner: A3.owner }, key);
    expect(again.status).toBe(201);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(await again.json()).toEqual(await first.json());
    expect(await available('A')).toBe(7);
  });

  test('refuses a key that belongs to another request', async () => {
    await central.move('BER1', { sku: 'A', quantity: 10 });
    const key = { 'idempotency-key': 'checkout-1' };
    await reserve(A3, key);
    const other = await reserve({ ...A3, owner: 'cart 2' }, key);
    expect(await problemOf(other)).toMatchObject({ status: 422, code: 'idempotency-key-reused' });
    expect(await available('A')).toBe(7);
  });

  test('says which line is no object', async () => {
    const problem = await problemOf(await reserve({ ...A3, lines: [...A3.lines, null] }));
    expect(problem).toMatchObject({
      status: 400,
      detail: 'lines[1] must be a JSON object.',
      problems: [{ line: 1, code: 'invalid-type', path: 'lines.1' }],
    });
  });

  test.each([
    ['no object', null, 'invalid-request'],
    ['no owner', { lines: A3.lines }, 'invalid-request'],
    ['no lines', { ...A3, lines: [] }, 'invalid-request'],
    ['half a unit', { ...A3, lines: [{ sku: 'A', quantity: 0.5 }] }, 'invalid-request'],
    ['less than nothing', { ...A3, lines: [{ sku: 'A', quantity: -1 }] }, 'invalid-request'],
    ['a text for a number', { ...A3, lines: [{ sku: 'A', quantity: '1' }] }, 'invalid-request'],
    ['no SKU', { ...A3, lines: [{ sku: 'a,b', quantity: 1 }] }, 'invalid-request'],
    ['a day and a second', { ...A3, ttlSeconds: 86_401 }, 'invalid-request'],
    ['a misspelt field', { ...A3, ttl: 5 }, 'invalid-request'],
    ['an id with a slash', { ...A3, id: 'a/b' }, 'invalid-request'],
    ['a channel that cannot be', { ...A3, channel: 'The Shop' }, 'invalid-request'],
    [
      'a line too many',
      { ...A3, lines: Array.from({ length: 501 }, (_, i) => ({ sku: `S${i}`, quantity: 1 })) },
      'invalid-request',
    ],
  ])('refuses %s', async (_, body, code) => {
    await central.move('BER1', { sku: 'A', quantity: 10 });
    const problem = await problemOf(await reserve(body as object));
    expect(problem).toMatchObject({ status: 400, code });
    expect(String(problem.detail).length).toBeGreaterThan(10);
    expect(await available('A')).toBe(10);
  });

  test('knows no channel that nobody has set', async () => {
    expect(await problemOf(await reserve({ ...A3, channel: 'amazon' }))).toMatchObject({
      status: 404,
      code: 'unknown-channel',
    });
  });

  test('200 who want the last unit at the same moment: one gets it, the others a clean no (P3)', async () => {
    await central.move('BER1', { sku: 'A', quantity: 1 });
    const lines = [{ sku: 'A', quantity: 1 }];
    const responses = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        reserve({ owner: `cart ${index}`, lines }, { 'idempotency-key': `k-${index}` }),
      ),
    );
    const statuses = responses.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(199);
    for (const response of responses.filter(({ status }) => status === 409)) {
      expect(await problemOf(response)).toMatchObject({ code: 'insufficient', shortages: [{ available: 0 }] });
    }
    expect(await available('A')).toBe(0);
  });

  test('200 who want one of 37 units, each twice over: exactly 37 get one', async () => {
    await central.move('BER1', { sku: 'A', quantity: 20 });
    await central.move('HAM1', { sku: 'A', quantity: 17 });
    const lines = [{ sku: 'A', quantity: 1 }];
    const attempts = Array.from({ length: 200 }, (_, index) => index).flatMap((index) => [index, index]);
    const responses = await Promise.all(
      attempts.map((index) => reserve({ owner: `cart ${index}`, lines }, { 'idempotency-key': `k-${index}` })),
    );
    const made = responses.filter(({ status }) => status === 201);
    expect(new Set(made.map(({ headers }) => headers.get('location'))).size).toBe(37);
    expect(responses.filter(({ status }) => status === 409)).toHaveLength(400 - made.length);
    expect(await available('A')).toBe(0);
    const page = await (await central.fetch('/metrics')).text();
    expect(page).toContain('edgestock_central_oversold 0');
    expect(page).toContain('edgestock_central_reservations_held 37');
    expect(page).toMatch(/edgestock_central_promise_refused_for_shortage_total \d{3}/);
  });
});

describe('what becomes of a reservation', () => {
  test('released, its units can be promised again; a second time changes nothing', async () => {
    await central.move('BER1', { sku: 'A', quantity: 3 });
    const id = await reserved();
    expect(await available('A')).toBe(0);
    const released = await central.post(`/v1/reservations/${id}/release`, { reason: 'cart emptied' });
    expect(await released.json()).toMatchObject({
      reservation: { id, state: 'released', ended: { reason: 'cart emptied' } },
    });
    const again = await central.fetch(`/v1/reservations/${id}/release`, { method: 'POST' });
    expect(again.status).toBe(200);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await available('A')).toBe(3);
  });

  test('renewed, it lasts longer; over, it does not come back', async () => {
    await central.move('BER1', { sku: 'A', quantity: 3 });
    const id = await reserved({ ...A3, ttlSeconds: 10 });
    central.clock.offsetMs = 9_000;
    const renewed = await central.post(`/v1/reservations/${id}/renew`, { ttlSeconds: 60 });
    const expiresAt = new Date(NOW + 69_000).toISOString();
    expect(await renewed.json()).toMatchObject({ reservation: { state: 'held', expiresAt } });
    central.clock.offsetMs = 69_000;
    expect(await (await central.fetch(`/v1/reservations/${id}`)).json()).toMatchObject({
      reservation: { state: 'expired' },
    });
    expect(await problemOf(await central.post(`/v1/reservations/${id}/renew`, { ttlSeconds: 60 }))).toMatchObject({
      status: 409,
      code: 'reservation-state',
      state: 'expired',
    });
  });

  test.each(['', '/renew', '/release', '/confirm'])('an unknown one is told: %s', async (suffix) => {
    const response = await (suffix === ''
      ? central.fetch('/v1/reservations/R-404')
      : central.fetch(`/v1/reservations/R-404${suffix}`, { method: 'POST' }));
    expect(await problemOf(response)).toMatchObject({ status: 404, code: 'unknown-reservation' });
  });
});

test('when too much waits it says so, and when to come again', async () => {
  await central.stop();
  const { PromiseUnavailable } = await import('../orders/promise-writer.ts');
  const promise = () => Promise.reject(new PromiseUnavailable('busy', '4096 promise commands wait already'));
  central = await ApiUnderTest.start({ writer: { promise } });
  const response = await reserve();
  expect(response.headers.get('retry-after')).toBe('1');
  expect(await problemOf(response)).toMatchObject({
    status: 503,
    code: 'unavailable',
    reason: 'busy',
    retryable: true,
  });
});
