import { parseSku, type Sku } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import { type Clock, systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { afterEach, describe, expect, test } from 'vitest';
import { type AnswerChange, type AnswerSource, AvailabilityFanOut } from './availability-fan-out.ts';
import { apiLimits } from './limits.ts';
import { StreamClient, type StreamTopic } from './stream-client.ts';

const sku = (text: string): Sku => must(parseSku(text), `${text} is not a SKU`);

/** The answers as a store would give them; `change` commits, `hold` makes the next reads wait. */
class FakeSource implements AnswerSource {
  readonly latest = new Map<Sku, number>();
  last = 0;
  reads = 0;
  answersGiven = 0;
  fault: Error | undefined;
  padding = '';
  #gate: Promise<void> = Promise.resolve();

  change(...names: string[]): void {
    for (const name of names) {
      this.last += 1;
      this.latest.set(sku(name), this.last);
    }
  }

  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }

  async revision(): Promise<number> {
    return this.last;
  }

  async changesAfter(revision: number, limit: number): Promise<readonly AnswerChange[]> {
    this.reads += 1;
    if (this.fault) throw this.fault;
    const changes = [...this.latest].map(([name, at]) => ({ sku: name, revision: at }));
    const page = changes.filter((change) => change.revision > revision).sort((a, b) => a.revision - b.revision);
    await this.#gate;
    return page.slice(0, limit);
  }

  async answers(skus: readonly Sku[]) {
    this.answersGiven += skus.length;
    const now = skus.map((name) => ({ sku: name, revision: this.latest.get(name) ?? 0 }));
    await this.#gate;
    return now.map((answer) => ({ ...answer, json: JSON.stringify({ ...answer, padding: this.padding }) }));
  }
}

/** Time moves when the test says so; sleeps end at once. */
class HandClock implements Clock {
  ms = 0;
  readonly #periodic: { periodMs: number; callback: () => void; nextMs: number }[] = [];
  now = () => this.ms;
  monotonicMs = () => this.ms;
  sleep = () => systemClock.sleep(0);
  after = (delayMs: number, callback: () => void) => systemClock.after(delayMs, callback);
  every = (periodMs: number, callback: () => void) => {
    this.#periodic.push({ periodMs, callback, nextMs: this.ms + periodMs });
    return () => undefined;
  };
  advance(durationMs: number): void {
    this.ms += durationMs;
    for (const timer of this.#periodic) {
      for (; timer.nextMs <= this.ms; timer.nextMs += timer.periodMs) timer.callback();
    }
  }
}

/** A reader at the far end of a stream. */
class Reader {
  readonly client: StreamClient;
  isCut = false;
  text = '';
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(fanOut: AvailabilityFanOut, clock: Clock, topic: StreamTopic, resumeAfter?: number) {
    this.client = new StreamClient({
      topic,
      resumeAfter,
      bufferBytesMax: apiLimits.streamBufferBytesMax,
      monotonicMs: clock.monotonicMs,
      onRoom: (client) => void fanOut.catchUp(client),
      onGone: (client) => fanOut.leave(client),
      abort: () => {
        this.isCut = true;
      },
    });
    this.#reader = this.client.body.getReader();
  }

