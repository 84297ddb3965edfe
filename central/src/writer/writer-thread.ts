import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import { type Service, ServiceStack } from '@edgestock/shared/runtime/service';
import { connectForEver } from '@edgestock/shared/transport/jetstream-connection';
import { emptyDownMetrics } from '../directives/down-metrics.ts';
import { DownPublisher } from '../directives/down-publisher.ts';
import { DownTrimmer } from '../directives/down-trimmer.ts';
import { JetStreamDown } from '../directives/jetstream-down.ts';
import { ControlDesk } from '../ingest/control-desk.ts';
import { DigestWatch } from '../ingest/digest-watch.ts';
import { emptyIngestMetrics, type IngestMetrics } from '../ingest/ingest-metrics.ts';
import { Ingester } from '../ingest/ingester.ts';
import { JetStreamSource } from '../ingest/jetstream-source.ts';
import { LastUnitsDesk } from '../ingest/last-units-desk.ts';
import { NodeCursors } from '../ingest/node-cursors.ts';
import { RejoinDesk } from '../ingest/rejoin-desk.ts';
import { SnapshotDesk } from '../ingest/snapshot-desk.ts';
import type { SourceListener } from '../ingest/source.ts';
import { StallHealer } from '../ingest/stall-healer.ts';
import { StallWatch } from '../ingest/stall-watch.ts';
import { StoreWrites } from '../ingest/store-writes.ts';
import type { StreamFailure } from '../ingest/stream-failure.ts';
import { WantedStates } from '../ingest/wanted-states.ts';
import { countOutcomes, emptyPromiseMetrics } from '../orders/promise-metrics.ts';
import { PromiseQueue } from '../orders/promise-queue.ts';
import { Sweeper } from '../orders/sweeper.ts';
import type { PromiseOutcome } from '../rules/promise-command.ts';
import type { Applied, CentralStore } from '../store/central-store.ts';
import type { PromiseStore } from '../store/promise-store.ts';
import { StoreFailing } from '../store/store-failing.ts';
import { EpochKeeper } from './epoch-keeper.ts';
import { PromiseAnswers } from './promise-answers.ts';
import { Reports } from './reports.ts';
import type { FromWriter, PromiseRequest, WriterConfig, WriterMetrics } from './writer-messages.ts';

export type WriterThreadOptions = {
  readonly config: WriterConfig;
  /** Closed by its owner, after the thread has stopped. */
  readonly store: CentralStore & PromiseStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly tell: (message: FromWriter) => void;
  /** The store failed: the thread is of no more use. */
  readonly onFailed: (error: unknown) => void;
  /** Whom to speak with; absent = NATS, at the addresses of the configuration. */
  readonly startBroker?: (parts: BrokerParts) => Service;
};

/** What a broker is wired to: who hears the nodes, who speaks to them, and who sees that they get nowhere. */
export type BrokerParts = {
  readonly listener: SourceListener;
  readonly down: DownPublisher;
  readonly stalls: StallWatch;
  readonly metrics: IngestMetrics;
};

export type WriterThread = Service & { promise(requests: readonly PromiseRequest[]): void };

