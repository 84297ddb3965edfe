import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Service, ServiceStack } from '@edgestock/shared/runtime/service';
import type { DownPublisher } from '../directives/down-publisher.ts';
import { ControlDesk } from '../ingest/control-desk.ts';
import { DigestWatch } from '../ingest/digest-watch.ts';
import type { IngestMetrics } from '../ingest/ingest-metrics.ts';
import { Ingester } from '../ingest/ingester.ts';
import { LastUnitsDesk } from '../ingest/last-units-desk.ts';
import type { NodeCursors } from '../ingest/node-cursors.ts';
import { RejoinDesk } from '../ingest/rejoin-desk.ts';
import { SnapshotDesk } from '../ingest/snapshot-desk.ts';
import type { SourceListener } from '../ingest/source.ts';
import { StallWatch } from '../ingest/stall-watch.ts';
import type { StoreWrites } from '../ingest/store-writes.ts';
import { WantedStates } from '../ingest/wanted-states.ts';
import type { PromiseMetrics } from '../orders/promise-metrics.ts';
import type { PromiseQueue } from '../orders/promise-queue.ts';
import type { Applied, CentralStore } from '../store/central-store.ts';

export type IngestStationOptions = {
  readonly store: CentralStore;
  readonly centralEpoch: number;
  readonly cursors: NodeCursors;
  readonly writes: StoreWrites;
  /** Waits while the store fails for now. */
  readonly held: <T>(call: () => Promise<T>) => Promise<T>;
  readonly queue: PromiseQueue;
  /** Absent where another process sees to the logs down. */
  readonly down: DownPublisher | undefined;
  readonly metrics: { readonly ingest: IngestMetrics; readonly promises: PromiseMetrics };
  readonly clock: Clock;
  readonly log: Log;
  readonly onCommitted: (applied: Omit<Applied<unknown>, 'outcomes'>) => void;
  /** The store failed; where that is for now, what was to be done is done again at the next occasion. */
  readonly onFailed: (error: unknown) => void;
};

/** Everything that answers nodes and takes in what they send. */
export class IngestStation {
  readonly desk: ControlDesk;
  readonly stalls: StallWatch;
  readonly wanted: WantedStates;
  readonly listener: SourceListener;
  readonly #services: readonly (readonly [name: string, service: Service])[];

  constructor(options: IngestStationOptions) {
    const { store, centralEpoch, cursors, writes, held, queue, down, metrics, clock, log, onCommitted } = options;
    const { onFailed } = options;
    const yieldTurn = () => queue.flush();
    this.wanted = new WantedStates(store, clock);
    const { wanted } = this;
    const digests = new DigestWatch({ store, metrics: metrics.ingest, clock, log, letOthersIn: yieldTurn, onFailed });
    this.stalls = new StallWatch({ cursors, clock, isStoreFull: () => writes.failure !== undefined });
    const desk = new ControlDesk({
      ...{ store, centralEpoch, cursors, wanted, digests, stalls: this.stalls, clock, log },
      metrics: metrics.ingest,
      onDownCursor: (warehouse, cursor) => void down?.heard(warehouse, cursor),
      onPlaceStated: async (warehouse, sequence) => {
        await writes.attempt(async () => {
          const applied = await store.statePlace(warehouse, sequence, clock.now());
          cursors.settleAt(warehouse, sequence);
          log.info(
            { warehouse, sequence },
            'central has heard this node again; its units count once its log is here up to this place',
          );
          onCommitted(applied);
        });
      },
    });
    this.desk = desk;
    const rejoins = new RejoinDesk({
      ...{ store, clock, log },
      onTakenOver: async (warehouse, applied) => {
        desk.forget(warehouse);
        down?.beginAnew(warehouse);
        const record = await held(() => store.warehouse(warehouse));
        if (record !== undefined) cursors.set(record);
        onCommitted(applied);
      },
    });
    const snapshots = new SnapshotDesk({
      ...{ store, cursors, clock, log, yieldTurn, onCommitted },
      metrics: metrics.ingest,
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
      ...{ store, cursors, wanted, digests, writes, clock, log, yieldTurn, onCommitted, onFailed },
      metrics: metrics.ingest,
      onDownAcknowledged: (warehouse: WarehouseId, sequence) => down?.acknowledged(warehouse, sequence),
    });
    this.#services = [
      ['digests', digests],
      ['ingester', ingester],
    ];
    this.listener = {
      accept: (message) => ingester.accept(message),
      enrol: async (warehouse, body) => textOf(await desk.enrol(warehouse, body)),
      heartbeat: async (warehouse, body) => textOf(await desk.heartbeat(warehouse, body)),
      lastUnits: async (warehouse, body) => textOf(await lastUnits.lastUnits(warehouse, body)),
      rejoin: async (warehouse, body) => textOf(await rejoins.rejoin(warehouse, body)),
      snapshot: async (warehouse, body) => textOf(await snapshots.snapshot(warehouse, body)),
      interrupted: () => {
        metrics.ingest.interruptions += 1;
        cursors.doubtAll();
      },
    };
  }

  addTo(services: ServiceStack): void {
    for (const [name, service] of this.#services) services.add(name, service);
  }
}

function textOf(reply: object | undefined): string | undefined {
  return reply && JSON.stringify(reply);
}
