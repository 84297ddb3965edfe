import { join } from 'node:path';
import { must } from '@edgestock/shared/runtime/assert';
import { ServiceStack } from '@edgestock/shared/runtime/service';
import { type Figure, figureAgainstBound, grouped, median, spreadOf } from './figure.ts';
import { LARGE_SKUS, largeNode } from './large-assortment.ts';
import type { LoadOrder, LoadReply } from './load/load-process.ts';
import { startManyNodes } from './many-nodes.ts';
import { atRest } from './process/at-rest.ts';
import { startEdgeProcess } from './process/edge-process.ts';
import { Helper } from './process/helper.ts';
import { residentMib } from './process/resident.ts';
import { type Bench, type BenchRun, sized } from './run.ts';

const CONNECTIONS = 64;
const NODE_MIB_MAX = 150;
const CENTRAL_MIB_MAX = 512;
const STARTS = 3;
const SALES_PER_SECOND = 1_000;

/**
 * N12: resident memory after work. A node with a million positions, once it has counted them up, sold and been read for a while; central
 * with five hundred nodes that sell.
 */
export const memory: Bench = async (run) => [await ofNode(run), await ofCentral(run)];

async function ofNode(run: BenchRun): Promise<Figure> {
  const skus = sized(LARGE_SKUS, run);
  const directory = largeNode(run, skus);
  const samples: number[] = [];
  for (let start = 0; start < (run.isQuick ? 1 : STARTS); start += 1)
    samples.push(await mibOfNode(run, directory, skus));
  const empty = await mibOfNode(run, join(run.directory, 'empty'), undefined);
  return figureAgainstBound(
    {
      id: 'N12',
      what: `resident memory of a node with ${grouped(skus)} positions, after sales and reads of all of them`,
      unit: 'MiB',
      notes: [
        `${spreadOf(samples)} MiB in ${samples.length} starts, each with ${CONNECTIONS} connections of sales and reads in turn; a node with nothing in it, started and asked once, ${grouped(empty)} MiB`,
      ],
    },
    { value: median(samples), bound: { atMost: NODE_MIB_MAX } },
  );
}

/** Of a node that works on so many SKUs, or, with none, is only asked for its memory. */
async function mibOfNode({ pace }: BenchRun, directory: string, skus: number | undefined): Promise<number> {
  const services = new ServiceStack();
  try {
    const { url, pid } = services.add('node', await startEdgeProcess({ directory }));
    await atRest(must(pid, 'a process that runs'));
    if (skus !== undefined) {
      const load = services.add(
        'load',
        Helper.start<LoadOrder, LoadReply>(new URL('./load/load-process.ts', import.meta.url)),
      );
      for (const kind of ['sales', 'stock-reads'] as const) {
        await load.order({ url, connections: CONNECTIONS, durationMs: pace.roundMs, load: kind, skus });
      }
    }
    return await residentMib(url);
  } finally {
    await services.stop();
  }
}

async function ofCentral(run: BenchRun): Promise<Figure> {
  const world = await startManyNodes(run);
  try {
    const samples: number[] = [];
    for (let round = 0; round < run.pace.rounds; round += 1) {
      await world.sell(sized(SALES_PER_SECOND, run), run.pace.roundMs);
      samples.push(await residentMib(world.centralUrl));
    }
    return figureAgainstBound(
      {
        id: 'N12',
        what: `resident memory of central with ${world.nodes} nodes that sell`,
        unit: 'MiB',
        notes: [
          `${spreadOf(samples)} MiB in the course of it, ${world.positions.toLocaleString('en-US')} positions; both threads together`,
        ],
      },
      { value: Math.max(...samples), bound: { atMost: CENTRAL_MIB_MAX } },
    );
  } finally {
    await world.stop();
  }
}
