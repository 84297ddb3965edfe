import { hostname } from 'node:os';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import type { Service } from '@edgestock/shared/runtime/service';
import { connectForEver } from '@edgestock/shared/transport/jetstream-connection';
import type { StreamOwner } from '@edgestock/shared/transport/jetstream-stream-owner';
import type { DownPublisher } from '../directives/down-publisher.ts';
import { JetStreamDown } from '../directives/jetstream-down.ts';
import { JetStreamHeartbeats } from '../directives/jetstream-heartbeats.ts';
import type { IngestMetrics } from '../ingest/ingest-metrics.ts';
import { JetStreamOwnership } from '../ingest/jetstream-ownership.ts';
import { JetStreamSource } from '../ingest/jetstream-source.ts';
import type { SourceListener } from '../ingest/source.ts';
import { StallHealer } from '../ingest/stall-healer.ts';
import type { StallWatch } from '../ingest/stall-watch.ts';
import type { StreamFailure } from '../ingest/stream-failure.ts';
import { shownPlace } from '../store/store-place.ts';
import type { FromWriter, WriterConfig } from './writer-messages.ts';

/** What a broker is wired to: who hears the nodes and sees that they get nowhere, and who speaks to them. Each may be elsewhere. */
export type BrokerParts = {
  /** Id of the store that is wired. */
  readonly storeId: string;
  readonly ingest: { readonly listener: SourceListener; readonly stalls: StallWatch } | undefined;
  readonly down: DownPublisher | undefined;
  readonly metrics: IngestMetrics;
  /** Whether a shard is taken in here; absent = all of them are. */
  readonly owns: ((shard: number) => boolean) | undefined;
};

export type BrokerLink = Service & {
  isUp(): boolean;
  /** Takes these shards in from now on. */
  read(shards: readonly number[]): void;
  /** Resolves when nothing of these is read any more. */
  leave(shards: readonly number[]): Promise<void>;
};

/** A way to the nodes of a process that takes all of them in. */
export function linkToAll(service: Service): BrokerLink {
  return { isUp: () => true, read: () => undefined, leave: async () => undefined, stop: () => service.stop() };
}

/** Connects in the background, for as long as it takes. */
export function connectNats(
  options: {
    readonly config: WriterConfig;
    readonly clock: Clock;
    readonly random: Random;
    readonly log: Log;
    readonly tell: (message: FromWriter) => void;
    readonly onFailed: (error: unknown) => void;
  },
  { storeId, ingest, down, metrics, owns }: BrokerParts,
): BrokerLink {
  const { config, clock, random, log, tell, onFailed } = options;
  let isUp = false;
  let source: JetStreamSource | undefined;
  const shards = new Set<number>();
  const onLink = (isUpNow: boolean) => {
    isUp = isUpNow;
    tell({ type: 'broker', isUp });
    down?.linkChanged(isUp);
    // Who stood still meanwhile did so for want of a link.
    ingest?.stalls.forgetAll();
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
    onUnreachable: (reason) => tell({ type: 'broker', isUp: false, reason }),
    ...(config.retryDelayMs === undefined ? {} : { retryDelayMs: config.retryDelayMs }),
  });
  const owner = ownerOf(config, storeId);
  const started = connecting.then(
    async (connection) => {
      const ownership = new JetStreamOwnership({ connection, owner, clock, log, onOther: onFailed });
      // Before any node is answered.
      if (!(await ownership.isOurs())) return { connection, services: [] };
      isUp = true;
      tell({ type: 'broker', isUp });
      down?.attach(new JetStreamDown(connection, owner));
      if (ingest === undefined) {
        const heartbeats = new JetStreamHeartbeats(connection, {
          onDownCursor: (warehouse, cursor) => void down?.heard(warehouse, cursor),
          onLink,
        });
        return { connection, services: [ownership, heartbeats] };
      }
      source = new JetStreamSource({
        ...{ connection, owner, clock, random, log, onLink, onStream },
        listener: ingest.listener,
        ...(owns === undefined ? {} : { owns }),
        ...(config.idleHeartbeatMs === undefined ? {} : { idleHeartbeatMs: config.idleHeartbeatMs }),
      });
      source.read([...shards]);
      const { repairs } = source;
      const healer = new StallHealer({ watch: ingest.stalls, repairs, metrics, onStuck: onStream, clock, log });
      return { connection, services: [ownership, healer, source] };
    },
    // Only when it was stopped before there was a broker.
    () => undefined,
  );
  return {
    isUp: () => isUp,
    read: (gained) => {
      for (const shard of gained) shards.add(shard);
      source?.read(gained);
    },
    leave: async (lost) => {
      for (const shard of lost) shards.delete(shard);
      await source?.leave(lost);
    },
    stop: async () => {
      abort.abort();
      const running = await started;
      if (running === undefined) return;
      for (const service of running.services) await service.stop();
      await running.connection.close();
    },
  };
}

function ownerOf({ store, insteadOf }: WriterConfig, storeId: string): StreamOwner {
  const shown = shownPlace(store);
  const place = shown.kind === 'sqlite' ? `${shown.path} on ${hostname()}` : shown.url;
  return { store: storeId, place, ...(insteadOf === undefined ? {} : { insteadOf }) };
}
