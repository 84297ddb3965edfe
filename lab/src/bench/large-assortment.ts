import { join } from 'node:path';
import { apiLimits } from '@edgestock/central/api/limits';
import { must } from '@edgestock/shared/runtime/assert';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { createLog } from '@edgestock/shared/runtime/log';
import { type Service, ServiceStack } from '@edgestock/shared/runtime/service';
import { numberedWarehouses } from '../replay/destination.ts';
import { type Broker, startBroker } from '../system/broker.ts';
import { startCentralProcess } from '../system/central-process.ts';
import { portFor } from '../system/ports.ts';
import { figureAgainstBound, figureAgainstFloor, grouped, median, spreadOf } from './figure.ts';
import { interleaved, type Side } from './interleaved.ts';
import { prepareCentral } from './large/prepared-central.ts';
import { prepareNode } from './large/prepared-node.ts';
import { scatteredSku } from './load/goods.ts';
import type { LoadOrder, LoadReply } from './load/load-process.ts';
import { atRest } from './process/at-rest.ts';
import { startEdgeProcess } from './process/edge-process.ts';
import { Helper } from './process/helper.ts';
import { type Bench, type BenchRun, sized } from './run.ts';

const CONNECTIONS = 64;
export const LARGE_SKUS = 1_000_000;
const SMALL_SKUS = 10_000;
const WAREHOUSES = 10;
const P50_RATIO_MAX = 1.5;
const START_SECONDS_MAX = 2;
const STARTS = 3;
const WAREHOUSE = 'BENCH1';

/** A node or a central with a prepared assortment, and how to start another one on the same data when it has stopped. */
export type Started = Service & { readonly url: string; readonly pid: number | undefined };
export type Size = { readonly skus: number; readonly start: () => Promise<Started> };

/** One of the two sides of N10: how it is asked, and what for. */
type Subject = {
  readonly what: string;
  readonly load: 'availability-reads' | 'sales';
  readonly pathOf: (sku: string) => string;
  readonly notes: readonly string[];
  readonly large: Size;
  readonly small: Size;
};

/**
 * N10: what a million SKUs cost. The time of a read at central with ten warehouses, and of a sale at a node, against the same with ten
 * thousand SKUs, both always there and measured in turns; then how long the large ones take from their start to their first answer.
 */
export const largeAssortment: Bench = async (run) => {
  const [large, small] = [sized(LARGE_SKUS, run), sized(SMALL_SKUS, run)];
  const brokers = new ServiceStack();
  try {
    const central = async (skus: number): Promise<Size> => {
      const directory = join(run.sharedDirectory, `central-${skus}`);
      await prepareCentral(directory, { warehouses: numberedWarehouses(WAREHOUSES), skus });
      const { url: natsUrl } = brokers.add('broker', await brokerIn(join(run.directory, `nats-${skus}`)));
      const start = async () =>
        startCentralProcess({ directory, port: await portFor(0, ''), natsUrl, log, logLevel: 'error' });
      return { skus, start };
    };
    const node = (skus: number): Size => ({ skus, start: () => startEdgeProcess({ directory: largeNode(run, skus) }) });
    return [
      ...(await measured(run, {
        what: 'central GET /v1/availability/{sku}',
        load: 'availability-reads',
        pathOf: (sku) => `/v1/availability/${sku}`,
        notes: [
          `every SKU is asked for alike; central keeps what it was asked for in ${grouped(apiLimits.packedStocksBytesMax / 1_048_576)} MiB`,
        ],
        large: await central(large),
        small: await central(small),
      })),
      ...(await measured(run, {
        what: "a node's sale over HTTP",
        load: 'sales',
        pathOf: (sku) => `/v1/stock/${sku}`,
        notes: [],
        large: node(large),
        small: node(small),
      })),
    ];
  } finally {
    await brokers.stop();
  }
};

/** The data directory of a node with so many SKUs, prepared once in a run. */
export function largeNode({ sharedDirectory }: BenchRun, skus: number): string {
  const directory = join(sharedDirectory, `node-${skus}`);
  prepareNode(directory, { warehouse: WAREHOUSE, skus });
  return directory;
}

const log = createLog({ level: 'error', name: 'bench' });

export async function brokerIn(directory: string): Promise<Broker> {
  return startBroker({ directory, port: await portFor(0, ''), log });
}

async function measured(run: BenchRun, subject: Subject) {
  const { what, large, small } = subject;
  const sizes = `${grouped(large.skus)} SKUs`;
  const { startSeconds, ...ratio } = await p50Ratio(run, subject);
  const seconds = [startSeconds];
  while (!run.isQuick && seconds.length < STARTS) {
    const again = await answering(large, subject);
    await again.started.stop();
    seconds.push(again.seconds);
  }
  return [
    figureAgainstFloor(
      { id: 'N10', what: `${what}, ${sizes}, ${CONNECTIONS} connections, p50`, unit: 'ms', notes: subject.notes },
      { ...ratio, floorIs: `the same with ${grouped(small.skus)} SKUs`, ratio: { atMost: P50_RATIO_MAX } },
    ),
    figureAgainstBound(
      {
        id: 'N10',
        what: `${subject.load === 'sales' ? 'node' : `central of ${WAREHOUSES} warehouses`} with ${sizes}, from its start to its first answered read`,
        unit: 's',
        notes: [`${spreadOf(seconds)} s in ${seconds.length} starts, the file in the cache of the system`],
      },
      { value: median(seconds), bound: { atMost: START_SECONDS_MAX } },
    ),
  ];
}

async function p50Ratio({ pace }: BenchRun, subject: Subject) {
  const services = new ServiceStack();
  try {
    const load = services.add(
      'load',
      Helper.start<LoadOrder, LoadReply>(new URL('./load/load-process.ts', import.meta.url)),
    );
    const sideOf = async (size: Size) => {
      const { started, seconds } = await answering(size, subject);
      services.add('started', started);
      await atRest(must(started.pid, 'a process that runs'));
      const { skus } = size;
      const side: Side = async (durationMs) => {
        const asked = { url: started.url, connections: CONNECTIONS, durationMs, load: subject.load, skus };
        const result = await load.order(asked);
        if (result.unexpected > 0) throw new Error(`${result.unexpected} requests had another answer than expected`);
        return result.p50Ms;
      };
      return { side, seconds };
    };
    const large = await sideOf(subject.large);
    const small = await sideOf(subject.small);
    const [samples = [], floorSamples = []] = await interleaved([large.side, small.side], pace);
    return { samples, floorSamples, startSeconds: large.seconds };
  } finally {
    await services.stop();
  }
}

/** Started, and how long it took until it had answered a read. */
export async function answering({ skus, start }: Size, { pathOf }: Pick<Subject, 'pathOf'>) {
  const startedMs = systemClock.monotonicMs();
  const started = await start();
  const { status } = await fetch(`${started.url}${pathOf(scatteredSku(1, skus))}`);
  const seconds = (systemClock.monotonicMs() - startedMs) / 1_000;
  if (status === 200) return { started, seconds };
  await started.stop();
  throw new Error(`the first read was answered with ${status}`);
}
