import { join } from 'node:path';
import { ServiceStack } from '@edgestock/shared/runtime/service';
import { figureAgainstFloor, grouped } from './figure.ts';
import type { HonoOrder, HonoReply } from './floor/hono-process.ts';
import { interleaved, type Side } from './interleaved.ts';
import { SKUS, scatteredSku } from './load/goods.ts';
import type { LoadOrder, LoadReply } from './load/load-process.ts';
import { startEdgeProcess } from './process/edge-process.ts';
import { Helper } from './process/helper.ts';
import { type Bench, sized } from './run.ts';
import { stock } from './stocked-node.ts';

const CONNECTIONS = 64;
const RATIO_MIN = 0.75;

/** N1: `GET /v1/stock/{sku}` over all SKUs of a node, against a bare Hono route that returns a constant of the same size. */
export const stockRead: Bench = async (run) => {
  const { directory, pace } = run;
  const skus = sized(SKUS, run);
  const services = new ServiceStack();
  try {
    const node = services.add('node', await startEdgeProcess({ directory: join(directory, 'n1') }));
    await stock(node.url, skus);
    const answer = await fetch(`${node.url}/v1/stock/${scatteredSku(1, skus)}`);
    const floor = services.add(
      'floor',
      Helper.start<HonoOrder, HonoReply>(new URL('./floor/hono-process.ts', import.meta.url)),
    );
    const { url: floorUrl } = await floor.order({ constantBody: await answer.text() });
    const load = services.add(
      'load',
      Helper.start<LoadOrder, LoadReply>(new URL('./load/load-process.ts', import.meta.url)),
    );
    const latencies: number[] = [];
    const reads =
      (url: string, isOurs: boolean): Side =>
      async (durationMs) => {
        const result = await load.order({ url, connections: CONNECTIONS, durationMs, load: 'stock-reads', skus });
        if (result.unexpected > 0) throw new Error(`${result.unexpected} reads were not answered with 200`);
        if (isOurs) latencies.push(result.p99Ms);
        return result.perSecond;
      };
    const [samples = [], floorSamples = []] = await interleaved([reads(node.url, true), reads(floorUrl, false)], pace);
    return [
      figureAgainstFloor(
        {
          id: 'N1',
          what: `edge GET /v1/stock/{sku}, ${CONNECTIONS} connections, ${grouped(skus)} SKUs`,
          unit: 'requests/s',
          notes: [`p99 under this load ${Math.max(...latencies).toFixed(1)} ms at worst`],
        },
        { samples, floorSamples, floorIs: 'bare Hono route returning the same bytes', ratio: { atLeast: RATIO_MIN } },
      ),
    ];
  } finally {
    await services.stop();
  }
};
