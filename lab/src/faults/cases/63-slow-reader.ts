import { systemClock } from '@edgestock/shared/runtime/clock';
import { CentralApi } from '../../api/central-api.ts';
import { eventStream } from '../../api/event-stream.ts';
import { until } from '../../testing/running-command.ts';
import { type FaultCase, hold, type Lab } from '../fault-case.ts';
import { SHOP_SKUS } from '../traffic/traffic.ts';
import { inWorld, type World } from '../world/world.ts';

const SHORT_MS = 8_000;
const LONG_MS = 60_000;
/** Streams whose readers take nothing. */
const SLOW = 20;
/** One that takes everything is told of something at least this often, on a machine that is busy. */
const QUIET_MS_MAX = 5_000;
const GROWN_BYTES_MAX = 160 * 1_048_576;
const CAUGHT_UP_WITHIN_MS = 30_000;
const PATH = '/v1/availability/stream';

type Told = { readonly sku: string; readonly available: number };

/**
 * Readers of the event stream take nothing for a while: what they are owed waits in buffers that are bounded, and nobody else may
 * notice, nor the memory of central. When they read again, they come to what everybody else was told, cut off meanwhile or not.
 */
export const slowReader: FaultCase = {
  rows: [63],
  name: 'slow-reader',
  needs: [],
  run: (lab) => readSlowly(lab, SHORT_MS),
};

export const slowReaderMinute: FaultCase = {
  ...slowReader,
  name: 'slow-reader-minute',
  isLong: true,
  run: (lab) => readSlowly(lab, LONG_MS),
};

function readSlowly(lab: Lab, ms: number): Promise<string> {
  return inWorld(lab, {}, async (world) => {
    const over = new AbortController();
    try {
      const slow = Array.from({ length: SLOW }, () => eventStream(world.centralUrl + PATH, over.signal));
      for (const reader of slow) await reader.next();
      const before = await readings(world);
      const quick = followed(world, over.signal);
      const okBefore = world.history.count('ok');
      await world.traffic.flow(ms);
      hold(world.history.count('ok') > okBefore, 'nobody was served while somebody did not read');
      hold(quick.quietMsMax() < QUIET_MS_MAX, `a reader beside them was told nothing for ${quick.quietMsMax()} ms`);
      const after = await readings(world);
      const grownMiB = Math.round((after.bytes - before.bytes) / 1_048_576);
      hold(after.bytes - before.bytes < GROWN_BYTES_MAX, `central grew by ${grownMiB} MiB`);
      const seen = await world.judged();
      await Promise.all(slow.map((reader) => caughtUp(world, reader)));
      const cut = before.streams + 1 - after.streams;
      return `${SLOW} read nothing for ${ms / 1_000} s, ${cut} were cut off, central grew by ${grownMiB} MiB: ${seen}`;
    } finally {
      over.abort();
    }
  });
}

/** Reads all the time; the longest time in which it was told nothing. */
function followed(world: World, signal: AbortSignal): { quietMsMax(): number } {
  let lastMs = systemClock.monotonicMs();
  let quietMs = 0;
  const look = () => {
    quietMs = Math.max(quietMs, systemClock.monotonicMs() - lastMs);
  };
  const read = async () => {
    for await (const _ of eventStream(world.centralUrl + PATH, signal)) {
      look();
      lastMs = systemClock.monotonicMs();
    }
  };
  // Ends with its signal.
  void read().catch(() => undefined);
  return {
    quietMsMax: () => {
      look();
      return Math.round(quietMs);
    },
  };
}

/** Traffic has ended: what the reader was told last of each article is what central answers. */
async function caughtUp(world: World, reader: AsyncGenerator<unknown>): Promise<void> {
  const central = new CentralApi(world.centralUrl);
  const expected = new Map<string, number>();
  for (const sku of SHOP_SKUS) expected.set(sku, (await central.availability(sku)).available);
  const told = new Map<string, number>();
  const read = async () => {
    for await (const event of reader) {
      const { sku, available } = event as Told;
      told.set(sku, available);
    }
  };
  void read().catch(() => undefined);
  const isThere = async () => [...expected].every(([sku, available]) => told.get(sku) === available);
  await until(isThere, CAUGHT_UP_WITHIN_MS, 'a reader that was slow knows what central answers');
}

async function readings({ centralUrl }: World): Promise<{ readonly bytes: number; readonly streams: number }> {
  const response = await fetch(`${centralUrl}/metrics`);
  const page = await response.text();
  const readingOf = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(page)?.[1]);
  return {
    bytes: readingOf('edgestock_central_process_resident_bytes'),
    streams: readingOf('edgestock_central_event_streams'),
  };
}
