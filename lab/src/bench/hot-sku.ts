import { join } from 'node:path';
import { ServiceStack } from '@edgestock/shared/runtime/service';
import { requestJson } from '../api/json-request.ts';
import { figureAgainstBound, figureAgainstFloor } from './figure.ts';
import { interleaved, type Side } from './interleaved.ts';
import type { LoadOrder, LoadReply } from './load/load-process.ts';
import type { PostgresReservationsOrder, PostgresReservationsReply } from './peer/postgres-reservations-process.ts';
import { startPostgres } from './peer/postgres-server.ts';
import { Helper } from './process/helper.ts';
import { startPromisingCentral } from './promising-central.ts';
import type { Bench, BenchRun } from './run.ts';

const CONNECTIONS = 64;
const RATIO_MIN = 10;
const HOT = 'HOT-1';
/** More than can be asked for in a run, so that what is measured is promising and not refusing. */
const PLENTY = 1_000_000_000;
/** The second part: as many units as a popular device has at its launch. */
const SCARCE = 'SCARCE-1';
const SCARCE_UNITS = 500;

/**
 * N9: reserving one hot SKU over HTTP, every one durable, against the same through a PostgreSQL row lock for each request, both
 * behind Hono; then a scarce SKU until it is gone, which must be promised exactly as often as there are units.
 */
export const hotSku: Bench = async (run) => {
  const services = new ServiceStack();
  try {
    const central = services.add(
      'central',
      await startPromisingCentral(join(run.directory, 'n9'), [
        { sku: HOT, quantity: PLENTY },
        { sku: SCARCE, quantity: SCARCE_UNITS },
      ]),
    );
    const postgres = services.add('postgres', await startPostgres(join(run.directory, 'n9-postgres')));
    const peer = (way: PostgresReservationsOrder['way']) =>
      services.add(
        way,
        Helper.start<PostgresReservationsOrder, PostgresReservationsReply>(
          new URL('./peer/postgres-reservations-process.ts', import.meta.url),
        ),
      );
    const order = { port: postgres.port, sku: HOT, units: PLENTY };
    const { url: lockUrl } = await peer('row-lock').order({ ...order, way: 'row-lock' });
    const { url: statementUrl } = await peer('one-statement').order({ ...order, way: 'one-statement' });
    const load = services.add(
      'load',
      Helper.start<LoadOrder, LoadReply>(new URL('./load/load-process.ts', import.meta.url)),
    );
    const latencies: number[] = [];
    let promised = 0;
    const reserves =
      (url: string, isOurs: boolean): Side =>
      async (durationMs) => {
        const result = await load.order({ url, connections: CONNECTIONS, durationMs, load: 'reservations', sku: HOT });
        if (result.unexpected > 0) throw new Error(`${result.unexpected} reservations were not answered with 201`);
        if (isOurs) {
          latencies.push(result.p99Ms);
          promised += result.answers;
        }
        return result.perSecond;
      };
    const [samples = [], lockSamples = [], statementSamples = []] = await interleaved(
      [reserves(central.url, true), reserves(lockUrl, false), reserves(statementUrl, false)],
      run.pace,
    );
    const held = await heldOf(central.url, HOT);
    if (held !== promised) throw new Error(`${promised} units were answered with 201, and ${held} are held`);
    const common = {
      id: 'N9',
      what: `reserving one hot SKU over HTTP, ${CONNECTIONS} connections, durable`,
      unit: 'reservations/s',
      notes: [
        `p99 under this load ${Math.max(...latencies).toFixed(1)} ms at worst`,
        `${promised.toLocaleString('en-US')} units answered with 201, as many held in the store`,
        `the peer is ${postgres.version}, its settings in lab/src/bench/peer/postgres-server.ts`,
      ],
    } as const;
    return [
      figureAgainstFloor(common, {
        samples,
        floorSamples: lockSamples,
        floorIs: 'PostgreSQL row lock for each request behind Hono',
        ratio: { atLeast: RATIO_MIN },
      }),
      figureAgainstFloor(
        { ...common, notes: [] },
        {
          samples,
          floorSamples: statementSamples,
          floorIs: 'PostgreSQL, one conditional statement for each request behind Hono',
          ratio: { atLeast: 1 },
        },
      ),
      await oversold(central.url, load, run),
    ];
  } finally {
    await services.stop();
  }
};

/** All connections at once on the last units. */
async function oversold(url: string, load: Helper<LoadOrder, LoadReply>, { pace }: BenchRun) {
  const { answers, unexpected } = await load.order({
    url,
    connections: CONNECTIONS,
    durationMs: pace.roundMs,
    load: 'reservations',
    sku: SCARCE,
  });
  const promised = answers - unexpected;
  return figureAgainstBound(
    {
      id: 'N9',
      what: `units of a SKU with ${SCARCE_UNITS} promised beyond them, ${CONNECTIONS} connections`,
      unit: 'oversold',
      notes: [`${promised} of ${SCARCE_UNITS} units promised, ${unexpected.toLocaleString('en-US')} requests refused`],
    },
    { value: Math.max(0, promised - SCARCE_UNITS), bound: { atMost: 0 } },
  );
}

async function heldOf(url: string, sku: string): Promise<number> {
  const { body } = await requestJson(`${url}/v1/stock/${sku}/explain`);
  const { warehouses } = body as { readonly warehouses: readonly { readonly central: { readonly held: number } }[] };
  return warehouses.reduce((sum, { central }) => sum + central.held, 0);
}
