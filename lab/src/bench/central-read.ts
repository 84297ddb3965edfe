import { join } from 'node:path';
import { ServiceStack } from '@edgestock/shared/runtime/service';
import { numberedWarehouses } from '../replay/destination.ts';
import { anyPorts, startSystem } from '../system/start-system.ts';
import { bystanderNote } from './bystander.ts';
import { figureAgainstFloor, grouped, median, spreadOf } from './figure.ts';
import type { FleetOrder, FleetReply } from './fleet/fleet-process.ts';
import type { HonoOrder, HonoReply } from './floor/hono-process.ts';
import { interleaved, type Side } from './interleaved.ts';
import { scatteredSku } from './load/goods.ts';
import type { LoadOrder, LoadReply } from './load/load-process.ts';
import { Helper } from './process/helper.ts';
import { type Bench, type BenchRun, sized } from './run.ts';

const CONNECTIONS = 64;
const NODES = 10;
const SKUS = 5_000;
const RATIO_MIN = 0.75;
const INGEST_PER_SECOND = 20_000;
/** Few enough that the rest of the machine is left to what is measured: at all that central can answer, ingest gets no turn. */
const OFFERED_READS_PER_SECOND = 1_000;
const P99_RATIO_MAX = 3;

/**
 * N8: `GET /v1/availability/{sku}` over all SKUs of a central with ten warehouses, against a bare Hono route that returns a constant
 * of the same size; then the slowest of a hundred such reads while the nodes' logs come in, against the same while they do not.
 */
export const centralRead: Bench = async (run) => {
  const services = new ServiceStack();
  try {
    const { centralUrl, natsUrl } = services.add(
      'system',
      await startSystem({
        dataDirectory: join(run.directory, 'n8'),
        warehouses: [],
        ports: anyPorts,
        logLevel: 'error',
      }),
    );
    const fleet = services.add(
      'fleet',
      Helper.start<FleetOrder, FleetReply>(new URL('./fleet/fleet-process.ts', import.meta.url)),
    );
    const skus = sized(SKUS, run);
    await fleet.order({ order: 'begin', natsUrl, warehouses: numberedWarehouses(NODES), skus });
    const answer = await fetch(`${centralUrl}/v1/availability/${scatteredSku(1, skus)}`);
    const floor = services.add(
      'floor',
      Helper.start<HonoOrder, HonoReply>(new URL('./floor/hono-process.ts', import.meta.url)),
    );
    const constantBody = await answer.text();
    const { url: floorUrl } = await floor.order({ constantBody });
    const load = services.add(
      'load',
      Helper.start<LoadOrder, LoadReply>(new URL('./load/load-process.ts', import.meta.url)),
    );
    const read = async (url: string, pace: { readonly durationMs: number; readonly perSecond?: number }) => {
      const result = await load.order({ url, connections: CONNECTIONS, ...pace, load: 'availability-reads', skus });
      if (result.unexpected > 0) throw new Error(`${result.unexpected} reads were not answered with 200`);
      return result;
    };
    const rateOf =
      (url: string): Side =>
      async (durationMs) =>
        (await read(url, { durationMs })).perSecond;
    const offeredTo =
      (url: string): Reads =>
      (durationMs) =>
        read(url, { durationMs, perSecond: OFFERED_READS_PER_SECOND });

    const [samples = [], floorSamples = []] = await interleaved([rateOf(centralUrl), rateOf(floorUrl)], run.pace);
    return [
      figureAgainstFloor(
        {
          id: 'N8',
          what: `central GET /v1/availability/{sku}, ${CONNECTIONS} connections, ${grouped(skus)} SKUs in ${NODES} warehouses`,
          unit: 'requests/s',
          notes: [`an answer has ${constantBody.length} bytes and tells of ${NODES} warehouses`],
        },
        {
          samples,
          floorSamples,
          floorIs: 'bare Hono route returning the same bytes',
          ratio: { atLeast: RATIO_MIN },
        },
      ),
      await underIngest({ ofCentral: offeredTo(centralUrl), ofBystander: offeredTo(floorUrl) }, fleet, run),
    ];
  } finally {
    await services.stop();
  }
};

type Reads = (durationMs: number) => Promise<LoadReply>;

/** Beside central the bare route is asked the same, which has no part in what comes in. */
async function underIngest(
  { ofCentral, ofBystander }: { readonly ofCentral: Reads; readonly ofBystander: Reads },
  fleet: Helper<FleetOrder, FleetReply>,
  run: BenchRun,
) {
  const perSecond = sized(INGEST_PER_SECOND, run);
  const ingests: FleetReply[] = [];
  const unsent: number[] = [];
  const idle =
    (read: Reads): Side =>
    async (durationMs) =>
      (await read(durationMs)).p99Ms;
  const busy =
    (read: Reads): Side =>
    async (durationMs) => {
      const [{ p99Ms, unsentP99Ms }, ingest] = await Promise.all([
        read(durationMs),
        fleet.order({ order: 'sell', perSecond, durationMs }),
      ]);
      ingests.push(ingest);
      unsent.push(unsentP99Ms);
      return p99Ms;
    };
  const [samples = [], floorSamples = [], bystander = [], bystanderIdle = []] = await interleaved(
    [busy(ofCentral), idle(ofCentral), busy(ofBystander), idle(ofBystander)],
    run.pace,
  );
  const reached = ingests.map((ingest) => ingest.perSecond);
  return figureAgainstFloor(
    {
      id: 'N8',
      what: `p99 of ${grouped(OFFERED_READS_PER_SECOND)} offered reads/s while ${grouped(perSecond)} deltas/s come in from ${NODES} nodes`,
      unit: 'ms',
      notes: [
        bystanderNote('a bare Hono route', { meanwhile: bystander, idle: bystanderIdle }),
        `meanwhile a read was sent late by p99 ${grouped(median(unsent))} ms, which counts as its own`,
        `${grouped(median(reached))} of ${grouped(perSecond)} deltas/s were applied (${spreadOf(reached)}), to the last acknowledgement`,
        `from a node's commit to its knowing that central has it: p99 ${grouped(median(ingests.map(({ lagP99Ms }) => lagP99Ms)))} ms`,
        'load, broker, nodes and both threads of central share the cores',
      ],
    },
    { samples, floorSamples, floorIs: 'the same reads while nothing comes in', ratio: { atMost: P99_RATIO_MAX } },
  );
}
