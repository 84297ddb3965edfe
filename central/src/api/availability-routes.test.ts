import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiUnderTest, NOW } from '../testing/api-under-test.ts';
import { apiLimits } from './limits.ts';

let central: ApiUnderTest;
beforeEach(async () => {
  central = await ApiUnderTest.start();
});
afterEach(() => central.stop());

/** The members of an answer that the tests look into, and of a problem. */
type AnswerJson = {
  readonly sku: string;
  readonly available: number;
  readonly stale: readonly string[];
  readonly warehouses: readonly { readonly lagMs: number }[];
  readonly code: string;
};

const get = async (path: string, headers: Record<string, string> = {}) => {
  const response = await central.fetch(path, { headers });
  return {
    status: response.status,
    headers: response.headers,
    body: await bodyOf(response),
  };
};

async function bodyOf(response: Response): Promise<AnswerJson> {
  return JSON.parse((await response.text()) || '{}');
}

describe('GET /v1/availability/{sku}', () => {
  test('sums what the warehouses may promise, and tells each share with its age', async () => {
    await central.move('BER1', { sku: 'A', quantity: 10 });
    await central.move('HAM1', { sku: 'A', quantity: 3 }, { sku: 'A', quantity: -1 });
    central.clock.offsetMs = 4_000;
    const { status, body } = await get('/v1/availability/A');
    expect(status).toBe(200);
    expect(body).toEqual({
      sku: 'A',
      channel: 'default',
      available: 12,
      revision: 2,
      asOf: new Date(NOW).toISOString(),
      ageMs: 4_000,
      stale: [],
      warehouses: [
        share({ warehouse: 'BER1', available: 10, onHand: 10, incoming: 0, version: 1, sequence: 1 }),
        share({ warehouse: 'HAM1', available: 2, onHand: 2, incoming: 0, version: 2, sequence: 2 }),
      ],
    });
  });

  function share(facts: object) {
    return { incoming: 0, ...facts, asOf: new Date(NOW).toISOString(), lagMs: 4_000 };
  }

  test('answers 0 for a SKU that nobody ever had', async () => {
    const { status, body } = await get('/v1/availability/never%20seen');
    expect(status).toBe(200);
    expect(body).toMatchObject({ sku: 'never seen', available: 0, revision: 0, warehouses: [], stale: [] });
  });

  test('offers a position below zero as 0 and shows it as it is', async () => {
    await central.move('BER1', { sku: 'A', quantity: -2 });
    await central.move('HAM1', { sku: 'A', quantity: 5 });
    const { body } = await get('/v1/availability/A');
    expect(body.available).toBe(5);
    expect(body.warehouses[0]).toMatchObject({ available: 0, onHand: -2 });
  });

  test('takes the asOf of the warehouse that is known least', async () => {
    await central.move('BER1', { sku: 'A', quantity: 10 });
    central.clock.offsetMs = 3_000;
    await central.move('HAM1', { sku: 'A', quantity: 3 });
    central.clock.offsetMs = 4_000;
    const { body } = await get('/v1/availability/A');
    expect(body).toMatchObject({ asOf: new Date(NOW).toISOString(), ageMs: 4_000 });
    expect(body.warehouses.map(({ lagMs }) => lagMs)).toEqual([4_000, 1_000]);
  });

  test('shows a sale at once after its notice, from memory or not', async () => {
    for (let left = 30; left > 0; left -= 1) {
      await central.move('BER1', { sku: 'A', quantity: left === 30 ? 30 : -1 });
      expect((await get('/v1/availability/A')).body.available).toBe(left);
      expect((await get('/v1/availability/A')).body.available).toBe(left);
    }
  });

  test('names the warehouses that have fallen silent, whose numbers stay', async () => {
    await central.move('BER1', { sku: 'A', quantity: 10 });
    await central.move('HAM1', { sku: 'A', quantity: 3 });
    central.clock.offsetMs = 60_000;
    await central.store.hear('BER1', central.now);
    const { body, headers } = await get('/v1/availability/A');
    expect(body).toMatchObject({ available: 13, stale: ['HAM1'] });
    expect(headers.get('cache-control')).toBe('no-cache');
  });

  test('lets caches keep an answer for a second, unless few are left', async () => {
    await central.move('BER1', { sku: 'many', quantity: 6 }, { sku: 'few', quantity: 5 });
    expect((await get('/v1/availability/many')).headers.get('cache-control')).toBe('public, max-age=1');
    expect((await get('/v1/availability/few')).headers.get('cache-control')).toBe('no-cache');
  });

  test('answers 304 to the tag it gave, until the stock or the silent set changes', async () => {
    await central.move('BER1', { sku: 'A', quantity: 10 });
    const first = (await get('/v1/availability/A')).headers.get('etag') ?? '';
    const unchanged = await get('/v1/availability/A', { 'if-none-match': first });
    expect(unchanged.status).toBe(304);
    expect(unchanged.headers.get('etag')).toBe(first);
    expect(unchanged.headers.get('cache-control')).toBe('public, max-age=1');
    for (const header of [`"x", ${first}`, '*', first.replace('W/', '')]) {
      expect((await get('/v1/availability/A', { 'if-none-match': header })).status).toBe(304);
    }
    expect((await get('/v1/availability/A', { 'if-none-match': '"x"' })).status).toBe(200);

    await central.move('BER1', { sku: 'A', quantity: -1 });
    const sold = await get('/v1/availability/A', { 'if-none-match': first });
    expect(sold.status).toBe(200);

    central.clock.offsetMs = 60_000;
    const silent = await get('/v1/availability/A', { 'if-none-match': sold.headers.get('etag') ?? '' });
    expect(silent.status).toBe(200);
    expect(silent.body.stale).toEqual(['BER1']);
    const stillSilent = await get('/v1/availability/A', { 'if-none-match': silent.headers.get('etag') ?? '' });
    expect(stillSilent.status).toBe(304);
  });

  test('answers no 304 to the tag of a store that was lost, though its numbers come again', async () => {
    await central.move('BER1', { sku: 'A', quantity: 10 });
    const lost = (await get('/v1/availability/A')).headers.get('etag') ?? '';
    await central.stop();
    central = await ApiUnderTest.start();
    await central.move('BER1', { sku: 'A', quantity: 3 });
    const { status, body } = await get('/v1/availability/A', { 'if-none-match': lost });
    expect(status).toBe(200);
    expect(body).toMatchObject({ available: 3, revision: 1 });
  });

  test('answers HEAD with the headers alone', async () => {
    await central.move('BER1', { sku: 'A', quantity: 10 });
    const response = await central.fetch('/v1/availability/A', { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('etag')).toBe(`W/"${await central.store.reader.life()}.1"`);
    expect(await response.text()).toBe('');
  });

  test('takes any SKU that can be one, however it must be spelt in an address', async () => {
    for (const name of [
      '85123a',
      'rosé 0,75'.replace(',', '.'),
      'a/b?c#d&e=f',
      '100%',
      '"quoted"',
      '日本',
      'query',
      '\\',
    ]) {
      await central.move('BER1', { sku: name, quantity: 7 });
      expect((await get(`/v1/availability/${encodeURIComponent(name)}`)).body).toMatchObject({
        sku: name,
        available: 7,
      });
    }
  });

  test('is case-sensitive', async () => {
    await central.move('BER1', { sku: '85123a', quantity: 7 });
    expect((await get('/v1/availability/85123A')).body.available).toBe(0);
  });

  test.each([
    ['/v1/availability/a%2Cb', 'malformed-sku'],
    ['/v1/availability/%20a', 'malformed-sku'],
    ['/v1/availability/%00', 'malformed-sku'],
    [`/v1/availability/${'x'.repeat(65)}`, 'malformed-sku'],
    ['/v1/availability/A?channel=', 'unknown-channel'],
    ['/v1/availability/A?channel=amazon', 'unknown-channel'],
    ['/v1/availability/A?chanel=default', 'invalid-request'],
  ])('refuses %s as %s', async (path, code) => {
    const { status, headers, body } = await get(path);
    expect(body.code).toBe(code);
    expect(status).toBe(code === 'unknown-channel' ? 404 : 400);
    expect(headers.get('content-type')).toBe('application/problem+json');
  });

  test('takes the channel that there is', async () => {
    expect((await get('/v1/availability/A?channel=default')).status).toBe(200);
  });
});

describe('POST /v1/availability/query', () => {
  test('answers in the order asked, each SKU once', async () => {
    await central.move('BER1', { sku: 'A', quantity: 10 }, { sku: 'B', quantity: 20 });
    const response = await central.post('/v1/availability/query', { skus: ['B', 'X', 'A', 'B'] });
    expect(response.status).toBe(200);
    const { channel, answers } = (await response.json()) as { channel: string; answers: AnswerJson[] };
    expect(channel).toBe('default');
    expect(answers.map(({ sku, available }) => [sku, available])).toEqual([
      ['B', 20],
      ['X', 0],
      ['A', 10],
    ]);
    expect(answers[2]).toEqual((await get('/v1/availability/A')).body);
  });

  test('takes as many SKUs as it says, and not one more', async () => {
    const skus = Array.from({ length: apiLimits.skusPerQueryMax + 1 }, (_, index) => `S${index}`);
    expect((await central.post('/v1/availability/query', { skus: skus.slice(1) })).status).toBe(200);
    const refused = await central.post('/v1/availability/query', { skus });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ code: 'too-many-skus', skusMax: 1_000 });
  });

  test.each([
    [{}, 'invalid-request'],
    [[], 'invalid-request'],
    [{ skus: [] }, 'invalid-request'],
    [{ skus: 'A' }, 'invalid-request'],
    [{ skus: [1] }, 'invalid-request'],
    [{ skus: ['A'], chanel: 'default' }, 'invalid-request'],
    [{ skus: ['A', ' '] }, 'malformed-sku'],
    [{ skus: ['A'], channel: 'amazon' }, 'unknown-channel'],
  ])('refuses %j as %s', async (body, code) => {
    const response = await central.post('/v1/availability/query', body);
    expect((await bodyOf(response)).code).toBe(code);
    expect(response.status).toBe(code === 'unknown-channel' ? 404 : 400);
  });

  test('refuses what is not JSON, not sent as JSON, or too long', async () => {
    const send = (body: string | Uint8Array<ArrayBuffer>, type = 'application/json') =>
      central.fetch('/v1/availability/query', { method: 'POST', headers: { 'content-type': type }, body });
    expect((await send('{"skus":')).status).toBe(400);
    expect((await send('')).status).toBe(400);
    expect((await send(new Uint8Array([0x22, 0xff, 0x22]))).status).toBe(400);
    expect((await send('{"skus":["A"]}', 'text/plain')).status).toBe(415);
    expect((await send(`"${'x'.repeat(apiLimits.queryBodyBytesMax)}"`)).status).toBe(413);
    const chunked = new ReadableStream({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('x'.repeat(65_536))),
    });
    const endless = central.fetch('/v1/availability/query', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: chunked,
      duplex: 'half',
    } as RequestInit);
    expect((await endless).status).toBe(413);
  });
});

