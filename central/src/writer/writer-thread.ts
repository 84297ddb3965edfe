import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { shardOf } from '@edgestock/shared/protocol/subjects';
import { SHARD_COUNT } from '@edgestock/shared/protocol/version';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import { type Service, ServiceStack } from '@edgestock/shared/runtime/service';
import { emptyDownMetrics } from '../directives/down-metrics.ts';
import { DownPublisher } from '../directives/down-publisher.ts';
import { DownTrimmer } from '../directives/down-trimmer.ts';
import { emptyIngestMetrics } from '../ingest/ingest-metrics.ts';
import { NodeCursors } from '../ingest/node-cursors.ts';
import { StoreWrites } from '../ingest/store-writes.ts';
import { countOutcomes, emptyPromiseMetrics } from '../orders/promise-metrics.ts';
import { PromiseQueue } from '../orders/promise-queue.ts';
import { Sweeper } from '../orders/sweeper.ts';
import type { PromiseOutcome } from '../rules/promise-command.ts';
import { roles as allRoles } from '../rules/role.ts';
import type { Applied, CentralStore } from '../store/central-store.ts';
import type { PromiseStore } from '../store/promise-store.ts';
import type { SharedStore } from '../store/shared-store.ts';
import { StoreFailing } from '../store/store-failing.ts';
import { type BrokerLink, type BrokerParts, connectNats } from './broker-link.ts';
import { EpochKeeper } from './epoch-keeper.ts';
import { IngestStation } from './ingest-station.ts';
import { LaneKeeper } from './lane-keeper.ts';
import { PromiseAnswers } from './promise-answers.ts';
import { Reports } from './reports.ts';
import { SharedWatch } from './shared-watch.ts';
import type { FromWriter, PromiseRequest, WriterConfig, WriterMetrics } from './writer-messages.ts';

export type { BrokerParts } from './broker-link.ts';

export type WriterThreadOptions = {
  readonly config: WriterConfig;
  /** Closed by its owner, after the thread has stopped. */
  readonly store: CentralStore & PromiseStore;
  /** What other processes on the same store do; absent where there are none, and this one has every role. */
  readonly shared?: SharedStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly tell: (message: FromWriter) => void;
  /** The store failed: the thread is of no more use. */
  readonly onFailed: (error: unknown) => void;
  /** Whom to speak with; absent = NATS, at the addresses of the configuration. */
  readonly startBroker?: (parts: BrokerParts) => BrokerLink;
};

export type WriterThread = Service & { promise(requests: readonly PromiseRequest[]): void };

