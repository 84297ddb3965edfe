import { must } from '@edgestock/shared/runtime/assert';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { httpLimits } from '../../limits.ts';
import { OpenDoors } from '../../testing/open-doors.ts';

let doors: OpenDoors;
beforeEach(() => {
  doors = new OpenDoors({ limits: { ...httpLimits, eventStreamsMax: 2, eventRowsPerRead: 2 } });
});
afterEach(() => doors.close());

/** Reads a stream piece by piece. */
class Follower {
  readonly status: number;
  readonly headers: Headers;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  private constructor(response: Response) {
    this.status = response.status;
    this.headers = response.headers;
    this.#reader = must(response.body, 'a stream has a body').getReader();
  }

  static async open(path = '/v1/events', headers: Record<string, string> = {}, stopping?: AbortSignal) {
    return new Follower(await doors.app.request(path, { headers }, stopping ? { stopping } : {}));
  }

  async piece(): Promise<string | undefined> {
    const { done, value } = await this.#reader.read();
    return done ? undefined : new TextDecoder().decode(value);
  }

  async ids(): Promise<number[]> {
    return [...must(await this.piece(), 'the stream goes on').matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  }

  close(): Promise<void> {
    return this.#reader.cancel();
  }
}

describe('GET /v1/events', () => {
  test('tells each movement as it is committed, its sequence as the id', async () => {
    await doors.receive('TEA', 1);
    const follower = await Follower.open();
    expect(follower.headers.get('content-type')).toBe('text/event-stream');
    expect(await follower.piece()).toBe('retry: 2000\nid: 1\n\n');
    const next = follower.piece();
    await doors.receive('MUG', 2);
    const [id, event, data] = must(await next, 'a movement').split('\n');
    expect([id, event]).toEqual(['id: 2', 'event: movement']);
    expect(JSON.parse(must(data, 'data').slice('data: '.length))).toMatchObject({
      sequence: 2,
      sku: 'MUG',
      kind: 'receive',
      quantity: 2,
      position: { onHand: 2 },
    });
    await follower.close();
  });

  test('goes on after the Last-Event-ID, which knows better than the URL, and misses nothing', async () => {
    for (let round = 0; round < 5; round += 1) await doors.receive('TEA', 1);
    const follower = await Follower.open('/v1/events?after=4', { 'last-event-id': '1' });
    expect(await follower.ids()).toEqual([1]);
    expect(await follower.ids()).toEqual([2, 3]);
    expect(await follower.ids()).toEqual([4, 5]);
    const next = follower.ids();
    await doors.receive('TEA', 1);
    expect(await next).toEqual([6]);
    await follower.close();
  });

  test('tells that what is asked for is gone or never was, instead of beginning elsewhere', async () => {
    await doors.receive('TEA', 1);
    expect((await doors.get('/v1/events', { 'last-event-id': '2' })).body.code).toBe('beyond-log');
    expect((await doors.get('/v1/events', { 'last-event-id': 'x' })).status).toBe(400);
    const { outbox } = doors.site.store;
    outbox.setAppliedUpTo(1);
    outbox.trim({ agedUpTo: Number.MAX_SAFE_INTEGER, rowsMax: 10 });
    expect((await doors.get('/v1/events?after=0')).status).toBe(410);
  });

  test('says that it is still there every 15 s of silence', async () => {
    const follower = await Follower.open();
    await follower.piece();
    const next = follower.piece();
    await doors.site.clock.advance(14_999);
    await doors.site.clock.advance(1);
    expect(await next).toBe(': heartbeat\n\n');
    await follower.close();
  });

  test('drops a reader that takes nothing, and counts it', async () => {
    const follower = await Follower.open();
    await follower.piece();
    await doors.site.clock.settle();
    for (let round = 0; round < 20; round += 1) await doors.receive('TEA', 1);
    await doors.site.clock.advance(httpLimits.eventStallMs + httpLimits.eventHeartbeatMs);
    expect((await doors.get('/metrics')).text).toContain('edgestock_event_streams_dropped_total{warehouse="BER1"} 1');
    // What was ready for it comes, then the end; nothing had piled up behind it.
    const rest: string[] = [];
    for (let piece = await follower.piece(); piece !== undefined; piece = await follower.piece()) rest.push(piece);
    expect(rest.length).toBeLessThanOrEqual(2);
  });

  test('keeps a reader that takes its heartbeats, however quiet the night', async () => {
    const follower = await Follower.open();
    await follower.piece();
    for (let beat = 0; beat < 10; beat += 1) {
      const next = follower.piece();
      await doors.site.clock.advance(httpLimits.eventHeartbeatMs);
      expect(await next).toBe(': heartbeat\n\n');
    }
    await follower.close();
  });

  test('has room for so many readers, and gives the place of one that left to the next', async () => {
    const first = await Follower.open();
    const second = await Follower.open();
    const third = await doors.get('/v1/events');
    expect([third.status, third.headers.get('retry-after')]).toEqual([503, '30']);
    await first.close();
    const fourth = await Follower.open();
    expect(fourth.status).toBe(200);
    await second.close();
    await fourth.close();
    expect((await doors.get('/metrics')).text).toContain('edgestock_event_streams{warehouse="BER1"} 0');
  });

  test('ends when the node stops', async () => {
    const stopping = new AbortController();
    const follower = await Follower.open('/v1/events', {}, stopping.signal);
    await follower.piece();
    const next = follower.piece();
    stopping.abort();
    expect(await next).toBeUndefined();
  });
});
