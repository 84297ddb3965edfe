import { parseWarehouseId } from '@edgestock/shared/inventory/ids';
import {
  anyEnrolment,
  anyHeartbeat,
  anyLastUnits,
  anyRejoin,
  anySnapshot,
  type Lane,
  shardOf,
  UP_STREAM,
  warehouseOfSubject,
} from '@edgestock/shared/protocol/subjects';
import { SHARD_COUNT } from '@edgestock/shared/protocol/version';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import type { Service } from '@edgestock/shared/runtime/service';
import { jetStreamErrorCode } from '@edgestock/shared/transport/jetstream-error';
import type { StreamOwner } from '@edgestock/shared/transport/jetstream-stream-owner';
import { Events, type JetStreamManager, type Msg, type NatsConnection } from 'nats';
import { centralLimits } from '../limits.ts';
import { StoreFailing } from '../store/store-failing.ts';
import { JetStreamLane } from './jetstream-lane.ts';
import { JetStreamRepairs } from './jetstream-repairs.ts';
import { ensureStream } from './jetstream-stream.ts';
import type { SourceListener } from './source.ts';
import { type StreamFailure, StreamRefused, streamStuck } from './stream-failure.ts';
import { StreamTrimmer } from './stream-trimmer.ts';

export type JetStreamSourceOptions = {
  /** Closed by its owner, after this source has stopped. */
  readonly connection: NatsConnection;
  readonly listener: SourceListener;
  /** Whose the stream is. */
  readonly owner: StreamOwner;
  /** Whether a shard is taken in here. Without it all are, and processes share the requests of the nodes. */
  readonly owns?: (shard: number) => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** How often the broker says "nothing new", in milliseconds; two missed ones are looked into. */
  readonly idleHeartbeatMs?: number;
  /** Told whenever the link to the broker is cut or comes back; the connection given is a link that is up. */
  readonly onLink?: (isUp: boolean) => void;
  /** Told when the broker begins to refuse the stream, and with `undefined` when it takes it again. */
  readonly onStream?: (failure: StreamFailure | undefined) => void;
};

const IDLE_HEARTBEAT_MS = 5_000;
/** Checks in a row that the broker left without an answer, though the link to it is up. */
const UNANSWERED_CHECKS_MAX = 2;
/** Several processes of central share the requests of the nodes. */
const QUEUE_GROUP = 'central';

/** Everything of the nodes that comes through the broker: two lanes of eight shards, enrolments, heartbeats and requests. */
export class JetStreamSource implements Service {
  /** What can be done at the broker when it does not deliver. */
  readonly repairs: JetStreamRepairs;
  readonly #options: JetStreamSourceOptions;
  readonly #trimmer = new StreamTrimmer();
  /** Of the shards that are taken in here. */
  readonly #lanes = new Map<number, Readonly<Record<Lane, JetStreamLane>>>();
  readonly #laneOf: (lane: Lane, shard: number) => JetStreamLane;
  readonly #cancels: (() => void)[] = [];
  #ensuring: Promise<void> | undefined;
  #isStreamRefused = false;
  #isLinkUp = true;
  #unansweredChecks = 0;

  constructor(options: JetStreamSourceOptions) {
    this.#options = options;
    const { connection, listener, clock, random, log, idleHeartbeatMs = IDLE_HEARTBEAT_MS } = options;
    this.#answer(anyEnrolment, (warehouse, body) => listener.enrol(warehouse, body));
    this.#answer(anyHeartbeat, (warehouse, body) => listener.heartbeat(warehouse, body));
    this.#answer(anyLastUnits, (warehouse, body) => listener.lastUnits(warehouse, body));
    this.#answer(anyRejoin, (warehouse, body) => listener.rejoin(warehouse, body));
    this.#answer(anySnapshot, (warehouse, body) => listener.snapshot(warehouse, body));
    const interrupted = () => {
      this.#trimmer.forgetAll();
      listener.interrupted();
    };
    this.#laneOf = (lane, shard) =>
      new JetStreamLane({
        connection,
        lane,
        shard,
        listener: { accept: (message) => listener.accept(message), interrupted },
        ensureStream: (manager) => this.#ensureStream(manager),
        onAcknowledged: (subject, streamSequence) => this.#trimmer.note(subject, streamSequence),
        onProbe: (text) => this.repairs.probeArrived(text),
        idleHeartbeatMs,
        clock,
        random,
        log,
      });
    this.repairs = new JetStreamRepairs({
      connection,
      lanes: () => this.#allLanes(),
      laneOf: (lane, shard) => this.#lanes.get(shard)?.[lane],
      ensureStream: (manager) => this.#ensureStream(manager),
      interrupted,
      clock,
      random,
    });
    if (options.owns === undefined) this.read(Array.from({ length: SHARD_COUNT }, (_, shard) => shard));
    this.#cancels.push(clock.every(centralLimits.laneCheckPeriodMs, () => void this.#checkLanes()));
    this.#cancels.push(clock.every(centralLimits.trimPeriodMs, () => void this.#trim()));
    void this.#watchConnection(interrupted);
  }

