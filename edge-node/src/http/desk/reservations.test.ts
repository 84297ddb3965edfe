import type { Quantities } from '@edgestock/shared/inventory/position';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, OpenDoors } from '../../testing/open-doors.ts';
import { sku } from '../../testing/site.ts';

const PATH = '/v1/reservations';
const wish = { id: 'R1', owner: 'Ada', lines: [{ sku: 'TEA', quantity: 2 }] };

let doors: OpenDoors;
beforeEach(async () => {
  doors = new OpenDoors();
  await doors.receive('TEA', 5);
});
afterEach(() => doors.close());

const told = (answer: Answer) => [answer.status, answer.body.reservation?.state, answer.body.code];
const position = (text = 'TEA'): Partial<Quantities> => doors.site.ledger.view.position(sku(text)) ?? {};

describe('a reservation', () => {
  test('is made, says where it is and how long it holds, and sets its units aside', async () => {
    const answer = await doors.post(PATH, { ...wish, id: 'R/1', note: 'blue bag' });
    expect([answer.status, answer.headers.get('location')]).toEqual([201, '/v1/reservations/R%2F1']);
    expect(answer.body).toMatchObject({
      reservation: {
        id: 'R/1',
        owner: 'Ada',
        note: 'blue bag',
        state: 'held',
        lines: [{ sku: 'TEA', quantity: 2 }],
        expiresAt: new Date(doors.site.clock.now() + 1_800_000).toISOString(),
      },
      movements: [{ kind: 'reserve', quantity: 2, position: { onHand: 5, reserved: 2, available: 3 } }],
    });
    const found = await doors.get(answer.headers.get('location') ?? '');
    expect([found.status, found.body.reservation]).toEqual([200, answer.body.reservation]);
  });

  test('takes barcodes with their multiple', async () => {
    const { store } = doors.site;
    store.transaction(() => {
      const item = { sku: sku('TEA'), name: 'Tea', barcodes: [{ barcode: '04012345678901', multiple: 3 }] };
      store.items.upsert(item, 0);
    });
    const answer = await doors.post(PATH, { owner: 'Ada', lines: [{ barcode: '4012345678901', quantity: 1 }] });
    expect([answer.status, position().reserved]).toEqual([201, 3]);
  });

  test('that needs more than is available is refused per line, and nothing of it is kept', async () => {
    await doors.receive('MUG', 1);
    const lines = [
      { sku: 'TEA', quantity: 2 },
      { sku: 'MUG', quantity: 1 },
      { sku: 'MUG', quantity: 1 },
      { sku: 'NEW', quantity: 1 },
    ];
    const answer = await doors.post(PATH, { ...wish, lines });
    expect([answer.status, answer.body.code]).toEqual([409, 'insufficient']);
    expect(answer.body).toMatchObject({
      shortages: [
        { sku: 'MUG', requested: 2, available: 1 },
        { sku: 'NEW', requested: 1, available: 0 },
      ],
    });
    expect([position().reserved, position('MUG').reserved]).toEqual([0, 0]);
    expect((await doors.get(`${PATH}/R1`)).status).toBe(404);
  });

  test.each<[string, object]>([
    ['ttl-invalid', { ttlSeconds: 0 }],
    ['ttl-invalid', { ttlSeconds: 14 * 86_400 + 1 }],
    ['ttl-invalid', { ttlSeconds: 1.5 }],
    ['required', { owner: undefined }],
    ['text-malformed', { owner: '' }],
    ['text-malformed', { id: 'a\nb' }],
    ['quantity-invalid', { lines: [{ sku: 'TEA', quantity: 0 }] }],
    ['quantity-invalid', { lines: [{ sku: 'TEA', quantity: -1 }] }],
    ['quantity-invalid', { lines: Array.from({ length: 2 }, () => ({ sku: 'BIG', quantity: 10 ** 12 })) }],
    ['id-malformed', { id: '.' }],
    ['id-malformed', { id: '..' }],
    ['sku-or-barcode', { lines: [{ quantity: 1 }] }],
    ['too-few', { lines: [] }],
    ['unknown-field', { lines: [{ sku: 'TEA', quantity: 1, bin: 'B1' }] }],
  ])('is refused with %s for %j', async (code, wrong) => {
    // Enough even of the most that one line may be, twice.
    for (const _ of [1, 2]) await doors.receive('BIG', 10 ** 12);
    const answer = await doors.post(PATH, { ...wish, ...wrong });
    expect([answer.status, answer.body.problems?.[0]?.code]).toEqual([400, code]);
    expect(position().reserved).toBe(0);
  });
});

