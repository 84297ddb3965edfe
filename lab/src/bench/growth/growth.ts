import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { STORE_FILE } from '@edgestock/central/store/sqlite/central-backup';
import { DATABASE_FILE } from '@edgestock/edge-node/store/edge-backup';
import { must } from '@edgestock/shared/runtime/assert';
import { createLog } from '@edgestock/shared/runtime/log';
import { ServiceStack } from '@edgestock/shared/runtime/service';
import { numberedWarehouses } from '../../replay/destination.ts';
import { startCentralProcess } from '../../system/central-process.ts';
import { portFor } from '../../system/ports.ts';
import { median } from '../figure.ts';
import { interleaved, type Side } from '../interleaved.ts';
import { prepareCentral } from '../large/prepared-central.ts';
import { prepareNode } from '../large/prepared-node.ts';
import { answering, brokerIn, type Size } from '../large-assortment.ts';
import type { LoadOrder, LoadReply } from '../load/load-process.ts';
import { atRest } from '../process/at-rest.ts';
import { startEdgeProcess } from '../process/edge-process.ts';
import { Helper } from '../process/helper.ts';
import { residentMib } from '../process/resident.ts';
import { type BenchRun, sized } from '../run.ts';
import { bytesOnTheWire } from './wire-of-node.ts';

const CONNECTIONS = 64;
const WAREHOUSES = 10;
const WAREHOUSE = 'BENCH1';
const POSITIONS = [10_000, 100_000, 1_000_000, 10_000_000];

export type GrownOf = 'central' | 'node';

/** What a node or a central of one size came to. */
export type Grown = {
  readonly of: GrownOf;
  readonly positions: number;
  /** Of the file alone, right after it was prepared: positions and answers, no history. */
  readonly diskBytes: number;
  /** From the start of the process to its first answered read, the file in the cache of the system. */
  readonly startSeconds: number;
  readonly residentMib: number;
  /** Of a read at central, of a sale at a node, 64 connections that are always busy. */
  readonly p50Ms: number;
  /** Of what is sent for a sale in a full batch, and of a position in a snapshot. Of a node only. */
  readonly wire?: { readonly delta: number; readonly position: number };
};

type Prepared = Size & { readonly of: GrownOf; readonly positions: number; readonly directory: string };

/** What grows with the number of positions, and what does not: all sizes of a kind are there at once and measured in turns. */
export async function growth(run: BenchRun): Promise<readonly Grown[]> {
  const brokers = new ServiceStack();
  try {
    const sizes = POSITIONS.map((positions) => sized(positions, run));
    const centrals: Prepared[] = [];
    for (const positions of sizes) {
      const natsUrl = brokers.add('broker', await brokerIn(join(run.directory, `nats-${positions}`))).url;
      centrals.push(await centralOf(run, { positions, natsUrl }));
    }
    const nodes = sizes.map((positions) => nodeOf(run, positions));
    return [...(await grown(centrals, run)), ...(await grown(nodes, run))];
  } finally {
    await brokers.stop();
  }
}

async function centralOf(
  { sharedDirectory }: BenchRun,
  { positions, natsUrl }: { readonly positions: number; readonly natsUrl: string },
): Promise<Prepared> {
  const skus = positions / WAREHOUSES;
  const directory = join(sharedDirectory, `grown-central-${positions}`);
  await prepareCentral(directory, { warehouses: numberedWarehouses(WAREHOUSES), skus });
  const start = async () =>
    startCentralProcess({ directory, port: await portFor(0, ''), natsUrl, log, logLevel: 'error' });
  return { of: 'central', positions, skus, directory, start };
}

function nodeOf({ sharedDirectory }: BenchRun, positions: number): Prepared {
  const directory = join(sharedDirectory, `grown-node-${positions}`);
  prepareNode(directory, { warehouse: WAREHOUSE, skus: positions });
  return { of: 'node', positions, skus: positions, directory, start: () => startEdgeProcess({ directory }) };
}

const log = createLog({ level: 'error', name: 'bench' });

async function grown(sizes: readonly Prepared[], { pace }: BenchRun): Promise<readonly Grown[]> {
  const services = new ServiceStack();
  try {
    const load = services.add(
      'load',
      Helper.start<LoadOrder, LoadReply>(new URL('../load/load-process.ts', import.meta.url)),
    );
    const at: { readonly url: string; readonly startSeconds: number; readonly diskBytes: number }[] = [];
    for (const size of sizes) {
      const diskBytes = (await stat(join(size.directory, size.of === 'central' ? STORE_FILE : DATABASE_FILE))).size;
      const pathOf = (sku: string) => (size.of === 'central' ? `/v1/availability/${sku}` : `/v1/stock/${sku}`);
      const { started, seconds } = await answering(size, { pathOf });
      services.add('started', started);
      await atRest(must(started.pid, 'a process that runs'));
      at.push({ url: started.url, startSeconds: seconds, diskBytes });
    }
    const sides = sizes.map(({ of, skus }, index): Side => {
      const url = must(at[index], 'it was started').url;
      const kind = of === 'central' ? 'availability-reads' : 'sales';
      return async (durationMs) => {
        const result = await load.order({ url, connections: CONNECTIONS, durationMs, load: kind, skus });
        if (result.unexpected > 0) throw new Error(`${result.unexpected} requests had another answer than expected`);
        return result.p50Ms;
      };
    });
    const samples = await interleaved(sides, pace);
    const told = await Promise.all(at.map(({ url }) => residentMib(url)));
    await services.stop();
    return sizes.map(({ of, positions, directory }, index) => {
      const { startSeconds, diskBytes } = must(at[index], 'it was started');
      return {
        ...{ of, positions, diskBytes, startSeconds },
        residentMib: must(told[index], 'it was asked'),
        p50Ms: median(must(samples[index], 'it was measured')),
        ...(of === 'node' ? { wire: bytesOnTheWire(directory, WAREHOUSE) } : {}),
      };
    });
  } finally {
    await services.stop();
  }
}
