import { isProbe, type Lane, laneConsumer, UP_STREAM, warehouseOfSubject } from '@edgestock/shared/protocol/subjects';
import { Backoff } from '@edgestock/shared/runtime/backoff';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import type { Service } from '@edgestock/shared/runtime/service';
import type { ConsumerMessages, JetStreamManager, JsMsg, NatsConnection } from 'nats';
import { centralLimits } from '../limits.ts';
import { ensureConsumer, isConsumerAheadOfStream } from './jetstream-stream.ts';
import type { SourceListener } from './source.ts';
import { StreamRefused } from './stream-failure.ts';

export type LaneOptions = {
  readonly connection: NatsConnection;
  readonly lane: Lane;
  readonly shard: number;
  readonly listener: Pick<SourceListener, 'accept' | 'interrupted'>;
  /** Makes sure of the stream; shared by all lanes, so that they ask the broker once. */
  readonly ensureStream: (manager: JetStreamManager) => Promise<void>;
  /** Told of each message that is done with: its subject and its place in the stream. */
  readonly onAcknowledged: (subject: string, streamSequence: number) => void;
  /** Told of each probe of central's own that came through. */
  readonly onProbe: (text: string) => void;
  readonly idleHeartbeatMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
};

/**
 * Reads one lane of one shard until it is stopped. The stream, its consumer and the broker may vanish at any time: whatever
 * ends the reading, everything is made sure of again and reading goes on.
 */
export class JetStreamLane implements Service {
  readonly #options: LaneOptions;
  readonly #abort = new AbortController();
  readonly #done: Promise<void>;
  #messages: ConsumerMessages | undefined;
  #receivedAtMs: number;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#receivedAtMs = options.clock.monotonicMs();
    this.#done = this.#readForEver();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#messages?.stop();
    await this.#done;
  }

  /**
   * For a lane on which nothing has arrived for a while: makes its consumer anew when it waits for sequences that the
   * stream does not have. Reading then ends by itself and begins again.
   */
  async check(manager: JetStreamManager, idleMs: number): Promise<void> {
    const { clock, lane, shard, log } = this.#options;
    if (clock.monotonicMs() - this.#receivedAtMs < idleMs) return;
    if (!(await isConsumerAheadOfStream(manager, lane, shard))) return;
    log.warn({ lane, shard, hint: 'was the broker restored or damaged?' }, 'consumer was ahead of its stream');
    await this.remakeConsumer(manager);
  }

  /** Everything that the stream still has of this lane comes again; what is known is recognised. */
  async remakeConsumer(manager: JetStreamManager): Promise<void> {
    const { lane, shard, listener } = this.#options;
    await manager.consumers.delete(UP_STREAM, laneConsumer(lane, shard));
    await ensureConsumer(manager, lane, shard);
    listener.interrupted();
    this.restart();
  }

  /** Ends the reading, which begins anew by itself. */
  restart(): void {
    this.#messages?.stop();
  }

  async #readForEver(): Promise<void> {
    const { clock, random, lane, shard, log, listener } = this.#options;
    const backoff = new Backoff({ firstDelayMs: 200, delayMsMax: 5_000, random });
    const { signal } = this.#abort;
    for (let round = 0; !signal.aborted; round += 1) {
      try {
        if (round > 0) listener.interrupted();
        await this.#read(() => backoff.reset());
      } catch (error) {
        if (signal.aborted) return;
        // A stream that is refused is every lane's trouble and is told once.
        if (!(error instanceof StreamRefused)) {
          log.warn({ lane, shard, reason: reasonOf(error), attempt: backoff.attempt }, 'lane interrupted');
        }
      }
      await clock.sleep(backoff.nextDelayMs(), signal);
    }
  }

  async #read(onStarted: () => void): Promise<void> {
    const { connection, lane, shard, idleHeartbeatMs, listener, ensureStream, onProbe } = this.#options;
    const manager = await connection.jetstreamManager();
    await ensureStream(manager);
    await ensureConsumer(manager, lane, shard);
    const consumer = await connection.jetstream().consumers.get(UP_STREAM, laneConsumer(lane, shard));
    const messages = await consumer.consume({
      max_messages: centralLimits.fetchAheadMessages,
      expires: 30_000,
      idle_heartbeat: idleHeartbeatMs,
      // Without it the iterator neither ends nor throws when its stream or consumer is deleted.
      abort_on_missing_resource: true,
    });
    this.#messages = messages;
    if (this.#abort.signal.aborted) return messages.stop();
    onStarted();
    for await (const message of messages) {
      if (isProbe(message.subject)) {
        message.ack();
        onProbe(message.string());
        continue;
      }
      this.#receivedAtMs = this.#options.clock.monotonicMs();
      await listener.accept(this.#sourceMessage(message));
    }
  }

  #sourceMessage(message: JsMsg) {
    const { lane, onAcknowledged } = this.#options;
    const { subject, data, seq } = message;
    return {
      lane,
      subjectWarehouse: warehouseOfSubject(subject),
      bytes: data,
      acknowledge: () => {
        message.ack();
        onAcknowledged(subject, seq);
      },
    };
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