describe('a repeated request (P9)', () => {
  test('with its own id gets the reservation, and reserves once; another body under the id is refused', async () => {
    await doors.post(PATH, wish);
    const again = await doors.post(PATH, wish);
    expect([again.status, again.headers.get('idempotency-replayed'), position().reserved]).toEqual([201, 'true', 2]);
    expect(again.headers.get('location')).toBe('/v1/reservations/R1');
    const other = await doors.post(PATH, { ...wish, owner: 'Bob' });
    expect([other.status, other.body.code]).toEqual([422, 'id-reused']);
  });

  test('with a key and no id gets the reservation that the first one made', async () => {
    const { id: _, ...anonymous } = wish;
    const key = { 'idempotency-key': 'k1' };
    const first = await doors.post(PATH, anonymous, key);
    const again = await doors.post(PATH, anonymous, key);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(again.body.reservation).toEqual(first.body.reservation);
    expect([again.headers.get('idempotency-replayed'), position().reserved]).toEqual(['true', 2]);
    const other = await doors.post(PATH, { ...anonymous, owner: 'Bob' }, key);
    expect([other.status, other.body.code]).toEqual([422, 'idempotency-key-reused']);
  });

  test('without either makes another one; where keys are required it is refused', async () => {
    const { id: _, ...anonymous } = wish;
    await doors.post(PATH, anonymous);
    await doors.post(PATH, anonymous);
    expect(position().reserved).toBe(4);
    const strict = new OpenDoors({ isIdempotencyKeyRequired: true });
    try {
      await strict.receive('TEA', 5);
      expect((await strict.post(PATH, anonymous)).body.code).toBe('idempotency-key-required');
      expect((await strict.post(PATH, wish)).status).toBe(201);
    } finally {
      strict.close();
    }
  });

  test('of a step is answered again and changes nothing', async () => {
    await doors.post(PATH, wish);
    for (const step of ['confirm', 'confirm'])
      expect(told(await doors.post(`${PATH}/R1/${step}`, undefined))[1]).toBe('confirmed');
    const key = { 'idempotency-key': 'k2' };
    const first = await doors.delete(`${PATH}/R1`, key);
    const again = await doors.delete(`${PATH}/R1`, key);
    expect([first.status, again.status, again.headers.get('idempotency-replayed')]).toEqual([200, 200, 'true']);
    expect(again.body.movements).toEqual(first.body.movements);
    expect(position()).toMatchObject({ onHand: 5, reserved: 0, committed: 0 });
  });
});

