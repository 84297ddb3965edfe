import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OpenDoors } from '../../testing/open-doors.ts';
import { sku } from '../../testing/site.ts';
import { positionBody } from '../position-json.ts';
import { stockAnswer } from './stock-answer.ts';

let doors: OpenDoors;
beforeEach(() => {
  doors = new OpenDoors();
});
afterEach(() => doors.close());

describe('GET /v1/stock/{sku}', () => {
  test('gives the quantities, what is available, and the version as a tag', async () => {
    await doors.site.move('receive', [{ sku: sku('TEA'), quantity: 5 }]);
    await doors.site.move('move', [{ sku: sku('TEA'), quantity: 2, toCondition: 'damaged' }]);
    const { status, body, headers } = await doors.get('/v1/stock/TEA');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('etag')).toBe('"v2"');
    expect(body).toEqual({
      sku: 'TEA',
      onHand: 5,
      unsellable: 2,
      reserved: 0,
      committed: 0,
      quota: 0,
      safetyStock: 0,
      available: 3,
      version: 2,
      sequence: 2,
    });
  });

  test('its hand-made text says what every other answer says of a position', () => {
    const position = {
      ...{ onHand: -9, unsellable: 1, reserved: 2, committed: 3, quota: 4, safetyStock: 5 },
      ...{ granted: 8, allocated: 3, returned: 1, version: 6, sequence: 7 },
    };
    const name = sku('a"b\\c/é');
    expect(JSON.parse(stockAnswer(name, position).text)).toEqual({ sku: name, ...positionBody(position) });
  });

  test.each(['A B', 'A/B', '100%', 'Größe 5', 'a?b#c', '%41', 'x/explain'])('finds the SKU %s', async (text) => {
    await doors.receive(text, 1);
    expect((await doors.get(`/v1/stock/${encodeURIComponent(text)}`)).body).toMatchObject({ sku: text, onHand: 1 });
  });

  test('an item of the catalogue that never moved has zero of everything', async () => {
    doors.site.store.items.list({ sku: sku('NEW'), name: 'New' }, 0);
    const { status, body } = await doors.get('/v1/stock/NEW');
    expect([status, body]).toMatchObject([200, { onHand: 0, available: 0, version: 0 }]);
  });

  test('a SKU that nobody knows is a 404 with a hint, one that cannot be is a 400', async () => {
    const unknown = await doors.get('/v1/stock/tea');
    expect([unknown.status, unknown.body.code]).toEqual([404, 'unknown-sku']);
    expect(unknown.body).toHaveProperty('hint');
    const impossible = await doors.get('/v1/stock/a%2Cb');
    expect([impossible.status, impossible.body.problems?.[0]?.code]).toEqual([400, 'sku-malformed']);
  });

  test.each([
    ['"v1"', 304],
    ['W/"v1"', 304],
    ['"v0", "v1"', 304],
    ['*', 304],
    ['"v0"', 200],
    ['v1', 200],
  ])('with If-None-Match %s answers %i', async (tag, status) => {
    await doors.receive('TEA', 5);
    const answer = await doors.get('/v1/stock/TEA', { 'if-none-match': tag });
    expect([answer.status, answer.headers.get('etag')]).toEqual([status, '"v1"']);
    if (status === 304) expect(answer.text).toBe('');
  });
});

describe('GET /v1/stock', () => {
  beforeEach(async () => {
    for (const text of ['A', 'B', 'C/D']) await doors.receive(text, 1);
    doors.site.store.items.list({ sku: sku('B'), name: 'Bee' }, 0);
  });

  test('gives the SKUs asked for, in that order, and names those nobody knows', async () => {
    const { body } = await doors.get('/v1/stock?sku=C%2FD,X,A&sku=A');
    expect(body).toMatchObject({ stock: [{ sku: 'C/D' }, { sku: 'A', listed: false }], unknown: ['X'] });
    expect(body.stock).toHaveLength(2);
  });

  test('gives everything page by page', async () => {
    const first = await doors.get('/v1/stock?limit=2');
    expect(first.body.stock).toMatchObject([{ sku: 'A' }, { sku: 'B', name: 'Bee', listed: true, onHand: 1 }]);
    const second = await doors.get(`/v1/stock?limit=2&after=${first.body.next}`);
    expect(second.body.stock).toMatchObject([{ sku: 'C/D' }]);
    expect(second.body.next).toBeUndefined();
  });

  test.each(['sku=A&limit=2', 'sku=', 'sku=A,,B', `sku=${'A,'.repeat(200)}A`, 'limit=0', 'after=a%0Ab', 'skus=A'])(
    'refuses ?%s',
    async (query) => {
      expect((await doors.get(`/v1/stock?${query}`)).status).toBe(400);
    },
  );
});
