import { systemClock } from '@edgestock/shared/runtime/clock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiUnderTest } from '../testing/api-under-test.ts';
import { EventReader } from '../testing/event-reader.ts';
import { apiLimits } from './limits.ts';

let central: ApiUnderTest;
const readers: EventReader[] = [];
beforeEach(async () => {
  central = await ApiUnderTest.start();
});
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close();
  await central.stop();
});

async function stream(query = '', headers: Record<string, string> = {}): Promise<EventReader> {
  const reader = await EventReader.open(`${central.api.url}/v1/availability/stream${query}`, headers);
  readers.push(reader);
  return reader;
}

const eventStreams = async () => {
  const status = (await (await central.fetch('/v1/status')).json()) as { eventStreams: number };
  return status.eventStreams;
};

describe('GET /v1/availability/stream', () => {
  test('is an event stream that nobody may cache', async () => {
    const { response } = await stream();
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(response.headers['cache-control']).toBe('no-store');
  });

  test('begins with the named SKUs and goes on with their changes, each as the GET would tell it', async () => {
    await central.move('BER1', { sku: 'A', quantity: 10 }, { sku: 'B', quantity: 20 }, { sku: 'C', quantity: 30 });
    const reader = await stream('?sku=A&sku=B,X');
    await reader.until(({ events }) => events.length === 3);
    await central.move('BER1', { sku: 'C', quantity: -1 });
    await central.move('HAM1', { sku: 'B', quantity: 5 });
    await reader.until(({ events }) => events.length === 4);
    expect(reader.events.map(({ id, data }) => [id, data.sku, data.available])).toEqual([
      [0, 'X', 0],
      [1, 'A', 10],
      [2, 'B', 20],
      [5, 'B', 25],
    ]);
    const asGet = await (await central.fetch('/v1/availability/B')).json();
    expect(reader.events.at(-1)?.data).toEqual(asGet);
  });

  test('without SKUs brings every change from now on, after saying where now is', async () => {
    await central.move('BER1', { sku: 'A', quantity: 10 });
    // The look that follows the notice of the move above.
    await systemClock.sleep(20);
    const reader = await stream();
    await reader.until(({ text }) => /^id: [0-9a-f]{16}-1\n\n$/.test(text));
    await central.move('BER1', { sku: 'B', quantity: 20 });
    await reader.until(({ events }) => events.length === 1);
    expect(reader.events[0]).toMatchObject({ id: 2, data: { sku: 'B', available: 20 } });
  });

  test.each([
    ['the header Last-Event-ID', (id: string) => ['', { 'last-event-id': id }] as const],
    ['?lastEventId=', (id: string) => [`?lastEventId=${id}`, {}] as const],
  ])('resumes after %s, without loss, each SKU at its latest', async (_, resumeFrom) => {
    const first = await stream();
    await central.move('BER1', { sku: 'A', quantity: 10 });
    await first.until(({ events }) => events.length === 1);
    first.close();
    await central.move('BER1', { sku: 'B', quantity: 20 });
    await central.move('BER1', { sku: 'A', quantity: -1 });
    await central.move('BER1', { sku: 'B', quantity: -1 });
    const [query, headers] = resumeFrom(first.events[0]?.lastEventId ?? '');
    const second = await stream(query, headers);
    await second.until(({ events }) => events.length === 2);
    expect(second.events.map(({ id, data }) => [id, data.sku, data.available])).toEqual([
      [3, 'A', 9],
      [4, 'B', 19],
    ]);
  });

  test('resumes a stream of named SKUs with those that changed', async () => {
    await central.move('BER1', { sku: 'A', quantity: 10 }, { sku: 'B', quantity: 20 });
    const first = await stream('?sku=A,B');
    await first.until(({ events }) => events.length === 2);
    first.close();
    await central.move('BER1', { sku: 'B', quantity: -1 });
    await systemClock.sleep(20);
    const second = await stream('?sku=A,B', { 'last-event-id': first.events.at(-1)?.lastEventId ?? '' });
    await second.until(({ events }) => events.length === 1);
    await systemClock.sleep(30);
    expect(second.events.map(({ data }) => [data.sku, data.available])).toEqual([['B', 19]]);
  });

  test.each([
    ['another life of the store', 'aaaaaaaaaaaaaaaa-2', ''],
    ['another life, in the address', '', 'aaaaaaaaaaaaaaaa-2'],
    ['before ids named a life', '2', ''],
  ])('begins anew after an id of %s: its numbers say nothing here', async (_, header, query) => {
    await central.move('BER1', { sku: 'A', quantity: 10 }, { sku: 'B', quantity: 20 });
    await systemClock.sleep(20);
    const headers: Record<string, string> = header === '' ? {} : { 'last-event-id': header };
    const resumed = query === '' ? '' : `lastEventId=${query}`;
    const all = await stream(`?${resumed}`, headers);
    await all.until(({ events }) => events.length === 2);
    const named = await stream(`?sku=A&${resumed}`, headers);
    await named.until(({ events }) => events.length === 1);
    expect([...all.events, ...named.events].map(({ data }) => data.sku)).toEqual(['A', 'B', 'A']);
  });

  test('begins anew after an id that lies ahead: central was restored from a backup', async () => {
    await central.move('BER1', { sku: 'A', quantity: 10 });
    const ahead = `${await central.store.reader.life()}-999999`;
    const reader = await stream('?sku=A', { 'last-event-id': ahead });
    await reader.until(({ events }) => events.length === 1);
    await central.move('BER1', { sku: 'A', quantity: -1 });
    await reader.until(({ events }) => events.length === 2);
    const all = await stream('', { 'last-event-id': ahead });
    await all.until(({ events }) => events.length === 1);
    expect(all.events[0]?.data).toMatchObject({ sku: 'A', available: 9 });
  });

  test('keeps a reader that stops reading from costing memory, and gives it the latest when it reads on', async () => {
    const skus = Array.from({ length: 400 }, (_, index) => `S${index}`);
    const reader = await stream();
    reader.stopReading();
    const quick = await stream();
    // Some 250 bytes an event: far more than the buffer of the stream and those of the two sockets together.
    const rounds = 60;
    for (let round = 0; round < rounds; round += 1) {
      await central.move('BER1', ...skus.map((sku) => ({ sku, quantity: 1 })));
      await quick.until(({ events }) => events.at(-1)?.id === (round + 1) * skus.length);
      quick.text = quick.text.slice(-1_000);
    }
    reader.readOn();
    const last = rounds * skus.length;
    await reader.until(({ events }) => events.at(-1)?.id === last, 10_000);
    const ids = reader.events.map(({ id }) => id);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    // Intermediate values were left out, last values never.
    expect(ids.length).toBeLessThan(last);
    const latest = new Map(reader.events.map(({ data }) => [data.sku, data.available]));
    expect(latest.size).toBe(skus.length);
    expect(new Set(latest.values())).toEqual(new Set([rounds]));
    expect(reader.isEnded).toBe(false);
  }, 60_000);

  test('is forgotten when its reader goes away', async () => {
    const reader = await stream();
    expect(await eventStreams()).toBe(1);
    reader.close();
    await expect.poll(eventStreams).toBe(0);
  });

  test('answers HEAD without opening a stream', async () => {
    const response = await central.fetch('/v1/availability/stream', { method: 'HEAD' });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(await eventStreams()).toBe(0);
  });

  test.each([
    ['?sku=', 400],
    ['?sku=a,,b', 400],
    ['?lastEventId=-1', 400],
    ['?lastEventId=abc', 400],
    ['?lastEventId=abc-', 400],
    ['?lastEventId=a-b-1', 400],
    ['?lastEventId=99999999999999999999', 400],
    ['?channel=amazon', 404],
    ['?skus=A', 400],
    ['?lastEventId=1&lastEventId=2', 400],
    ['?channel=default&channel=default', 400],
    [`?sku=${Array.from({ length: apiLimits.skusPerQueryMax + 1 }, (_, index) => index).join(',')}`, 400],
  ])('refuses %.30s with %i', async (query, status) => {
    const response = await central.fetch(`/v1/availability/stream${query}`);
    expect(response.status).toBe(status);
    await response.body?.cancel();
  });

  test('ends in good order when central stops', async () => {
    const reader = await stream();
    await central.api.stop();
    await reader.until(({ isEnded }) => isEnded);
    expect(reader.response.complete).toBe(true);
  });
});
