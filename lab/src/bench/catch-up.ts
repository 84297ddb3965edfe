import { join } from 'node:path';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { ServiceStack } from '@edgestock/shared/runtime/service';
import { CentralApi } from '../api/central-api.ts';
import { EdgeApi } from '../api/edge-api.ts';
import { mismatchesOf } from '../model/compare-positions.ts';
import { bystanderNote } from './bystander.ts';
import { figureAgainstBound, figureAgainstFloor, grouped, median, spreadOf } from './figure.ts';
import type { HonoOrder, HonoReply } from './floor/hono-process.ts';
import { scatteredSku } from './load/goods.ts';
import type { LoadOrder, LoadReply } from './load/load-process.ts';
import { AwaitedStates } from './offline/awaited-states.ts';
import { inCopyOf, isInStep, LIVE, OFFLINE, prepareOffline, startOfflineWorld } from './offline/offline-world.ts';
import { Helper } from './process/helper.ts';
import { type Bench, type BenchRun, sized } from './run.ts';
import { untilTrue } from './until-true.ts';
import { AvailabilityWatch } from './visibility/availability-watch.ts';
import type { VisibilityOrder, VisibilityReply } from './visibility/visibility-process.ts';

const SALES = 500_000;
const SKUS = 10_000;
const LIVE_PER_SECOND = 200;
const CONNECTIONS = 16;
const REPETITIONS = 3;
const AVAILABILITY_SECONDS_MAX = 5;
const HISTORY_SECONDS_MAX = 30;
const LIVE_RATIO_MAX = 2;
const CAUGHT_UP_WITHIN_MS = 300_000;
const PATIENCE_MS = 30_000;

type CaughtUp = {
  readonly nodeSeconds: number;
  readonly availabilitySeconds: number;
  readonly historySeconds: number;
  readonly before: readonly VisibilityReply[];
  readonly during: readonly VisibilityReply[];
  /** The same posts to a bare Hono route. */
  readonly bystander: { readonly before: readonly LoadReply[]; readonly during: readonly LoadReply[] };
};

/**
 * N7: a node that has sold without a link is started with one. How long until central's answers are right for every SKU, and until it
 * has the whole history; and what that does to another node that sells at the same central. Each repetition is on a copy of the
 * same prepared world.
 */
export const catchUp: Bench = async (run) => {
  const prepared = join(run.directory, 'n7');
  const [sales, skus] = [sized(SALES, run), sized(SKUS, run)];
  const end = await prepareOffline(prepared, { sales, skus });
  // The last round of sales has every SKU once.
  const lastStates = new Map(
    Array.from({ length: skus }, (_, index) => [scatteredSku(sales - skus + index, skus), end - skus + index + 1]),
  );
  const repetitions: CaughtUp[] = [];
  for (let repetition = 0; repetition < (run.isQuick ? 1 : REPETITIONS); repetition += 1) {
    repetitions.push(await inCopyOf(prepared, (copy) => caughtUp(copy, { run, skus, end, lastStates })));
  }
  return figuresOf(repetitions, { sales, skus });
};

async function caughtUp(
  directory: string,
  options: {
    readonly run: BenchRun;
    readonly skus: number;
    readonly end: number;
    readonly lastStates: ReadonlyMap<string, number>;
  },
): Promise<CaughtUp> {
  const { run, skus, end, lastStates } = options;
  const services = new ServiceStack();
  try {
    const world = services.add('world', await startOfflineWorld(directory));
    const { centralUrl, live } = world;
    const central = new CentralApi(centralUrl);
    const observer = services.add(
      'observer',
      Helper.start<VisibilityOrder, VisibilityReply>(new URL('./visibility/visibility-process.ts', import.meta.url)),
    );
    const nodes = [{ warehouse: LIVE, url: live.url }];
    const sell = (durationMs: number) =>
      observer.order({ centralUrl, nodes, skus, perSecond: LIVE_PER_SECOND, durationMs });
    const echo = await startBystander(services, skus);
    await Promise.all([sell(run.pace.warmUpMs), echo(run.pace.warmUpMs)]);
    const before: VisibilityReply[] = [];
    const bystander = { before: [] as LoadReply[], during: [] as LoadReply[] };
    for (let round = 0; round < run.pace.rounds; round += 1) {
      before.push(await sell(run.pace.roundMs));
      bystander.before.push(await echo(run.pace.roundMs));
    }

    const awaited = new AwaitedStates(lastStates);
    const watch = await AvailabilityWatch.start(centralUrl, ({ warehouse, ...state }) => {
      if (warehouse === OFFLINE) awaited.seen(state, systemClock.monotonicMs());
    });
    services.add('watch', { stop: async () => watch.stop() });
    const startedMs = systemClock.monotonicMs();
    const secondsSince = (atMs: number) => (atMs - startedMs) / 1_000;
    const node = services.add('offline', await world.startOffline());
    const nodeSeconds = secondsSince(systemClock.monotonicMs());
    let hasHistory = false;
    const history = untilTrue(
      'central has the whole history',
      async () => ((await central.appliedByWarehouse()).get(OFFLINE) ?? 0) >= end,
      { withinMs: CAUGHT_UP_WITHIN_MS },
    )
      .then(() => systemClock.monotonicMs())
      .finally(() => {
        hasHistory = true;
      });
    const during: VisibilityReply[] = [];
    while (!hasHistory) {
      during.push(await sell(run.pace.roundMs));
      bystander.during.push(await echo(run.pace.roundMs));
    }
    const historySeconds = secondsSince(await history);
    await untilTrue('central shows every last state', async () => awaited.missing === 0);
    await untilTrue('central has all of the node', () => isInStep(node.url));
    await insistOnAgreement(central, node.url);
    const availabilitySeconds = secondsSince(await awaited.complete);
    return { nodeSeconds, availabilitySeconds, historySeconds, before, during, bystander };
  } finally {
    await services.stop();
  }
}