/** Everything that writes the store, wired. Resolves when the store can be read; the broker may come later. */
export async function startWriterThread(options: WriterThreadOptions): Promise<WriterThread> {
  const { store, clock, random, log, tell, onFailed } = options;
  const metrics = { ingest: emptyIngestMetrics(), promises: emptyPromiseMetrics(), directives: emptyDownMetrics() };
  const stopping = new AbortController();
  const cursors = new NodeCursors([], clock);
  // Of writes that failed nobody knows whether they took effect.
  const catchUp = async () => cursors.catchUp(await store.warehouses());
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
  // The clock may have been set back while nobody looked.
  const isClamped = await writes.attempt(() => store.clampTimes(clock.now()));
  // A backup that was put in the place of the store by other means than the command for that.
  const backedUpAt = await held(() => store.backedUpAt());
  if (backedUpAt !== undefined) {
    const reason = `the store is a backup of ${new Date(backedUpAt).toISOString()}`;
    log.warn({ reason, hint: 'nothing is promised of a warehouse before its node was heard' }, 'a new epoch begins');
    await held(() => store.beginEpoch({ heard: 0, reason }, clock.now()));
  }
  await held(catchUp);
  const centralEpoch = await held(() => store.centralEpoch());
  const wanted = new WantedStates(store, clock);
  await held(() => wanted.load());
  const keeper: EpochKeeper = new EpochKeeper({
    store,
    writes,
    clock,
    log,
    onBegun: (epoch, applied) => {
      cursors.unsettleAll();
      desk.beginEpoch(epoch);
      down.beginEpoch(epoch);
      reports.beginEpoch();
      tell({ type: 'epoch-begun' });
      committed(applied);
    },
  });
  const down = new DownPublisher({
    ...{ store, centralEpoch, metrics: metrics.directives, clock, random, log, onFailed: failed },
    onAhead: (proof) => keeper.begin(proof),
  });

  const committed = ({ changes, directed, ahead }: Omit<Applied<unknown>, 'outcomes'>) => {
    if (changes.length > 0) tell({ type: 'changed', changes });
    if (directed.length > 0) down.wake(directed);
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
      for (const outcome of applied.outcomes) for (const at of endsOf(outcome)) sweeper.noteEnd(at);
    },
    onFailed,
  });
  const sweeper = new Sweeper({ writer: queue, clock });
  const answers = new PromiseAnswers(queue, (told) => tell({ type: 'answers', answers: told }));
  const digests = new DigestWatch({
    store,
    metrics: metrics.ingest,
    clock,
    log,
    letOthersIn: () => queue.flush(),
    onFailed: failed,
  });
  const stalls = new StallWatch({ cursors, clock, isStoreFull: () => writes.failure !== undefined });
  const desk = new ControlDesk({
    store,
    centralEpoch,
    cursors,
    wanted,
    digests,
    stalls,
    metrics: metrics.ingest,
    clock,
    log,
    onDownCursor: (warehouse, cursor) => void down.heard(warehouse, cursor),
    onPlaceStated: async (warehouse, sequence) => {
      await writes.attempt(async () => {
        const applied = await store.statePlace(warehouse, sequence, clock.now());
        cursors.settleAt(warehouse, sequence);
        log.info(
          { warehouse, sequence },
          'central has heard this node again; its units count once its log is here up to this place',
        );
        committed(applied);
      });
    },
  });
  const rejoins = new RejoinDesk({
    store,
    clock,
    log,
    onTakenOver: async (warehouse, applied) => {
      desk.forget(warehouse);
      down.beginAnew(warehouse);
      const record = await held(() => store.warehouse(warehouse));
      if (record !== undefined) cursors.set(record);
      committed(applied);
    },
  });
  const snapshots = new SnapshotDesk({
    ...{ store, cursors, clock, log },
    metrics: metrics.ingest,
    yieldTurn: () => queue.flush(),
    onCommitted: committed,
  });
  const lastUnits = new LastUnitsDesk({
    cursors,
    promise: (command) => queue.urgent(command),
    log,
    onAnswered: (isAnswered) => {
      metrics.promises[isAnswered ? 'lastUnitsAnswered' : 'lastUnitsUnanswered'] += 1;
    },
  });
  const ingester = new Ingester({
    store,
    cursors,
    wanted,
    digests,
    writes,
    metrics: metrics.ingest,
    clock,
    log,
    yieldTurn: () => queue.flush(),
    onCommitted: committed,
    onDownAcknowledged: (warehouse, sequence) => down.acknowledged(warehouse, sequence),
    onFailed,
  });
  tell({ type: 'ready' });

  const services = new ServiceStack();
  const read = (): WriterMetrics => ({ ...metrics, promises: { ...metrics.promises, waiting: queue.asked } });
  const reports: Reports = services.add(
    'reports',
    new Reports({ desk, down, store, writes, isClamped, metrics: read, clock, log, tell, onFailed }),
  );
  services.add('promises', queue);
  services.add('sweeper', sweeper);
  services.add('directives', down);
  const trimmer = new DownTrimmer({
    store,
    clock,
    onTrimmed: (directives) => {
      metrics.directives.directivesTrimmed += directives;
    },
    attempt: (write) => writes.attempt(write),
    onFailed,
  });
  services.add('log trimmer', trimmer);
  services.add('digests', digests);
  services.add('ingester', ingester);
  const listener = listenerOf({
    ingester,
    desk,
    lastUnits,
    rejoins,
    snapshots,
    interrupted: () => {
      metrics.ingest.interruptions += 1;
      cursors.doubtAll();
    },
  });
  const { startBroker = (parts: BrokerParts) => connectNats(options, parts) } = options;
  services.add('broker', startBroker({ listener, down, stalls, metrics: metrics.ingest }));
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