describe('every route', () => {
  test('says which methods it takes', async () => {
    const response = await central.fetch('/v1/availability/A', { method: 'DELETE' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect(await bodyOf(response)).toMatchObject({
      code: 'method-not-allowed',
      detail: expect.stringContaining(' takes GET, HEAD, not '),
    });
  });

  test('that does not exist is told as a problem', async () => {
    const { status, body } = await get('/v2/availability/A');
    expect(status).toBe(404);
    expect(body.code).toBe('route-not-found');
    expect(body).toHaveProperty('hint', 'Is /v1/availability/:sku meant?');
  });

  test('that only a node has names those of central that answer the same', async () => {
    const { status, body } = await get('/v1/stock/A%20B');
    expect([status, body.code]).toEqual([404, 'route-not-found']);
    for (const route of ['/v1/availability/A%20B', '/v1/stock/A%20B/explain']) {
      expect(body).toHaveProperty('hint', expect.stringContaining(route));
      expect((await get(route)).status).not.toBe(404);
    }
  });
});

test('what is no HTTP at all gets a problem document', async () => {
  const socket = connect(Number(new URL(central.api.url).port), '127.0.0.1');
  socket.end('hello there\r\n\r\n');
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 400 [\s\S]*application\/problem\+json[\s\S]*"code":"invalid-request"/);
});
