import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { type Lane, laneConsumer, probeSubject, UP_STREAM, upSubject } from '@edgestock/shared/protocol/subjects';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Random } from '@edgestock/shared/runtime/random';
import type { JetStreamManager, NatsConnection } from 'nats';
import { centralLimits } from '../limits.ts';
import type { ProbeResult } from '../rules/stall-remedy.ts';
import type { JetStreamLane } from './jetstream-lane.ts';
import type { BrokerRepairs } from './stall-healer.ts';

export type JetStreamRepairsOptions = {
  readonly connection: NatsConnection;
  readonly lanes: () => readonly JetStreamLane[];
  readonly laneOf: (lane: Lane, shard: number) => JetStreamLane | undefined;
  /** Makes the stream, or makes sure of it; shared with the lanes. */
  readonly ensureStream: (manager: JetStreamManager) => Promise<void>;
  /** Told that places in the stream mean nothing any more, and that what was under way is gone. */
  readonly interrupted: () => void;
  readonly clock: Clock;
  readonly random: Random;
};

/** The repairs of the stream up. Each rejects with the broker's answer, or for want of one. */
export class JetStreamRepairs implements BrokerRepairs {
  readonly #options: JetStreamRepairsOptions;
  readonly #probes = new Map<string, () => void>();

  constructor(options: JetStreamRepairsOptions) {
    this.#options = options;
  }

  async hasMore(shard: number): Promise<boolean> {
    const manager = await this.#manager();
    const { num_pending: waiting } = await manager.consumers.info(UP_STREAM, laneConsumer('up', shard));
    return waiting > 0;
  }

  async purge(warehouse: WarehouseId): Promise<void> {
    const manager = await this.#manager();
    await manager.streams.purge(UP_STREAM, { filter: upSubject(warehouse) });
  }

  async probe(shard: number, signal: AbortSignal): Promise<ProbeResult> {
    const { clock, random } = this.#options;
    const { promise: arrival, resolve } = Promise.withResolvers<ProbeResult>();
    const text = random.hex(8);
    this.#probes.set(text, () => resolve('arrived'));
    let fault: ProbeResult = 'not-taken';
    void this.#published(probeSubject('up', shard), text).then((isTaken) => {
      if (isTaken) fault = 'not-delivered';
      else resolve('not-taken');
    });
    const cancel = clock.after(centralLimits.stallProbeWaitMs, () => resolve(fault));
    const abort = () => resolve(fault);
    signal.addEventListener('abort', abort);
    const result = await arrival;
    cancel();
    signal.removeEventListener('abort', abort);
    this.#probes.delete(text);
    return result;
  }

  /** A lane has read a probe. One of an earlier life is none of ours. */
  probeArrived(text: string): void {
    this.#probes.get(text)?.();
  }

  async remakeConsumer(shard: number): Promise<void> {
    await this.#upLane(shard).remakeConsumer(await this.#manager());
  }

  async remakeStream(): Promise<void> {
    const { lanes, ensureStream, interrupted } = this.#options;
    const manager = await this.#manager();
    await manager.streams.delete(UP_STREAM);
    interrupted();
    try {
      await ensureStream(manager);
    } finally {
      // Also where it could not be made: they try until it can be.
      for (const lane of lanes()) lane.restart();
    }
  }

  /** False when the broker refused it or did not answer, which is the same to a node: it gets nothing through. */
  async #published(subject: string, text: string): Promise<boolean> {
    try {
      await this.#options.connection.jetstream().publish(subject, text, { timeout: centralLimits.stallProbeWaitMs });
      return true;
    } catch {
      return false;
    }
  }

  #upLane(shard: number): JetStreamLane {
    const lane = this.#options.laneOf('up', shard);
    if (lane === undefined) throw new Error(`shard ${shard} is taken in by another process`);
    return lane;
  }

  #manager(): Promise<JetStreamManager> {
    return this.#options.connection.jetstreamManager();
  }
}
