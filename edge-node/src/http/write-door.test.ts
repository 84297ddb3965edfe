import { requestOnWire } from '@edgestock/shared/testing/wire-request';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OpenDoors } from '../testing/open-doors.ts';
import { Wire } from '../testing/wire.ts';

/** Two nodes with the same books: one is asked through its front door, and one through its app. */
let nodes: { readonly front: OpenDoors; readonly app: OpenDoors };
let wires: { readonly front: Wire; readonly app: Wire };
beforeEach(async () => {
  nodes = { front: new OpenDoors(), app: new OpenDoors() };
  wires = {
    front: await Wire.of({ fetch: () => new Response('left to the app'), front: nodes.front.front }),
    app: await Wire.of({ fetch: nodes.app.app.fetch }),
  };
  for (const node of [nodes.front, nodes.app]) await node.receive('A', 5);
});
afterEach(async () => {
  await Promise.all([wires.front.stop(), wires.app.stop()]);
  nodes.front.close();
  nodes.app.close();
});

const json = 'Content-Type: application/json';

function post(path: string, body: unknown, ...headers: string[]): Buffer {
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return requestOnWire(`POST ${path}`, [json, `Content-Length: ${Buffer.byteLength(text)}`, ...headers], text);
}

const sale = (receipt: string, more: object = {}) => ({
  ...{ till: 'T1', receipt, lines: [{ sku: 'A', quantity: 1 }] },
  ...more,
});

async function expectAlike(request: Buffer, status: number): Promise<string> {
  const told = await wires.front.answerTo(request);
  expect(told).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(told).toBe(await wires.app.answerTo(request));
  return told;
}

describe('a write through the front door', () => {
  it('is recorded and answered as through the app, byte for byte', async () => {
    const told = await expectAlike(post('/v1/sales', sale('R1')), 201);
    expect(told).toMatch(/\r\netag: "v2"\r\n[\s\S]*"onHand":4/);
    await expectAlike(post('/v1/returns', sale('R1', { actor: 'Jörg' })), 201);
    await expectAlike(post('/v1/movements', { kind: 'receive', lines: [{ sku: 'grün', quantity: 2 }] }), 201);
    await expectAlike(post('/v1/counts', { lines: [{ sku: 'A', counted: 9 }] }), 201);
    expect(nodes.front.site.onHand('A')).toBe(9);
  });

  it('is the same write when it is repeated, at whichever door', async () => {
    await expectAlike(post('/v1/sales', sale('R1')), 201);
    expect(await expectAlike(post('/v1/sales', sale('R1')), 201)).toContain('idempotency-replayed: true');
    await expectAlike(post('/v1/sales', sale('R1', { actor: 'x' })), 422);
    const inApp = await nodes.front.post('/v1/sales', sale('R1'));
    expect([inApp.status, inApp.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    const move = { kind: 'scrap', lines: [{ sku: 'A', quantity: 1 }] };
    for (const key of ['k', 'k']) await expectAlike(post('/v1/movements', move, `Idempotency-Key: ${key}`), 201);
    expect(nodes.front.site.onHand('A')).toBe(3);
  });

  it('depends on a version as through the app', async () => {
    await expectAlike(post('/v1/sales', sale('R1'), 'If-Match: "v7"'), 412);
    await expectAlike(post('/v1/sales', sale('R1'), 'If-Match: "v1"'), 201);
  });

  it.each([
    ['no JSON', '{"till":', 400],
    ['no UTF-8', Buffer.from('{"till":"\xe4"}', 'latin1'), 400],
    ['no object', '[]', 400],
    ['an unknown field', sale('R', { tilt: 1 }), 400],
    ['no lines', sale('R', { lines: [] }), 400],
    ['a barcode and a SKU', sale('R', { lines: [{ sku: 'A', barcode: '4006381333931', quantity: 1 }] }), 400],
  ])('is refused in the same words: %s', async (_, body, status) => {
    await expectAlike(post('/v1/sales', body), status);
  });

  it.each([
    ['the key', '/v1/movements', { kind: 'receive', lines: [{ sku: 'A', quantity: 1 }] }, 'Idempotency-Key: \xe4'],
    ['the kind', '/v1/movements', { kind: 'count', lines: [{ sku: 'A', quantity: 1 }] }, 'X: y'],
  ])('is refused for %s', async (_, path, body, header) => {
    await expectAlike(post(path, body, header), 400);
  });

  it('is refused alike when the database refuses it', async () => {
    for (const { site } of [nodes.front, nodes.app]) {
      site.store.node.setHead = () => {
        throw Object.assign(new Error('disk full'), { code: 'SQLITE_FULL' });
      };
    }
    const told = async (wire: Wire) =>
      (await wire.answerTo(post('/v1/sales', sale('R1')))).replace(/"requestId":"[^"]*"/, '');
    expect(await told(wires.front)).toMatch(/^HTTP\/1\.1 507 /);
    expect(await told(wires.front)).toBe(await told(wires.app));
  });

  it('may come in pieces', async () => {
    const whole = post('/v1/sales', sale('R1'));
    const pieces = [whole.subarray(0, -20), whole.subarray(-20, -7), whole.subarray(-7)];
    expect(await wires.front.answerTo(...pieces)).toBe(await wires.app.answerTo(...pieces));
    expect(nodes.front.site.onHand('A')).toBe(4);
  });

  it('is measured as the route, also when it is refused or breaks off', async () => {
    await expectAlike(post('/v1/sales', sale('R1')), 201);
    await expectAlike(post('/v1/sales', 'x'), 400);
    for (const wire of [wires.front, wires.app]) await wire.breakOff(post('/v1/sales', sale('R2')).subarray(0, -5));
    const counts = async (doors: OpenDoors) =>
      (await doors.get('/metrics')).text.split('\n').filter((line) => /seconds_count\{.*route="sales"/.test(line));
    await expect.poll(async () => (await counts(nodes.front)).join('\n')).toMatch(/status="4xx".* 2/);
    await expect.poll(() => counts(nodes.app)).toEqual(await counts(nodes.front));
    expect(nodes.front.site.onHand('A')).toBe(4);
  });
});

it.each(['POST /v1/tasks', 'POST /v1/reservations'])('leaves %s to the app', async (line) => {
  const body = JSON.stringify(sale('R1'));
  const request = requestOnWire(line, [json, `Content-Length: ${body.length}`], body);
  expect(await wires.front.answerTo(request)).toContain('left to the app');
});
