import { join } from 'node:path';
import { ServiceStack } from '@edgestock/shared/runtime/service';
import { EdgeApi } from '../api/edge-api.ts';
import { anyPorts, startSystem } from '../system/start-system.ts';
import { figureAgainstBound, grouped, median, spreadOf } from './figure.ts';
import { interleaved, type Side } from './interleaved.ts';
import { SKUS } from './load/goods.ts';
import type { LoadOrder, LoadReply } from './load/load-process.ts';
import { startEdgeProcess } from './process/edge-process.ts';
import { Helper } from './process/helper.ts';
import { type Bench, sized } from './run.ts';
import { stock } from './stocked-node.ts';
import { untilTrue } from './until-true.ts';

const CONNECTIONS = 64;
const PER_SECOND = 500;
const P99_MS_MAX = 15;
const PATIENCE_MS = 10_000;

const isInStep = (status: { readonly sequence: number; readonly applied: number }) =>
  status.applied === status.sequence;

/**
 * N3: how long a till waits for its sale at a steady rate, while the node replicates to a central that runs beside it. What is
 * offered does not wait for what is not answered, and a sale's time begins when it was due. Beside it the same on a node whose
 * link is cut: what replication costs a till.
 */
export const saleLatency: Bench = async (run) => {
  const { directory, pace } = run;
  const skus = sized(SKUS, run);
  const services = new ServiceStack();
  try {
    const { natsUrl } = services.add(
      'system',
      await startSystem({ dataDirectory: join(directory, 'n3'), warehouses: [], ports: anyPorts, logLevel: 'error' }),
    );
    const node = services.add('node', await startEdgeProcess({ directory: join(directory, 'n3-node'), natsUrl }));
    const cutOff = services.add('cut off', await startEdgeProcess({ directory: join(directory, 'n3-cut-off') }));
    for (const { url } of [node, cutOff]) await stock(url, skus);
    const api = new EdgeApi(node.url, { patienceMs: PATIENCE_MS });
    const isReplicated = async () => isInStep(await api.status());
    await untilTrue('central has the opening stock', isReplicated);

    const load = services.add(
      'load',
      Helper.start<LoadOrder, LoadReply>(new URL('./load/load-process.ts', import.meta.url)),
    );
    const medians: number[] = [];
    let sales = 0;
    const sell =
      (url: string): Side =>
      async (durationMs) => {
        const result = await load.order({
          url,
          connections: CONNECTIONS,
          durationMs,
          perSecond: PER_SECOND,
          load: 'sales',
          skus,
        });
        if (result.unexpected > 0) throw new Error(`${result.unexpected} sales were not answered with 201`);
        if (url === node.url) {
          medians.push(result.p50Ms);
          sales += result.answers;
        }
        return result.p99Ms;
      };
    const [samples = [], cutOffSamples = []] = await interleaved([sell(node.url), sell(cutOff.url)], pace);
    await untilTrue('central has every sale', isReplicated);
    return [
      figureAgainstBound(
        {
          id: 'N3',
          what: `p99 of one sale, ${PER_SECOND}/s offered to one node that replicates to central`,
          unit: 'ms',
          notes: [
            `p99 ${spreadOf(samples)} ms, p50 ${grouped(median(medians))} ms, over ${samples.length} repetitions; on a node whose link is cut p99 ${grouped(median(cutOffSamples))} ms (${spreadOf(cutOffSamples)})`,
            `${sales.toLocaleString('en-US')} sales answered with 201, all of them at central in the end`,
          ],
        },
        { value: median(samples), bound: { atMost: P99_MS_MAX } },
      ),
    ];
  } finally {
    await services.stop();
  }
};
