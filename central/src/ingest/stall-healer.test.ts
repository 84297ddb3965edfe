import { shardOf } from '@edgestock/shared/protocol/subjects';
import { type Log, silentLog } from '@edgestock/shared/runtime/log';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { centralLimits as limits } from '../limits.ts';
import type { ProbeResult } from '../rules/stall-remedy.ts';
import { warehouseOf } from '../testing/node-log.ts';
import { emptyIngestMetrics } from './ingest-metrics.ts';
import { StallHealer } from './stall-healer.ts';
import type { StreamFailure } from './stream-failure.ts';

const ber = warehouseOf('BER1');
const other = warehouseOf('HAM1');
const PATIENCE_MS = 10 * 60_000;

/** A broker that is broken until the remedy that helps has been applied. */
type Broker = {
  readonly healedBy: string | undefined;
  readonly probe: ProbeResult;
  readonly failing: readonly string[];
};

let clock: VirtualClock;
let done: string[];
let logged: string[];
let told: (StreamFailure | undefined)[];
let stalling: Set<typeof ber>;
let isMoving: boolean;
let hasMore: boolean;
let healer: StallHealer;
let metrics: ReturnType<typeof emptyIngestMetrics>;

beforeEach(() => {
  clock = new VirtualClock();
  done = [];
  logged = [];
  told = [];
  stalling = new Set([ber]);
  isMoving = false;
  hasMore = false;
  metrics = emptyIngestMetrics();
});
afterEach(() => healer.stop());

function start({ healedBy, probe, failing }: Broker): void {
  const startedMs = clock.monotonicMs();
  const attempt = async (remedy: string) => {
    done.push(`${Math.round((clock.monotonicMs() - startedMs) / 1_000)} s ${remedy}`);
    if (failing.includes(remedy)) throw new Error('TIMEOUT');
    if (healedBy === remedy) stalling.clear();
  };
  const log: Log = { ...silentLog };
  for (const level of ['warn', 'error'] as const)
    log[level] = (_: object, event?: string) => void logged.push(event ?? '');
  healer = new StallHealer({
    watch: {
      stalls: () => [...stalling].map((warehouse) => ({ warehouse, appliedUpTo: 4, stalledMs: clock.monotonicMs() })),
      isMoving: () => isMoving,
      dropped: (warehouse) => void done.push(`asked ${warehouse}`),
    },
    repairs: {
      hasMore: async () => hasMore,
      purge: (warehouse) => attempt(`purge ${warehouse}`),
      probe: async () => {
        await attempt('probe');
        return probe;
      },
      remakeConsumer: () => attempt('consumer'),
      remakeStream: () => attempt('stream'),
    },
    metrics,
    onStuck: (failure) => void told.push(failure),
    clock,
    log,
  });
}

describe('a node that stands still', () => {
  it('is purged and asked again, and nothing more happens when that helps', async () => {
    start({ healedBy: 'purge BER1', probe: 'arrived', failing: [] });
    await clock.advance(PATIENCE_MS);
    expect(done).toEqual(['45 s purge BER1', 'asked BER1']);
    expect(metrics).toMatchObject({ subjectsPurged: 1, consumersRemade: 0, streamsRemade: 0 });
    expect(logged).toEqual(['dropped what the broker held of a node']);
  });

  it('costs its neighbours nothing while the broker carries a probe', async () => {
    start({ healedBy: undefined, probe: 'arrived', failing: [] });
    await clock.advance(PATIENCE_MS);
    expect(done).toEqual(['45 s purge BER1', 'asked BER1', '55 s probe']);
    expect(logged.at(-1)).toBe('nodes stand still, and the broker works');
    expect(told).toEqual([]);
  });

  it('gets a new consumer, and then a new stream, when a probe is not delivered', async () => {
    start({ healedBy: 'stream', probe: 'not-delivered', failing: [] });
    await clock.advance(PATIENCE_MS);
    expect(done).toEqual([
      ...['45 s purge BER1', 'asked BER1', '55 s probe', '60 s consumer', '65 s probe', '70 s stream'],
    ]);
    expect(metrics).toMatchObject({ subjectsPurged: 1, consumersRemade: 1, streamsRemade: 1 });
    expect(told).toEqual([]);
  });

  it('gets a new stream at once when a probe is not even taken, though a purge failed', async () => {
    start({ healedBy: 'stream', probe: 'not-taken', failing: ['purge BER1'] });
    await clock.advance(PATIENCE_MS);
    expect(done).toEqual(['45 s purge BER1', '55 s probe', '60 s stream']);
    expect(metrics).toMatchObject({ subjectsPurged: 0, streamsRemade: 1 });
  });

  it.each([
    ['others wait at the broker, and none of them gets on', false, true],
    ['others get on, and none of them waits', true, false],
  ])('is purged although %s', async (_, moving, more) => {
    [isMoving, hasMore] = [moving, more];
    start({ healedBy: 'purge BER1', probe: 'arrived', failing: [] });
    await clock.advance(PATIENCE_MS);
    expect(done).toEqual(['45 s purge BER1', 'asked BER1']);
  });

  it('behind others that get on waits for its turn', async () => {
    [isMoving, hasMore] = [true, true];
    start({ healedBy: undefined, probe: 'not-taken', failing: [] });
    await clock.advance(PATIENCE_MS);
    expect(done).toEqual([]);
    hasMore = false;
    await clock.advance(limits.stallCheckPeriodMs);
    expect(done).toEqual(['605 s purge BER1', 'asked BER1']);
  });

  it('in another shard is looked at by itself, and the stream they share is made anew once', async () => {
    expect(shardOf(other)).not.toBe(shardOf(ber));
    stalling.add(other);
    start({ healedBy: undefined, probe: 'not-taken', failing: [] });
    await clock.advance(5 * 60_000);
    expect(done.filter((step) => step.endsWith('stream'))).toEqual(['60 s stream']);
    expect(done.filter((step) => step.includes('purge'))).toEqual(['45 s purge BER1', '45 s purge HAM1']);
  });
});

describe('a broker that nothing helps', () => {
  it('is told once, with what a person should do, and that it is over', async () => {
    start({ healedBy: undefined, probe: 'not-taken', failing: ['purge BER1', 'stream'] });
    await clock.advance(5 * 60_000);
    expect(told).toEqual([
      {
        state: 'stream-stuck',
        since: expect.any(Number),
        reason: 'TIMEOUT',
        hint: expect.stringMatching(/^Restart nats/),
      },
    ]);
    expect(logged.filter((event) => event.startsWith('the broker is stuck'))).toHaveLength(1);
    stalling.clear();
    await clock.advance(limits.stallCheckPeriodMs);
    expect(told).toHaveLength(2);
    expect(told[1]).toBeUndefined();
  });

  it('is told as well when a new stream was made and carries nothing either', async () => {
    start({ healedBy: undefined, probe: 'not-delivered', failing: [] });
    await clock.advance(3 * 60_000);
    expect(told).toMatchObject([{ state: 'stream-stuck', reason: 'a probe was not-delivered' }]);
  });
});
