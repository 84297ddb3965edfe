import { emptyIngestMetrics } from '@edgestock/central/ingest/ingest-metrics';
import { Ingester } from '@edgestock/central/ingest/ingester';
import { NodeCursors } from '@edgestock/central/ingest/node-cursors';
import { StoreWrites } from '@edgestock/central/ingest/store-writes';
import { WantedStates } from '@edgestock/central/ingest/wanted-states';
import { openStore } from '@edgestock/central/open-store';
import type { StorePlace } from '@edgestock/central/store/store-place';
import { digestWatchOf } from '@edgestock/central/testing/digest-watch';
import { genesisHash } from '@edgestock/shared/protocol/chain';
import { SCHEMA_MAX, SCHEMA_MIN } from '@edgestock/shared/protocol/version';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { answerOrders } from '../process/answer-orders.ts';
import { deltasOfRound, type GeneratedBatch, GeneratedLogs, type RoundSize } from './generated-log.ts';

export type IngestOrder = { readonly place: StorePlace; readonly size: RoundSize };
export type IngestReply = { readonly perSecond: number };

/** Central's ingest without its broker: the real ingester on the real store, fed with the bytes of messages. */
class IngestUnderLoad {
  readonly #size: RoundSize;
  readonly #logs: GeneratedLogs;
  readonly #metrics = emptyIngestMetrics();
  readonly #ingester: Ingester;
  #failure: unknown;
  #onAcknowledged: () => void = () => undefined;
  #acknowledged = 0;

  private constructor(size: RoundSize, ingester: (own: IngestUnderLoad) => Ingester) {
    this.#size = size;
    this.#logs = new GeneratedLogs(size);
    this.#ingester = ingester(this);
  }

  static async open({ place, size }: IngestOrder): Promise<IngestUnderLoad> {
    const store = await openStore(place, { isChecked: true });
    const cursors = new NodeCursors([], systemClock);
    const own = new IngestUnderLoad(
      size,
      (under) =>
        new Ingester({
          store,
          cursors,
          wanted: new WantedStates(store, systemClock),
          digests: digestWatchOf(store, systemClock),
          writes: new StoreWrites({ clock: systemClock, random: systemRandom, log: silentLog }),
          metrics: under.#metrics,
          clock: systemClock,
          log: silentLog,
          yieldTurn: async () => undefined,
          onCommitted: () => undefined,
          onDownAcknowledged: () => undefined,
          onFailed: (error) => {
            under.#failure = error;
            under.#onAcknowledged();
          },
        }),
    );
    const genesis = { epoch: 0, sequence: 0, hash: Buffer.from(genesisHash).toString('hex') };
    for (const { warehouse, instance } of own.#logs.nodes) {
      await store.enrol(
        warehouse,
        { warehouse, instance, place: genesis, schema: [SCHEMA_MIN, SCHEMA_MAX] },
        systemClock.now(),
      );
    }
    return own;
  }

  /** One round: from the first message's bytes to the last one's acknowledgement. */
  async round(): Promise<number> {
    const messages = this.#logs.round();
    const before = this.#metrics.deltasApplied;
    const startedMs = systemClock.monotonicMs();
    await this.#take(messages);
    const seconds = (systemClock.monotonicMs() - startedMs) / 1_000;
    const applied = this.#metrics.deltasApplied - before;
    const due = deltasOfRound(this.#size);
    if (applied !== due) throw new Error(`${applied} of ${due} deltas were applied`);
    return applied / seconds;
  }

  async #take(messages: readonly GeneratedBatch[]): Promise<void> {
    const due = this.#acknowledged + messages.length;
    const all = new Promise<void>((resolve) => {
      this.#onAcknowledged = () => {
        if (this.#failure !== undefined || this.#acknowledged === due) resolve();
      };
    });
    for (const { warehouse, bytes } of messages) {
      await this.#ingester.accept({
        lane: 'up',
        subjectWarehouse: warehouse,
        bytes,
        acknowledge: () => {
          this.#acknowledged += 1;
          this.#onAcknowledged();
        },
      });
    }
    await all;
    if (this.#failure !== undefined) throw this.#failure;
  }
}

let ingest: IngestUnderLoad | undefined;

answerOrders<IngestOrder, IngestReply>(async (order) => {
  ingest ??= await IngestUnderLoad.open(order);
  return { perSecond: await ingest.round() };
});
