import { requestOnWire } from '@edgestock/shared/testing/wire-request';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { OpenDoors } from '../../testing/open-doors.ts';
import { Wire } from '../../testing/wire.ts';

let doors: OpenDoors;
/** The node as it is, its app alone, and its front door with nothing behind it. */
let [node, app, front]: Wire[] = [];
beforeEach(async () => {
  doors = new OpenDoors();
  node = await Wire.of(doors.answers);
  app = await Wire.of({ fetch: doors.app.fetch });
  front = await Wire.of({ fetch: () => new Response('left to the app'), front: doors.front });
});
afterEach(async () => {
  await Promise.all([node?.stop(), app?.stop(), front?.stop()]);
  doors.close();
});

const get = (sku: string, ...headers: string[]) => requestOnWire(`GET /v1/stock/${sku}`, headers);

it('answers what the app answers, byte for byte', async () => {
  await doors.receive('A-1.b_c~d', 5);
  const told = await front?.answerTo(get('A-1.b_c~d'));
  expect(told).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*"onHand":5/);
  expect(told).toBe(await app?.answerTo(get('A-1.b_c~d')));
});

it.each(['nobody', 'gr%C3%BCn', '..', 'A?x=1', 'A/explain', 'A%2Fb'])('leaves %s to the app', async (sku) => {
  await doors.receive('grün', 5);
  await doors.receive('A', 5);
  expect(await front?.answerTo(get(sku))).toContain('left to the app');
  expect(await node?.answerTo(get(sku))).toBe(await app?.answerTo(get(sku)));
});

it('leaves revalidation and other methods to the app', async () => {
  await doors.receive('A', 5);
  expect(await node?.answerTo(get('A', 'If-None-Match: "v1"'))).toMatch(/^HTTP\/1\.1 304 /);
  expect(await node?.answerTo(requestOnWire('HEAD /v1/stock/A'))).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\n$/);
  expect(await node?.answerTo(requestOnWire('DELETE /v1/stock/A'))).toMatch(/^HTTP\/1\.1 405 /);
});

it('leaves what fails to the app, which tells of it', async () => {
  doors.site.ledger.view.position = () => {
    throw new Error('cannot be read');
  };
  expect(await front?.answerTo(get('A'))).toContain('left to the app');
  expect(await node?.answerTo(get('A'))).toMatch(/^HTTP\/1\.1 500 /);
});

it('is measured as the route', async () => {
  await doors.receive('A', 5);
  await front?.answerTo(get('A'));
  await app?.answerTo(get('A'));
  const { text } = await doors.get('/metrics');
  expect(text).toMatch(/edgestock_http_request_seconds_count\{.*route="stock",status="2xx".*\} 2/);
});
