import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { ApiUnderTest } from '../testing/api-under-test.ts';
import { availabilityDoor } from './availability-door.ts';

let central: ApiUnderTest;
beforeEach(async () => {
  central = await ApiUnderTest.start();
});
afterEach(() => central.stop());

type Told = { readonly status: number | undefined; readonly headers: object; readonly body: string };

/** As it went over the wire: `fetch` would tidy the target. */
function told(target: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Told> {
  const { hostname, port } = new URL(central.api.url);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path: target, method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      const { date: _, ...rest } = response.headers;
      response.on('end', () => resolve({ status: response.statusCode, headers: rest, body }));
    });
    asked.on('error', reject).end();
  });
}

// A query string is nothing plain, and names the channel that there always is.
const byRoute = (sku: string) => told(`/v1/availability/${sku}?channel=default`);

it('answers what the route answers, byte for byte, from the store and from memory', async () => {
  await central.move('BER1', { sku: 'A-1', quantity: 5 });
  for (let times = 0; times < 3; times += 1) {
    const plain = await told('/v1/availability/A-1');
    expect(plain.status).toBe(200);
    expect(JSON.parse(plain.body)).toMatchObject({ sku: 'A-1', warehouses: [{ onHand: 5 }] });
    expect(plain).toEqual(await byRoute('A-1'));
  }
  expect(await told('/v1/availability/nobody')).toEqual(await byRoute('nobody'));
});

it('tells a change to the next question', async () => {
  await central.move('BER1', { sku: 'A', quantity: 5 });
  for (const onHand of [5, 5, 5]) {
    expect(JSON.parse((await told('/v1/availability/A')).body)).toMatchObject({ warehouses: [{ onHand }] });
  }
  await central.move('BER1', { sku: 'A', quantity: 2 });
  expect(JSON.parse((await told('/v1/availability/A')).body)).toMatchObject({ warehouses: [{ onHand: 7 }] });
});

it('leaves to the route what is not plain: other characters, revalidation, other methods, the stream, mistakes', async () => {
  await central.move('BER1', { sku: 'grün', quantity: 5 });
  const green = await told('/v1/availability/gr%C3%BCn');
  expect(JSON.parse(green.body)).toMatchObject({ sku: 'grün', warehouses: [{ onHand: 5 }] });
  const { etag } = (await told('/v1/availability/A')).headers as { etag: string };
  expect(await told('/v1/availability/A', { 'if-none-match': etag })).toMatchObject({ status: 304, body: '' });
  expect(await told('/v1/availability/A', {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
  expect((await told('/v1/availability/stream', {}, 'HEAD')).headers).toMatchObject({
    'content-type': expect.stringContaining('text/event-stream'),
  });
  expect((await told('/v1/availability/..')).status).toBe(404);
  for (const host of ['a b', 'a:65536', 'a:99999']) {
    expect((await told('/v1/availability/A', { host })).status).toBe(400);
  }
});

it('tells of a store that cannot be read as the route does, and does not ask it a second time', async () => {
  await central.stop();
  let asked = 0;
  const stocksOf = async () => {
    asked += 1;
    throw new StoreUnavailable('nothing comes back');
  };
  central = await ApiUnderTest.start(({ reader }) => ({ reader: Object.assign(reader, { stocksOf }) }));
  const plain = await told('/v1/availability/A');
  expect([plain.status, asked]).toEqual([503, 1]);
  expect(plain).toEqual(await byRoute('A'));
  expect(await (await central.fetch('/metrics')).text()).toContain(
    'http_request_seconds_count{route="/v1/availability/:sku",status="5xx"} 2',
  );
});

it('leaves what else fails to the route, which tells of it: from memory as from the store', async () => {
  const fails = () => {
    throw new Error('cannot be read');
  };
  for (const answers of [
    { inMemory: fails, answer: fails },
    { inMemory: () => undefined, answer: async () => fails() },
  ]) {
    const front = availabilityDoor({ answers, clock: systemClock, observe: () => undefined });
    const asked = { method: 'GET', url: '/v1/availability/A', headers: {} } as IncomingMessage;
    await new Promise<void>((otherwise) => front(asked, {} as ServerResponse, otherwise));
  }
});

it('is measured as the route', async () => {
  await told('/v1/availability/A');
  await byRoute('A');
  expect(await (await central.fetch('/metrics')).text()).toContain(
    'http_request_seconds_count{route="/v1/availability/:sku",status="2xx"} 2',
  );
});