/** Everything that writes the store, wired. Resolves when the store can be read; the broker may come later. */
export async function startWriterThread(options: WriterThreadOptions): Promise<WriterThread> {
  const { config, store, shared, clock, random, log, tell, onFailed } = options;
  const { roles = allRoles } = config;
  const [doesIngest, doesOrders] = [roles.includes('ingest'), roles.includes('orders')];
  const metrics = { ingest: emptyIngestMetrics(), promises: emptyPromiseMetrics(), directives: emptyDownMetrics() };
  const stopping = new AbortController();
  const cursors = new NodeCursors([], clock);
  const takesIn = (warehouse: WarehouseId) => lanes === undefined || lanes.owns(shardOf(warehouse));
  // Of writes that failed nobody knows whether they took effect.
  const catchUp = async () => cursors.catchUp((await store.warehouses()).filter(({ warehouse }) => takesIn(warehouse)));
  const writes: StoreWrites = new StoreWrites({
    ...{ clock, random, log },
    onChange: (failure) => {
      tell({ type: 'store', failure });
      if (failure === undefined) void catchUp().catch(failed);
    },
  });
  const held = <T>(call: () => Promise<T>) => writes.hold(call, stopping.signal);
  // For what is done again at the next occasion: a store that fails for now is no reason to end.
  const failed = (error: unknown) => (error instanceof StoreFailing ? writes.failed(error) : onFailed(error));
  let lanes: LaneKeeper | undefined;
  // The clock may have been set back while nobody looked.
  const isClamped = await writes.attempt(() => store.clampTimes(clock.now()));
  // A backup that was put in the place of the store by other means than the command for that.
  const after = await held(() => store.centralEpoch());
  const backedUpAt = await held(() => store.backedUpAt());
  if (backedUpAt !== undefined) {
    const reason = `the store is a backup of ${new Date(backedUpAt).toISOString()}`;
    log.warn({ reason, hint: 'nothing is promised of a warehouse before its node was heard' }, 'a new epoch begins');
    await held(() => store.beginEpoch({ heard: 0, reason, after }, clock.now()));
  }
  if (shared === undefined) await held(catchUp);
  const storeId = await held(() => store.storeId());
  let centralEpoch = await held(() => store.centralEpoch());
  /** Begun here, or found to have been begun by another process. */
  const epochBegun = (epoch: number) => {
    if (epoch === centralEpoch) return;
    centralEpoch = epoch;
    cursors.unsettleAll();
    ingest?.desk.beginEpoch(epoch);
    down?.beginEpoch(epoch);
    reports.beginEpoch();
    tell({ type: 'epoch-begun' });
  };
  const keeper: EpochKeeper = new EpochKeeper({
    ...{ store, writes, clock, log },
    known: () => centralEpoch,
    onBegun: (epoch, applied) => {
      epochBegun(epoch);
      if (applied !== undefined) committed(applied);
    },
  });
  const down = doesOrders
    ? new DownPublisher({
        ...{ store, centralEpoch, metrics: metrics.directives, clock, random, log, onFailed: failed },
        onAhead: (proof) => keeper.begin(proof),
      })
    : undefined;

  const committed = ({ changes, directed, ahead }: Omit<Applied<unknown>, 'outcomes'>) => {
    if (changes.length > 0) tell({ type: 'changed', changes });
    if (directed.length > 0) down?.wake(directed);
    const [warehouse] = ahead;
    if (warehouse === undefined) return;
    for (const one of ahead) cursors.unsettle(one);
    const reason = 'it was given back, or allocated, more than this central knows of';
    void store
      .centralEpoch()
      .then((heard) => keeper.begin({ warehouse, heard, reason }))
      .catch(failed);
  };
  const queue: PromiseQueue = new PromiseQueue({
    store: { promise: (commands, now) => writes.watch(() => store.promise(commands, now)) },
    clock,
    onCommitted: (applied, { durationMs }) => {
      metrics.promises.commits += 1;
      metrics.promises.commitMs += durationMs;
      countOutcomes(metrics.promises, applied.outcomes);
      committed(applied);
      for (const outcome of applied.outcomes) for (const at of endsOf(outcome)) sweeper?.noteEnd(at);
    },
    onFailed,
  });
  const sweeper = doesOrders ? new Sweeper({ writer: queue, clock }) : undefined;
  const answers = new PromiseAnswers(queue, (told) => tell({ type: 'answers', answers: told }));
  const ingest = doesIngest
    ? new IngestStation({
        ...{ store, centralEpoch, cursors, writes, held, queue, down, metrics, clock, log },
        onCommitted: committed,
        onFailed: failed,
      })
    : undefined;
  if (ingest !== undefined && shared === undefined) await held(() => ingest.wanted.load());
  tell({ type: 'ready' });

  const services = new ServiceStack();
  const read = (): WriterMetrics => ({
    ...metrics,
    promises: { ...metrics.promises, waiting: queue.asked },
    ...(lanes === undefined ? {} : { shards: lanes.owned }),
  });
  const reports: Reports = services.add(
    'reports',
    new Reports({ desk: ingest?.desk, down, store, writes, isClamped, metrics: read, clock, log, tell, onFailed }),
  );
  services.add('promises', queue);
  if (sweeper !== undefined) services.add('sweeper', sweeper);
  if (down !== undefined) {
    services.add('directives', down);
    const onTrimmed = (directives: number) => {
      metrics.directives.directivesTrimmed += directives;
    };
    const attempt = (write: () => Promise<void>) => writes.attempt(write);
    services.add('log trimmer', new DownTrimmer({ store, clock, onTrimmed, attempt, onFailed }));
  }
  ingest?.addTo(services);
  if (shared !== undefined) {
    const onGrown = down && ((warehouses: readonly WarehouseId[]) => down.wake(warehouses));
    const watch = { shared, clock, onEpoch: epochBegun, ...(onGrown === undefined ? {} : { onGrown }) };
    services.add('watch', new SharedWatch({ ...watch, onFailed: failed }));
  }
  const { startBroker = (parts: BrokerParts) => connectNats(options, parts) } = options;
  const owns =
    ingest !== undefined && shared !== undefined ? (shard: number) => lanes?.owns(shard) === true : undefined;
  const needsBroker = ingest !== undefined || down !== undefined;
  const broker = needsBroker ? startBroker({ storeId, ingest, down, metrics: metrics.ingest, owns }) : undefined;
  if (broker !== undefined) services.add('broker', broker);
  if (ingest !== undefined && shared !== undefined && broker !== undefined) {
    lanes = services.add(
      'lanes',
      new LaneKeeper({
        ...{ shared, worker: random.uuid(), lanes: SHARD_COUNT, clock, log },
        isAble: () => broker.isUp(),
        onGained: async (gained) => {
          const records = (await store.warehouses()).filter(({ warehouse }) => gained.includes(shardOf(warehouse)));
          for (const record of records) cursors.set(record);
          await ingest.wanted.load();
          broker.read(gained);
        },
        onLost: async (lost) => {
          await broker.leave(lost);
          cursors.forgetShards(lost);
        },
        onFailed,
      }),
    );
  }
  const stop = () => {
    stopping.abort();
    return services.stop();
  };
  return { promise: (requests) => answers.accept(requests), stop };
}

/** When the sweeper should look again because of this. */
function endsOf(outcome: PromiseOutcome): readonly number[] {
  if (outcome.outcome === 'reserved' || outcome.outcome === 'reservation') {
    return outcome.reservation.state === 'held' ? [outcome.reservation.expiresAt] : [];
  }
  return outcome.outcome === 'order' && outcome.order.wakeAt !== undefined ? [outcome.order.wakeAt] : [];
}
