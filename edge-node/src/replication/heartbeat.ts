import { type HeartbeatReply, type HeartbeatRequest, heartbeatReply } from '@edgestock/shared/protocol/control';
import { heartbeatSubject } from '@edgestock/shared/protocol/subjects';
import { SCHEMA_MAX, SCHEMA_MIN } from '@edgestock/shared/protocol/version';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { ReplicationCounters } from './counters.ts';
import { Doorbell } from './doorbell.ts';
import { replicationLimits as limits } from './limits.ts';
import { type Link, LinkError } from './link.ts';
import type { Progress } from './progress.ts';
import type { ReplicationLog } from './replication-log.ts';

/**
 * The acknowledgement channel: asks central how far it has got, every `heartbeatPeriodMs`, and as soon as something was sent.
 * At most one question is under way, so replies cannot overtake one another; central holds its reply back while it has not
 * applied what was sent, so asking again at once is a long poll, not a busy one.
 */
export class Heartbeat {
  readonly #log: ReplicationLog;
  readonly #link: Link;
  readonly #progress: Progress;
  readonly #clock: Clock;
  readonly #events: Log;
  readonly #counters: ReplicationCounters;
  readonly #down: () => HeartbeatRequest['down'];
  readonly #ownFence: () => string | undefined;
  readonly #onReply: (reply: HeartbeatReply) => void;
  readonly #bell: Doorbell;

  constructor(options: {
    log: ReplicationLog;
    link: Link;
    progress: Progress;
    clock: Clock;
    events: Log;
    counters: ReplicationCounters;
    /** How far central's log is carried out; `undefined` where nothing can be. */
    down: () => HeartbeatRequest['down'];
    /** Why the node has stopped sending by its own judgement, if it has. */
    ownFence: () => string | undefined;
    onReply: (reply: HeartbeatReply) => void;
  }) {
    this.#log = options.log;
    this.#link = options.link;
    this.#progress = options.progress;
    this.#clock = options.clock;
    this.#events = options.events;
    this.#counters = options.counters;
    this.#down = options.down;
    this.#ownFence = options.ownFence;
    this.#onReply = options.onReply;
    this.#bell = new Doorbell(options.clock);
  }

  /** Something was sent, or carried out, or is to be told: worth asking now. */
  ring(): void {
    this.#bell.ring();
  }

  /** Asks until the signal aborts, or until central has been silent too often in a row. */
  async run(signal: AbortSignal): Promise<void> {
    let missed = 0;
    while (!signal.aborted && missed < limits.heartbeatsMissedMax) {
      const applied = this.#progress.applied;
      const reply = await this.#ask();
      if (signal.aborted) return;
      if (reply === undefined) {
        missed += 1;
        this.#counters.heartbeatsMissed += 1;
        await this.#clock.sleep(limits.heartbeatRetryMs, signal);
        continue;
      }
      missed = 0;
      this.#onReply(reply);
      await this.#pause(this.#progress.applied !== applied, signal);
    }
  }

  /** At least the spacing; then until something is under way, or the period is over. */
  async #pause(hasMoved: boolean, signal: AbortSignal): Promise<void> {
    const spacingMs = hasMoved || !this.#progress.isUnderWay ? limits.heartbeatSpacingMs : this.#unmovedSpacingMs();
    await this.#clock.sleep(spacingMs, signal);
    if (!this.#progress.isUnderWay) await this.#bell.wait(limits.heartbeatPeriodMs - spacingMs, signal);
  }

  /** The longer nothing moves, the less often it is worth asking. */
  #unmovedSpacingMs(): number {
    const unmovedMs = this.#clock.monotonicMs() - this.#progress.movedAt;
    return Math.min(limits.heartbeatRetryMs, Math.max(limits.heartbeatUnmovedSpacingMs, unmovedMs / 4));
  }

  async #ask(): Promise<HeartbeatReply | undefined> {
    const { warehouse, epoch, instance } = this.#log.identity();
    const head = this.#log.head();
    const down = this.#down();
    const reason = this.#ownFence();
    const request: HeartbeatRequest = {
      warehouse,
      instance,
      place: { epoch, sequence: head.sequence, hash: Buffer.from(head.hash).toString('hex') },
      sent: this.#progress.sent,
      applied: this.#progress.applied,
      schema: [SCHEMA_MIN, SCHEMA_MAX],
      clock: this.#clock.now(),
      ...(down === undefined ? {} : { down }),
      ...(reason === undefined ? {} : { fence: { reason } }),
    };
    this.#counters.heartbeats += 1;
    this.#bell.hush();
    try {
      const answer = await this.#link.request(heartbeatSubject(warehouse), request, limits.heartbeatTimeoutMs);
      const parsed = heartbeatReply.safeParse(answer);
      if (parsed.success) return parsed.data;
      this.#events.warn({ reason: parsed.error.message }, "central's heartbeat reply cannot be read");
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      this.#events.debug({ failure: error.failure, reason: error.message }, 'heartbeat not answered');
    }
    return undefined;
  }
}