  /** Takes what there is until nothing more comes for a moment. */
  async take(): Promise<void> {
    const decoder = new TextDecoder();
    for (let idle = 0; idle < 3; ) {
      this.#pending ??= this.#reader.read();
      const part = await Promise.race([this.#pending, systemClock.sleep(5)]);
      if (!part) idle += 1;
      else {
        this.#pending = undefined;
        if (part.done) return;
        this.text += decoder.decode(part.value);
        idle = 0;
      }
    }
  }
  #pending: ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']> | undefined;

  /** A connection that ends without a word. */
  vanish(): Promise<void> {
    return this.#reader.cancel();
  }

  get events(): { id: number; sku: string; revision: number }[] {
    return [...this.text.matchAll(/id: c0ffee-(\d+)\ndata: (.*)\n\n/g)].map(([, id, data]) => {
      const { sku: name, revision } = JSON.parse(must(data, 'an event has data'));
      return { id: Number(id), sku: name, revision };
    });
  }

  get ids(): number[] {
    return this.events.map(({ id }) => id);
  }
}

const running: AvailabilityFanOut[] = [];
afterEach(async () => {
  for (const fanOut of running.splice(0)) await fanOut.stop();
});

async function start(source = new FakeSource()) {
  const clock = new HandClock();
  const fanOut = await AvailabilityFanOut.start({ source, life: { current: 'c0ffee' }, clock, log: silentLog });
  running.push(fanOut);
  const join = async (topic: StreamTopic, resumeAfter?: number) => {
    const reader = new Reader(fanOut, clock, topic, resumeAfter);
    await fanOut.join(reader.client);
    return reader;
  };
  const named = (...names: string[]): StreamTopic => ({ skus: new Set(names.map(sku)) });
  return { source, clock, fanOut, join, named };
}

describe('a stream of named SKUs', () => {
  test('begins with their answers of now, also of one that nobody has', async () => {
    const { source, join, named } = await start();
    source.change('A', 'B', 'C');
    const reader = await join(named('A', 'C', 'X'));
    await reader.take();
    expect(reader.events.map((event) => event.sku)).toEqual(['X', 'A', 'C']);
  });

  test('brings their changes and no others', async () => {
    const { source, fanOut, join, named } = await start();
    const reader = await join(named('A'));
    source.change('B', 'A', 'B');
    fanOut.wake();
    await reader.take();
    expect(reader.events.map((event) => [event.id, event.sku])).toEqual([
      [0, 'A'],
      [2, 'A'],
    ]);
  });

  test('resumes with what changed since the last id', async () => {
    const { source, fanOut, clock, join, named } = await start();
    source.change('A', 'B', 'A');
    fanOut.wake();
    await clock.sleep();
    const reader = await join(named('A', 'B'), 2);
    await reader.take();
    expect(reader.events.map((event) => [event.id, event.sku])).toEqual([[3, 'A']]);
  });

  test('never tells an id beyond what was fanned out, so that resuming from it loses nothing', async () => {
    const { source, fanOut, join, named } = await start();
    source.change('A');
    // Committed, but not looked at: a reader that resumed from id 3 would never hear of what the look at 2 brings.
    source.change('B', 'A');
    const reader = await join(named('A'));
    await reader.take();
    expect(reader.events).toEqual([{ id: 0, sku: 'A', revision: 3 }]);
    fanOut.wake();
    await reader.take();
    expect(reader.ids).toEqual([0, 3]);
  });
});

describe('a stream of all changes', () => {
  test('begins now, and says at once where now is', async () => {
    const { source, fanOut, clock, join } = await start();
    source.change('A', 'B');
    fanOut.wake();
    await clock.sleep();
    const reader = await join('all-changes');
    await reader.take();
    expect(reader.text).toBe('id: c0ffee-2\n\n');
    source.change('A');
    fanOut.wake();
    await reader.take();
    expect(reader.ids).toEqual([3]);
  });

  test('resumes after an id with each SKU once, at its latest change', async () => {
    const { source, fanOut, clock, join } = await start();
    source.change('A', 'B', 'A', 'C', 'C');
    fanOut.wake();
    await clock.sleep();
    const reader = await join('all-changes', 1);
    await reader.take();
    expect(reader.events.map((event) => [event.id, event.sku])).toEqual([
      [2, 'B'],
      [3, 'A'],
      [5, 'C'],
    ]);
  });

  test('loses nothing and repeats nothing when changes are fanned out while it is being caught up', async () => {
    const { source, fanOut, clock, join } = await start();
    await join('all-changes');
    source.change('A');
    const release = source.hold();
    const joining = join('all-changes', 0);
    await clock.sleep();
    source.change('B', 'C');
    fanOut.wake();
    await clock.sleep();
    release();
    const reader = await joining;
    fanOut.wake();
    await reader.take();
    expect(reader.ids).toEqual([1, 2, 3]);
  });

  test('is caught up over many pages', async () => {
    const { source, join } = await start();
    const names = Array.from({ length: apiLimits.changesPageMax * 2 + 7 }, (_, index) => `S${index}`);
    source.change(...names);
    const reader = await join('all-changes', 0);
    await reader.take();
    expect(reader.events.map((event) => event.sku)).toEqual(names);
  });
});

describe('the fan-out', () => {
  test('sends many changes of one SKU as one, the latest', async () => {
    const { source, fanOut, join, named } = await start();
    const reader = await join(named('A'));
    for (let i = 0; i < 1_000; i += 1) {
      source.change('A');
      fanOut.wake();
    }
    await reader.take();
    expect(reader.ids.length).toBeLessThan(5);
    expect(reader.ids.at(-1)).toBe(1_000);
  });

  test('renders a change once, however many listen, and not at all when nobody does', async () => {
    const { source, fanOut, join, named } = await start();
    const readers = await Promise.all(Array.from({ length: 20 }, () => join(named('A'))));
    source.answersGiven = 0;
    source.change('A', 'B', 'C');
    fanOut.wake();
    for (const reader of readers) await reader.take();
    expect(readers.map((reader) => reader.ids.at(-1))).toEqual(readers.map(() => 1));
    expect(source.answersGiven).toBe(1);
  });

  test('reads no changes while there is no stream', async () => {
    const { source, fanOut, clock } = await start();
    source.change('A');
    fanOut.wake();
    await clock.sleep();
    expect(source.reads).toBe(0);
  });

  test('finds a change of which no notice came', async () => {
    const { source, clock, join, named } = await start();
    const reader = await join(named('A'));
    source.change('A');
    clock.advance(apiLimits.fanOutPeriodMsMax);
    await reader.take();
    expect(reader.ids).toEqual([0, 1]);
  });

  test('goes on after the store could not be read', async () => {
    const { source, fanOut, clock, join, named } = await start();
    const reader = await join(named('A'));
    source.fault = new Error('disk I/O error');
    source.change('A');
    fanOut.wake();
    await clock.sleep();
    source.fault = undefined;
    clock.advance(apiLimits.fanOutPeriodMsMax);
    await reader.take();
    expect(reader.ids).toEqual([0, 1]);
  });

  test('forgets a reader whose connection ended', async () => {
    const { fanOut, join, named } = await start();
    const reader = await join(named('A'));
    await join('all-changes');
    expect(fanOut.streamCount).toBe(2);
    await reader.vanish();
    expect(fanOut.streamCount).toBe(1);
  });

  test('ends every stream when it is stopped', async () => {
    const { fanOut, join } = await start();
    const reader = await join('all-changes');
    await fanOut.stop();
    await reader.take();
    expect(fanOut.streamCount).toBe(0);
    expect(reader.isCut).toBe(false);
  });

  test('beats for those who listen and hear nothing', async () => {
    const { clock, join } = await start();
    const reader = await join('all-changes');
    clock.advance(apiLimits.heartbeatPeriodMs);
    await reader.take();
    expect(reader.text).toContain(': alive\n\n');
  });
});

describe('a slow reader', () => {
  /** More than one buffer of changes, each SKU several times. */
  async function flood(setup: Awaited<ReturnType<typeof start>>): Promise<void> {
    setup.source.padding = 'x'.repeat(10_000);
    for (let round = 0; round < 20; round += 1) {
      setup.source.change('A', 'B', 'C', 'D');
      setup.fanOut.wake();
      await setup.clock.sleep();
    }
  }

  test('is held at its buffer, and gets the latest of everything when it reads again', async () => {
    const setup = await start();
    const reader = await setup.join('all-changes');
    await flood(setup);
    expect(reader.client.isLive).toBe(false);
    await reader.take();
    expect(reader.text.length).toBeLessThan(apiLimits.streamBufferBytesMax + 5 * 10_100);
    expect(reader.ids).toEqual([...reader.ids].sort((a, b) => a - b));
    expect(reader.ids.slice(-4)).toEqual([77, 78, 79, 80]);
    expect(reader.client.isLive).toBe(true);
  });

  test('does not hold up the others', async () => {
    const setup = await start();
    await setup.join('all-changes');
    const quick = await setup.join('all-changes');
    setup.source.padding = 'x'.repeat(10_000);
    for (let round = 0; round < 20; round += 1) {
      setup.source.change('A', 'B', 'C', 'D');
      setup.fanOut.wake();
      await quick.take();
    }
    expect(quick.ids).toEqual(Array.from({ length: 80 }, (_, index) => index + 1));
  });

  test('is cut off when it takes nothing at all', async () => {
    const setup = await start();
    const reader = await setup.join('all-changes');
    await flood(setup);
    setup.clock.advance(apiLimits.heartbeatPeriodMs);
    expect(reader.isCut).toBe(false);
    setup.clock.advance(apiLimits.streamStalledMsMax);
    expect(reader.isCut).toBe(true);
    expect(setup.fanOut.streamCount).toBe(0);
  });
});