describe('the steps', () => {
  beforeEach(() => doors.post(PATH, wish));

  test('a confirmed one is committed and does not end', async () => {
    const answer = await doors.post(`${PATH}/R1/confirm`, { actor: 'desk' });
    expect(told(answer)).toEqual([200, 'confirmed', undefined]);
    expect(answer.body.reservation).not.toHaveProperty('expiresAt');
    expect(position()).toMatchObject({ reserved: 0, committed: 2 });
    await doors.site.clock.advance(15 * 86_400_000);
    await doors.site.sweeper.sweep();
    expect(told(await doors.get(`${PATH}/R1`))).toEqual([200, 'confirmed', undefined]);
  });

  test('a released one frees its units', async () => {
    expect(told(await doors.delete(`${PATH}/R1`))).toEqual([200, 'released', undefined]);
    expect(position()).toMatchObject({ reserved: 0, onHand: 5 });
    expect(told(await doors.post(`${PATH}/R1/confirm`, undefined))).toEqual([409, undefined, 'reservation-state']);
  });

  test('a renewed one holds longer', async () => {
    await doors.site.clock.advance(1_799_000);
    const renewed = await doors.post(`${PATH}/R1/renew`, { ttlSeconds: 60 });
    expect(told(renewed)).toEqual([200, 'held', undefined]);
    await doors.site.clock.advance(30_000);
    expect(told(await doors.get(`${PATH}/R1`))).toEqual([200, 'held', undefined]);
    expect(told(await doors.post(`${PATH}/R1/renew`, undefined))).toEqual([200, 'held', undefined]);
    await doors.site.clock.advance(1_700_000);
    expect(told(await doors.get(`${PATH}/R1`))).toEqual([200, 'held', undefined]);
  });

  test('one whose time has run out is expired for whoever looks or asks, before any sweep', async () => {
    await doors.site.clock.advance(1_800_000);
    expect(position().reserved).toBe(2);
    expect(told(await doors.get(`${PATH}/R1`))).toEqual([200, 'expired', undefined]);
    const confirmed = await doors.post(`${PATH}/R1/confirm`, undefined);
    expect([told(confirmed), confirmed.body]).toMatchObject([
      [409, undefined, 'reservation-state'],
      { state: 'expired' },
    ]);
    expect((await doors.get(`${PATH}?state=held`)).body.reservations).toEqual([]);
    expect((await doors.get(`${PATH}?state=expired`)).body.reservations).toMatchObject([{ id: 'R1' }]);
  });

  test('its units serve the next one who asks, before any sweep', async () => {
    await doors.site.clock.advance(1_800_000);
    const next = await doors.post(PATH, { id: 'R2', owner: 'Bob', lines: [{ sku: 'TEA', quantity: 5 }] });
    expect([next.status, position().reserved]).toEqual([201, 5]);
    expect(told(await doors.get(`${PATH}/R1`))).toEqual([200, 'expired', undefined]);
  });

  test.each(['renew', 'confirm', 'fulfil'])('%s of one that is not there is a 404', async (step) => {
    const answer = await doors.post(`${PATH}/R9/${step}`, {
      ...(step === 'fulfil' ? { till: 'T', receipt: '1' } : {}),
    });
    expect([answer.status, answer.body.code]).toEqual([404, 'unknown-reservation']);
  });
});

describe('taking it', () => {
  const taken = { till: 'T1', receipt: '77' };
  beforeEach(() => doors.post(PATH, wish));

  test.each(['held', 'confirmed'])(
    'records the sale of a %s one and frees what was kept, in one command',
    async (state) => {
      if (state === 'confirmed') await doors.post(`${PATH}/R1/confirm`, undefined);
      const answer = await doors.post(`${PATH}/R1/fulfil`, taken);
      expect(told(answer)).toEqual([200, 'fulfilled', undefined]);
      expect(answer.body).toMatchObject({
        reservation: { receipt: 'T1/77' },
        movements: [{ kind: state === 'held' ? 'release' : 'uncommit' }, { kind: 'sale', quantity: -2 }],
        exceptions: [],
      });
      expect(position()).toMatchObject({ onHand: 3, reserved: 0, committed: 0 });
    },
  );

  test('is done once, whatever is repeated; its receipt is taken for any other sale', async () => {
    await doors.post(`${PATH}/R1/fulfil`, taken);
    expect((await doors.post(`${PATH}/R1/fulfil`, taken)).headers.get('idempotency-replayed')).toBe('true');
    expect(told(await doors.post(`${PATH}/R1/fulfil`, { ...taken, receipt: '78' }))[2]).toBe('reservation-state');
    const sale = await doors.post('/v1/sales', { ...taken, lines: [{ sku: 'TEA', quantity: 2 }] });
    expect([sale.status, sale.body.code]).toEqual([422, 'idempotency-key-reused']);
    expect(position().onHand).toBe(3);
    expect((await doors.delete(`${PATH}/R1`)).status).toBe(409);
  });

  test('late is recorded all the same (P4)', async () => {
    await doors.site.clock.advance(2 * 1_800_000);
    await doors.post(PATH, { id: 'R2', owner: 'Bob', lines: [{ sku: 'TEA', quantity: 5 }] });
    const answer = await doors.post(`${PATH}/R1/fulfil`, taken);
    expect([told(answer), answer.body.exceptions]).toMatchObject([
      [200, 'fulfilled', undefined],
      [{ kind: 'negative-available', deficit: 2 }],
    ]);
    expect(position()).toMatchObject({ onHand: 3, reserved: 5 });
  });
});