/** A bare Hono route that parses a sale and returns it, and is offered as many of them as the live node. */
async function startBystander(
  services: ServiceStack,
  skus: number,
): Promise<(durationMs: number) => Promise<LoadReply>> {
  const bystander = services.add(
    'bystander',
    Helper.start<HonoOrder, HonoReply>(new URL('./floor/hono-process.ts', import.meta.url)),
  );
  const load = services.add(
    'load',
    Helper.start<LoadOrder, LoadReply>(new URL('./load/load-process.ts', import.meta.url)),
  );
  const { url } = await bystander.order({ constantBody: '{}' });
  return (durationMs) =>
    load.order({ url, connections: CONNECTIONS, perSecond: LIVE_PER_SECOND, durationMs, load: 'sales', skus });
}

/** Whatever it took, central must be right in the end. Looked at again, since a node that is live again may grant between two reads. */
async function insistOnAgreement(central: CentralApi, nodeUrl: string): Promise<void> {
  await untilTrue('central has every position as the node has it', async () => {
    const node = await new EdgeApi(nodeUrl, { patienceMs: PATIENCE_MS }).positions();
    const model = new Map([...node].map(([sku, { onHand }]) => [sku, onHand]));
    return mismatchesOf(OFFLINE, { model, node, central: await central.positions(OFFLINE) }).length === 0;
  });
}

function figuresOf(
  repetitions: readonly CaughtUp[],
  { sales, skus }: { readonly sales: number; readonly skus: number },
) {
  const availability = repetitions.map(({ availabilitySeconds }) => availabilitySeconds);
  const history = repetitions.map(({ historySeconds }) => historySeconds);
  const node = repetitions.map(({ nodeSeconds }) => nodeSeconds);
  const before = repetitions.flatMap((repetition) => repetition.before);
  const during = repetitions.flatMap((repetition) => repetition.during);
  const p99sOf = (replies: readonly LoadReply[]) => replies.map(({ p99Ms }) => p99Ms);
  const bystander = bystanderNote('a bare Hono route', {
    meanwhile: p99sOf(repetitions.flatMap((repetition) => repetition.bystander.during)),
    idle: p99sOf(repetitions.flatMap((repetition) => repetition.bystander.before)),
  });
  const visibleP99 = (replies: readonly VisibilityReply[]) => grouped(median(replies.map(({ p99Ms }) => p99Ms)));
  const what = `node started after ${grouped(sales)} sales of ${grouped(skus)} SKUs without a link`;
  const times = `over ${repetitions.length} repetitions, from the start of the node's process, which answers after ${grouped(median(node))} s`;
  return [
    figureAgainstBound(
      {
        id: 'N7',
        what: `${what}: central's answers right for every SKU`,
        unit: 's',
        notes: [`right answers ${spreadOf(availability)} s, whole history ${spreadOf(history)} s, ${times}`],
      },
      { value: median(availability), bound: { atMost: AVAILABILITY_SECONDS_MAX } },
    ),
    figureAgainstBound(
      {
        id: 'N7',
        what: `${what}: central has the whole history`,
        unit: 's',
        notes: ['every position of the node was the same at central in the end'],
      },
      { value: median(history), bound: { atMost: HISTORY_SECONDS_MAX } },
    ),
    figureAgainstFloor(
      {
        id: 'N7',
        what: `p99 of a sale meanwhile at another node of the same central, ${LIVE_PER_SECOND}/s offered`,
        unit: 'ms',
        notes: [
          bystander,
          `from that node's answer to central's event: p99 ${visibleP99(during)} ms meanwhile, ${visibleP99(before)} ms before`,
        ],
      },
      {
        samples: during.map(({ answerP99Ms }) => answerP99Ms),
        floorSamples: before.map(({ answerP99Ms }) => answerP99Ms),
        floorIs: 'the same before the node was started',
        ratio: { atMost: LIVE_RATIO_MAX },
      },
    ),
  ];
}
