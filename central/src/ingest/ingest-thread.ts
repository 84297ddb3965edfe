import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import { type Service, ServiceStack } from '@edgestock/shared/runtime/service';
import { connectForEver } from '@edgestock/shared/transport/jetstream-connection';
import { centralLimits } from '../limits.ts';
import type { Heard } from '../rules/node-record.ts';
import type { CentralStore } from '../store/central-store.ts';
import { ControlDesk } from './control-desk.ts';
import { emptyIngestMetrics, type IngestMetrics } from './ingest-metrics.ts';
import { Ingester } from './ingester.ts';
import { JetStreamSource } from './jetstream-source.ts';
import { NodeCursors } from './node-cursors.ts';
import type { SourceListener } from './source.ts';
import { StoreWrites } from './store-writes.ts';
import { WantedStates } from './wanted-states.ts';
import type { FromWorker, IngestConfig } from './worker-messages.ts';

export type IngestThreadOptions = {
  readonly config: IngestConfig;
  /** Closed by its owner, after the thread has stopped. */
  readonly store: CentralStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly tell: (message: FromWorker) => void;
  /** The store failed: the thread is of no more use. */
  readonly onFailed: (error: unknown) => void;
};

/** Everything that runs in the ingest thread, wired. Resolves when the store can be read; the broker may come later. */
export async function startIngestThread(options: IngestThreadOptions): Promise<Service> {
  const { config, store, clock, random, log, tell, onFailed } = options;
  const metrics = emptyIngestMetrics();
  // The clock may have been set back while nobody looked.
  const writes = new StoreWrites({ clock, random, log });
  const isClamped = await writes.attempt(() => store.clampTimes(clock.now()));
  const cursors = new NodeCursors(await store.warehouses(), clock);
  const centralEpoch = await store.centralEpoch();
  const wanted = new WantedStates(store, clock);
  await wanted.load();
  const desk = new ControlDesk({ store, centralEpoch, cursors, wanted, metrics, clock, log });
  const ingester = new Ingester({
    store,
    cursors,
    wanted,
    writes,
    metrics,
    clock,
    log,
    onChanged: (changes) => tell({ type: 'changed', changes }),
    onFailed,
  });
  tell({ type: 'ready' });

  const services = new ServiceStack();
  services.add('reports', startReports({ desk, store, writes, isClamped, metrics, clock, log, tell, onFailed }));
  services.add('ingester', ingester);
  services.add(
    'broker',
    startBroker(config, listenerOf({ ingester, desk, cursors, metrics }), { clock, random, log, tell }),
  );
  return services;
}

function listenerOf(parts: {
  ingester: Ingester;
  desk: ControlDesk;
  cursors: NodeCursors;
  metrics: IngestMetrics;
}): SourceListener {
  const { ingester, desk, cursors, metrics } = parts;
  return {
    accept: (message) => ingester.accept(message),
    enrol: async (warehouse, body) => textOf(await desk.enrol(warehouse, body)),
    heartbeat: async (warehouse, body) => textOf(await desk.heartbeat(warehouse, body)),
    interrupted: () => {
      metrics.interruptions += 1;
      cursors.doubtAll();
    },
  };
}

/** Connects in the background, for as long as it takes. */
function startBroker(
  config: IngestConfig,
  listener: SourceListener,
  { clock, random, log, tell }: Pick<IngestThreadOptions, 'clock' | 'random' | 'log' | 'tell'>,
): Service {
  const onLink = (isUp: boolean) => tell({ type: 'broker', isUp });
  const abort = new AbortController();
  const connecting = connectForEver({
    url: config.natsUrls,
    name: 'central ingest',
    clock,
    random,
    log,
    signal: abort.signal,
    ...(config.retryDelayMs === undefined ? {} : { retryDelayMs: config.retryDelayMs }),
  });
  const started = connecting.then(
    (connection) => {
      onLink(true);
      const source = new JetStreamSource({
        connection,
        listener,
        clock,
        random,
        log,
        onLink,
        onStream: (failure) => tell({ type: 'stream', failure }),
        ...(config.idleHeartbeatMs === undefined ? {} : { idleHeartbeatMs: config.idleHeartbeatMs }),
      });
      return { connection, source };
    },
    // Only when it was stopped before there was a broker.
    () => undefined,
  );
  return {
    stop: async () => {
      abort.abort();
      const running = await started;
      await running?.source.stop();
      await running?.connection.close();
    },
  };
}

/** Writes down what was heard and tells it, once a second: often enough for "silent", rare enough for the disk. */
function startReports(parts: {
  desk: ControlDesk;
  store: CentralStore;
  writes: StoreWrites;
  /** False when times from the future are still to be taken back. */
  isClamped: boolean;
  metrics: IngestMetrics;
  clock: Clock;
  log: Log;
  tell: (message: FromWorker) => void;
  onFailed: (error: unknown) => void;
}): Service {
  const { desk, store, writes, metrics, clock, log, tell, onFailed } = parts;
  let { isClamped } = parts;
  /** What a full store did not take; of a node the last counts. */
  let unwritten = new Map<WarehouseId, Heard>();
  let reportedAt = clock.now();
  const report = async () => {
    const now = clock.now();
    const setBackMs = reportedAt - now;
    reportedAt = now;
    for (const one of desk.takeHeard()) unwritten.set(one.warehouse, one);
    const heard = [...unwritten.values()];
    if (heard.length > 0) {
      unwritten = new Map();
      if (await writes.attempt(() => store.recordHeard(heard))) tell({ type: 'heard', heard });
      else unwritten = new Map([...heard.map((one) => [one.warehouse, one] as const), ...unwritten]);
    }
    if (setBackMs > 0 || !isClamped) {
      // After what was heard, which may carry the time from before.
      isClamped = await writes.attempt(() => store.clampTimes(now));
    }
    if (setBackMs > 0) {
      log.warn({ setBackMs, hint: 'keep the clock of central in step with a time service' }, 'the clock was set back');
    }
    metrics.storeFailing = writes.failure === undefined ? 0 : 1;
    tell({ type: 'metrics', metrics, storeFailure: writes.failure });
  };
  const cancel = clock.every(centralLimits.heardFlushMs, () => void report().catch(onFailed));
  return {
    stop: async () => {
      cancel();
      await report();
    },
  };
}

function textOf(reply: object | undefined): string | undefined {
  return reply && JSON.stringify(reply);
}