describe('the list', () => {
  test('pages in order of making, by owner and state', async () => {
    for (const [index, owner] of ['Ada', 'Bob', 'Ada', 'Ada'].entries()) {
      await doors.post(PATH, { id: `R${index}`, owner, lines: [{ sku: 'TEA', quantity: 1 }] });
    }
    await doors.delete(`${PATH}/R2`);
    const ids = (answer: Answer) => answer.body.reservations?.map(({ id }) => id);
    expect(ids(await doors.get(PATH))).toEqual(['R0', 'R1', 'R2', 'R3']);
    expect(ids(await doors.get(`${PATH}?owner=Ada&state=held`))).toEqual(['R0', 'R3']);
    expect(ids(await doors.get(`${PATH}?state=released`))).toEqual(['R2']);
    const page = await doors.get(`${PATH}?owner=Ada&limit=2`);
    expect(ids(page)).toEqual(['R0', 'R2']);
    const rest = await doors.get(`${PATH}?owner=Ada&limit=2&after=${page.body.next}`);
    expect([ids(rest), rest.body.next]).toEqual([['R3'], undefined]);
  });

  test.each(['state=open', 'after=x', 'limit=0', 'colour=red'])('refuses ?%s', async (query) => {
    expect((await doors.get(`${PATH}?${query}`)).status).toBe(400);
  });
});

test('explain names the reservations behind the number (P7)', async () => {
  await doors.post(PATH, wish);
  await doors.post(PATH, { ...wish, id: 'R2', owner: 'Bob', lines: [{ sku: 'TEA', quantity: 1 }] });
  await doors.post(PATH, { ...wish, id: 'R3', lines: [{ sku: 'TEA', quantity: 1 }] });
  await doors.post(`${PATH}/R2/confirm`, undefined);
  await doors.delete(`${PATH}/R3`);
  const { body } = await doors.get('/v1/stock/TEA/explain');
  expect(body.reservations).toEqual([
    {
      id: 'R1',
      owner: 'Ada',
      state: 'held',
      units: 2,
      expiresAt: new Date(doors.site.clock.now() + 1_800_000).toISOString(),
    },
    { id: 'R2', owner: 'Bob', state: 'confirmed', units: 1 },
  ]);
});

test('status and metrics tell how many are open and how many have expired', async () => {
  await doors.post(PATH, wish);
  await doors.post(PATH, { ...wish, id: 'R2', ttlSeconds: 10 });
  await doors.site.clock.advance(15_000);
  await doors.site.sweeper.sweep();
  expect((await doors.get('/v1/status')).body).toMatchObject({ openReservations: 1 });
  const { text } = await doors.get('/metrics');
  expect(text).toMatch(/edgestock_reservations_open\{[^}]*\} 1\n/);
  expect(text).toMatch(/edgestock_reservations_expired_total\{[^}]*\} 1\n/);
});