function listenerOf(parts: {
  readonly ingester: Ingester;
  readonly desk: ControlDesk;
  readonly lastUnits: LastUnitsDesk;
  readonly rejoins: RejoinDesk;
  readonly snapshots: SnapshotDesk;
  readonly interrupted: () => void;
}): SourceListener {
  const { ingester, desk, lastUnits, rejoins, snapshots, interrupted } = parts;
  return {
    accept: (message) => ingester.accept(message),
    enrol: async (warehouse, body) => textOf(await desk.enrol(warehouse, body)),
    heartbeat: async (warehouse, body) => textOf(await desk.heartbeat(warehouse, body)),
    lastUnits: async (warehouse, body) => textOf(await lastUnits.lastUnits(warehouse, body)),
    rejoin: async (warehouse, body) => textOf(await rejoins.rejoin(warehouse, body)),
    snapshot: async (warehouse, body) => textOf(await snapshots.snapshot(warehouse, body)),
    interrupted,
  };
}

/** Connects in the background, for as long as it takes. */
function connectNats(
  { config, clock, random, log, tell }: WriterThreadOptions,
  { listener, down, stalls, metrics }: BrokerParts,
): Service {
  const onLink = (isUp: boolean) => {
    tell({ type: 'broker', isUp });
    down.linkChanged(isUp);
    // Who stood still meanwhile did so for want of a link.
    stalls.forgetAll();
  };
  const onStream = (failure: StreamFailure | undefined) => tell({ type: 'stream', failure });
  const abort = new AbortController();
  const connecting = connectForEver({
    url: config.natsUrls,
    name: 'central',
    clock,
    random,
    log,
    signal: abort.signal,
    ...(config.retryDelayMs === undefined ? {} : { retryDelayMs: config.retryDelayMs }),
  });
  const started = connecting.then(
    (connection) => {
      tell({ type: 'broker', isUp: true });
      down.attach(new JetStreamDown(connection));
      const source = new JetStreamSource({
        connection,
        listener,
        clock,
        random,
        log,
        onLink,
        onStream,
        ...(config.idleHeartbeatMs === undefined ? {} : { idleHeartbeatMs: config.idleHeartbeatMs }),
      });
      const { repairs } = source;
      const healer = new StallHealer({ watch: stalls, repairs, metrics, onStuck: onStream, clock, log });
      return { connection, source, healer };
    },
    // Only when it was stopped before there was a broker.
    () => undefined,
  );
  return {
    stop: async () => {
      abort.abort();
      const running = await started;
      await running?.healer.stop();
      await running?.source.stop();
      await running?.connection.close();
    },
  };
}

function textOf(reply: object | undefined): string | undefined {
  return reply && JSON.stringify(reply);
}
