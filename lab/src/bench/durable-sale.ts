import { join } from 'node:path';
import { ServiceStack } from '@edgestock/shared/runtime/service';
import { EdgeApi } from '../api/edge-api.ts';
import { figureAgainstFloor } from './figure.ts';
import type { HonoOrder, HonoReply } from './floor/hono-process.ts';
import type { SqliteSalesOrder, SqliteSalesReply } from './floor/sqlite-sales-process.ts';
import { interleaved, type Side } from './interleaved.ts';
import { SKUS } from './load/goods.ts';
import type { LoadOrder, LoadReply } from './load/load-process.ts';
import { startEdgeProcess } from './process/edge-process.ts';
import { Helper } from './process/helper.ts';
import { type Bench, sized } from './run.ts';
import { stock } from './stocked-node.ts';

const CONNECTIONS = 64;
const SQLITE_RATIO_MIN = 2;
const ECHO_RATIO_MIN = 0.5;
const PATIENCE_MS = 10_000;

/**
 * N2: durable sales over HTTP, every one with a receipt of its own, against a bare loop of one-sale SQLite transactions and
 * against a bare Hono route that parses and returns the same body. Every 201 must be a movement in the log afterwards.
 */
export const durableSale: Bench = async (run) => {
  const { directory, pace } = run;
  const skus = sized(SKUS, run);
  const services = new ServiceStack();
  try {
    const node = services.add('node', await startEdgeProcess({ directory: join(directory, 'n2') }));
    await stock(node.url, skus);
    const echo = services.add(
      'echo',
      Helper.start<HonoOrder, HonoReply>(new URL('./floor/hono-process.ts', import.meta.url)),
    );
    const { url: echoUrl } = await echo.order({ constantBody: '{}' });
    const sqlite = services.add(
      'sqlite',
      Helper.start<SqliteSalesOrder, SqliteSalesReply>(new URL('./floor/sqlite-sales-process.ts', import.meta.url)),
    );
    const load = services.add(
      'load',
      Helper.start<LoadOrder, LoadReply>(new URL('./load/load-process.ts', import.meta.url)),
    );

    let recorded = 0;
    const latencies: number[] = [];
    const posts =
      (url: string, onResult: (result: LoadReply) => void): Side =>
      async (durationMs) => {
        const result = await load.order({ url, connections: CONNECTIONS, durationMs, load: 'sales', skus });
        if (result.unexpected > 0) throw new Error(`${result.unexpected} sales were not answered with 201`);
        onResult(result);
        return result.perSecond;
      };
    const path = join(directory, 'n2-floor.sqlite');
    const [samples = [], sqliteSamples = [], echoSamples = []] = await interleaved(
      [
        posts(node.url, ({ answers, p99Ms }) => {
          recorded += answers;
          latencies.push(p99Ms);
        }),
        async (durationMs) => (await sqlite.order({ path, durationMs, skus })).perSecond,
        posts(echoUrl, () => undefined),
      ],
      pace,
    );

    const { sequence } = await new EdgeApi(node.url, { patienceMs: PATIENCE_MS }).status();
    if (sequence !== skus + recorded) {
      throw new Error(`${recorded} sales were answered with 201, and the log has ${sequence - skus} movements of them`);
    }
    const common = {
      id: 'N2',
      what: `durable sale over HTTP, ${CONNECTIONS} connections, synchronous=FULL`,
      unit: 'sales/s',
      notes: [
        `${recorded.toLocaleString('en-US')} answers with 201, as many movements in the log`,
        `p99 under this load ${Math.max(...latencies).toFixed(1)} ms at worst`,
      ],
    } as const;
    return [
      figureAgainstFloor(common, {
        samples,
        floorSamples: sqliteSamples,
        floorIs: 'bare loop of one-sale SQLite transactions, same schema, statements and disk',
        ratio: { atLeast: SQLITE_RATIO_MIN },
      }),
      figureAgainstFloor(common, {
        samples,
        floorSamples: echoSamples,
        floorIs: 'bare Hono POST that parses and returns the same body',
        ratio: { atLeast: ECHO_RATIO_MIN },
      }),
    ];
  } finally {
    await services.stop();
  }
};
