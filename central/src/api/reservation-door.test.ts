import { connect } from 'node:net';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { answerOnWire, requestOnWire } from '@edgestock/shared/testing/wire-request';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PromiseUnavailable } from '../orders/promise-writer.ts';
import { ApiUnderTest } from '../testing/api-under-test.ts';
import { frontDoors } from './front-doors.ts';
import { startHttpServer } from './http-server.ts';

const PATH = 'POST /v1/reservations';
const PLAIN = 'Content-Type: application/json';
/** Means the same, and is left to the route. */
const NOT_PLAIN = 'Content-Type: application/json; charset=utf-8';

/** Two centrals with the same stock: of one the front door is asked, of the other the route. */
let centrals: { readonly door: ApiUnderTest; readonly route: ApiUnderTest };
beforeEach(async () => {
  centrals = { door: await ApiUnderTest.start(), route: await ApiUnderTest.start() };
  for (const central of [centrals.door, centrals.route]) await central.move('BER1', { sku: 'A', quantity: 5 });
});
afterEach(async () => {
  await Promise.all([centrals.door.stop(), centrals.route.stop()]);
});

/** By lines. */
async function answerOf({ url }: { readonly url: string }, ...pieces: readonly Buffer[]): Promise<string> {
  return (await answerOnWire(url, ...pieces)).replaceAll('\r\n', '\n');
}

function post(type: string, body: unknown, ...headers: readonly string[]): Buffer {
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return requestOnWire(PATH, [type, `Content-Length: ${Buffer.byteLength(text)}`, ...headers], text);
}

const cart = (id: string, more: object = {}) => ({
  ...{ id, owner: 'cart 1', lines: [{ sku: 'A', quantity: 2 }] },
  ...more,
});

async function expectAlike(status: number, body: unknown, ...headers: readonly string[]): Promise<string> {
  const told = await answerOf(centrals.door.api, post(PLAIN, body, ...headers));
  expect(told).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(told).toBe(await answerOf(centrals.route.api, post(NOT_PLAIN, body, ...headers)));
  return told;
}

describe('a reservation through the front door', () => {
  it('is made and answered as by the route, byte for byte', async () => {
    const told = await expectAlike(201, cart('r1', { owner: 'Jörg' }));
    expect(told).toMatch(/\nlocation: \/v1\/reservations\/r1\n[\s\S]*"held":2/);
    expect(await expectAlike(201, cart('r2', { lines: [{ sku: 'A', quantity: 9 }], partial: true }))).toContain(
      '"shortages":[{"sku":"A","requested":9,"available":3}]',
    );
    await expectAlike(409, cart('r3'));
  });

  it('is the same one when it is repeated, through whichever', async () => {
    await expectAlike(201, cart('r1'), 'Idempotency-Key: k');
    expect(await expectAlike(201, cart('r1'), 'Idempotency-Key: k')).toContain('\nidempotency-replayed: true\n');
    await expectAlike(422, cart('r1', { owner: 'cart 2' }), 'Idempotency-Key: k');
    const byRoute = await answerOf(centrals.door.api, post(NOT_PLAIN, cart('r1'), 'Idempotency-Key: k'));
    expect(byRoute).toContain('\nidempotency-replayed: true\n');
  });

  it.each([
    ['no JSON', '{"owner":'],
    ['no UTF-8', Buffer.from('{"owner":"\xe4"}', 'latin1')],
    ['no object', '[]'],
    ['an unknown field', cart('r', { ownr: 1 })],
    ['no lines', cart('r', { lines: [] })],
  ])('is refused in the same words: %s', async (_, body) => {
    await expectAlike(400, body);
  });

  it('is refused alike for its key and its channel', async () => {
    await expectAlike(400, cart('r'), 'Idempotency-Key: \xe4');
    await expectAlike(404, cart('r', { channel: 'shop' }));
  });

  it('is told alike that nothing can be promised, or that it failed', async () => {
    const failures = [
      [503, new PromiseUnavailable('busy', 'many wait')],
      [500, new Error('a mistake of ours')],
    ] as const;
    for (const [status, error] of failures) {
      for (const { writer } of [centrals.door, centrals.route]) writer.promise = () => Promise.reject(error);
      await expectAlike(status, cart('r'));
    }
  });

  it('is not seen by the app', async () => {
    const server = await startHttpServer({ host: '127.0.0.1', port: 0, clock: systemClock });
    const path = '/v1/reservations';
    const reserve = { path, route: path, answer: async () => ({ status: 201, headers: {}, text: '{}' }) };
    const answers = { inMemory: () => undefined, answer: () => Promise.reject(new Error('nobody asks')) };
    server.serve(
      new Hono(),
      frontDoors({ answers, reserve, clock: systemClock, log: silentLog, observe: () => undefined }),
    );
    expect(await answerOf(server, post(PLAIN, cart('r')))).toMatch(/^HTTP\/1\.1 201 /);
    expect(await answerOf(server, post(NOT_PLAIN, cart('r')))).toMatch(/^HTTP\/1\.1 404 /);
    await server.stop();
  });

  it('may come in pieces', async () => {
    const whole = post(PLAIN, cart('r1'));
    const pieces = [whole.subarray(0, -20), whole.subarray(-20, -7), whole.subarray(-7)];
    expect(await answerOf(centrals.door.api, ...pieces)).toBe(
      await answerOf(centrals.route.api, post(NOT_PLAIN, cart('r1'))),
    );
  });

  it('is measured as the route, also when it is refused or breaks off', async () => {
    await expectAlike(201, cart('r1'));
    await expectAlike(409, cart('r2', { lines: [{ sku: 'A', quantity: 9 }] }));
    const socket = connect(Number(new URL(centrals.door.api.url).port), '127.0.0.1');
    socket.write(post(PLAIN, cart('r3')).subarray(0, -5));
    await systemClock.sleep(50);
    socket.destroy();
    const counts = async () => {
      const text = await (await centrals.door.fetch('/metrics')).text();
      return text.split('\n').filter((line) => /request_seconds_count\{route="\/v1\/reservations"/.test(line));
    };
    await expect.poll(async () => (await counts()).join('\n')).toMatch(/status="2xx"\} 1\n.*status="4xx"\} 2$/);
  });
});

describe('left to the route', () => {
  const body = JSON.stringify(cart('r1'));
  const length = `Content-Length: ${body.length}`;
  it.each([
    ['no content type', PATH, [length], body, 415],
    ['a content type that stands twice', PATH, [length, PLAIN, 'content-type: text/plain'], body, 415],
    ['a compressed body', PATH, [length, PLAIN, 'Content-Encoding: gzip'], body, 415],
    ['chunks', PATH, [PLAIN, 'Transfer-Encoding: chunked'], `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`, 201],
    ['an empty body', PATH, [PLAIN, 'Content-Length: 0'], '', 400],
    ['a body that is too long', PATH, [PLAIN, 'Content-Length: 99999999'], '', 413],
    ['a query string', `${PATH}?x=1`, [PLAIN, length], body, 400],
    ['another method', 'PUT /v1/reservations', [PLAIN, length], body, 405],
    ['another path', `${PATH}/`, [PLAIN, length], body, 404],
  ])('is %s', async (_, line, headers, text, status) => {
    expect(await answerOf(centrals.door.api, requestOnWire(line, headers, text))).toMatch(
      new RegExp(`^HTTP/1\\.1 ${status} `),
    );
  });
});