  /** Reads these shards, too. */
  read(shards: readonly number[]): void {
    for (const shard of shards) {
      if (this.#lanes.has(shard)) continue;
      this.#lanes.set(shard, { up: this.#laneOf('up', shard), state: this.#laneOf('state', shard) });
    }
  }

  /** Resolves when nothing of these shards is read any more. */
  async leave(shards: readonly number[]): Promise<void> {
    const left = shards.flatMap((shard) => Object.values(this.#lanes.get(shard) ?? {}));
    for (const shard of shards) this.#lanes.delete(shard);
    await Promise.all(left.map((lane) => lane.stop()));
  }

  async stop(): Promise<void> {
    for (const cancel of this.#cancels.splice(0)) cancel();
    await Promise.all(this.#allLanes().map((lane) => lane.stop()));
  }

  #allLanes(): readonly JetStreamLane[] {
    return [...this.#lanes.values()].flatMap(({ up, state }) => [state, up]);
  }

  /** All lanes begin at once, after a start as after a reconnect: the first one asks, the others wait for its answer. */
  #ensureStream(manager: JetStreamManager): Promise<void> {
    this.#ensuring ??= ensureStream(manager, this.#options.owner)
      .then((isMade) => {
        if (isMade) this.#options.log.info({ stream: UP_STREAM }, 'stream made');
        if (this.#isStreamRefused) this.#options.onStream?.(undefined);
        this.#isStreamRefused = false;
      })
      .catch((error: unknown) => {
        // Without a code of the broker's it is the link that failed, or another's stream, which is told elsewhere.
        if (jetStreamErrorCode(error) === undefined) throw error;
        throw this.#streamRefused(error);
      })
      .finally(() => {
        this.#ensuring = undefined;
      });
    return this.#ensuring;
  }

  #streamRefused(cause: unknown): StreamRefused {
    const refused = new StreamRefused(reasonOf(cause), { cause });
    const { clock, log, onStream } = this.#options;
    if (!this.#isStreamRefused) {
      const { message: reason, hint } = refused;
      log.error({ stream: UP_STREAM, reason, hint }, 'the stream cannot be made');
      onStream?.({ state: 'stream-missing', since: clock.now(), reason, hint });
    }
    this.#isStreamRefused = true;
    return refused;
  }

  #answer(subject: string, answer: (warehouse: string, body: string) => Promise<string | undefined>): void {
    const { connection, log, owns } = this.#options;
    const respond = async (message: Msg) => {
      try {
        if (owns !== undefined && !isOwned(message.subject, owns)) return;
        const reply = await answer(warehouseOfSubject(message.subject), message.string());
        if (reply !== undefined) message.respond(reply);
      } catch (error) {
        // Unanswered: the node asks again. That the store fails is told once, where that is noticed first.
        const level = error instanceof StoreFailing ? 'debug' : 'error';
        log[level]({ subject: message.subject, reason: reasonOf(error) }, 'request left unanswered');
      }
    };
    const subscription = connection.subscribe(subject, {
      // Where shards have owners everybody hears every request, and the owner answers.
      ...(owns === undefined ? { queue: QUEUE_GROUP } : {}),
      callback: (error, message) => {
        if (error === null) void respond(message);
        else log.error({ subject, reason: error.message }, 'requests of the nodes do not arrive');
      },
    });
    this.#cancels.push(() => subscription.unsubscribe());
  }

  /** What was under way when the link was cut, or in a broker that was killed, may be gone. */
  async #watchConnection(interrupted: () => void): Promise<void> {
    const { connection, onLink } = this.#options;
    for await (const { type } of connection.status()) {
      if (type === Events.Disconnect || type === Events.Reconnect) this.#isLinkUp = type === Events.Reconnect;
      if (type === Events.Disconnect) onLink?.(false);
      if (type !== Events.Reconnect) continue;
      onLink?.(true);
      interrupted();
    }
  }

  async #checkLanes(): Promise<void> {
    const { connection, log } = this.#options;
    try {
      const manager = await connection.jetstreamManager();
      for (const lane of this.#allLanes()) await lane.check(manager, centralLimits.laneCheckPeriodMs);
      this.#answered();
    } catch (error) {
      log.debug({ reason: reasonOf(error) }, 'lanes could not be checked');
      if (jetStreamErrorCode(error) !== undefined) this.#answered();
      else if (this.#isLinkUp) this.#unanswered(error);
    }
  }

  /**
   * A broker that holds the link and answers nothing (nats-server 2.9 whose disk was full): nobody sees it by a lost connection,
   * and heartbeats do not come either.
   */
  #unanswered(error: unknown): void {
    this.#unansweredChecks += 1;
    if (this.#unansweredChecks !== UNANSWERED_CHECKS_MAX) return;
    const { clock, log, onStream } = this.#options;
    const failure = streamStuck(`the broker answers nothing about its stream: ${reasonOf(error)}`, clock.now());
    log.error({ stream: UP_STREAM, reason: failure.reason, hint: failure.hint }, 'the broker is stuck');
    onStream?.(failure);
  }

  #answered(): void {
    if (this.#unansweredChecks >= UNANSWERED_CHECKS_MAX) this.#options.onStream?.(undefined);
    this.#unansweredChecks = 0;
  }

  /** A courtesy to the broker's disk. What it takes too much of, the node sends again; what it leaves, expires. */
  async #trim(): Promise<void> {
    const { connection, log } = this.#options;
    try {
      const manager = await connection.jetstreamManager();
      for (const { subject, keepFrom } of this.#trimmer.take()) {
        await manager.streams.purge(UP_STREAM, { filter: subject, seq: keepFrom });
      }
    } catch (error) {
      log.debug({ reason: reasonOf(error) }, 'stream could not be trimmed');
    }
  }
}

/** A subject that names no warehouse is answered by nobody. */
function isOwned(subject: string, owns: (shard: number) => boolean): boolean {
  const warehouse = parseWarehouseId(warehouseOfSubject(subject));
  return warehouse !== undefined && owns(shardOf(warehouse));
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
