import { parseSku } from '@edgestock/shared/inventory/ids';
import { DIGEST_BUCKETS } from '@edgestock/shared/inventory/position-digest';
import type { HeartbeatReply } from '@edgestock/shared/protocol/control';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import { SCHEMA_MAX, SCHEMA_MIN } from '@edgestock/shared/protocol/version';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import { type Judgement, judgeReply, type ReplyFacts } from './judge-reply.ts';
import { replicationLimits as limits } from './limits.ts';
import type { OutboxPublisher } from './outbox-publisher.ts';
import type { Progress } from './progress.ts';
import type { ReplicationLog } from './replication-log.ts';
import type { Phase } from './replication-status.ts';
import type { SnapshotSender } from './snapshot-sender.ts';
import type { StateLane } from './state-lane.ts';

/** Whether the node's books are known to be the latest there are (the store), and where to say that they are after all. */
export type Restoration = { readonly restored: object | undefined; recognised(): void };

export type StandingOptions = {
  readonly log: ReplicationLog;
  readonly progress: Progress;
  readonly publisher: OutboxPublisher;
  readonly states: StateLane;
  readonly snapshots: SnapshotSender;
  readonly clock: Clock;
  readonly events: Log;
  /** Without it the books are the latest there are. */
  readonly restoration: Restoration | undefined;
  /** Has central heard soon: there is something to say. */
  readonly ring: () => void;
  /** Books that were put back are the latest there are, after all. */
  readonly onRecognised: () => void;
};

/**
 * Where this node stands with central, by what central says of itself in its replies: what is sent, from where on, and whether
 * anything is. In a session a reply moves it; outside of one nothing is sent.
 */
export class Standing {
  readonly #log: ReplicationLog;
  readonly #progress: Progress;
  readonly #publisher: OutboxPublisher;
  readonly #states: StateLane;
  readonly #snapshots: SnapshotSender;
  readonly #clock: Clock;
  readonly #events: Log;
  readonly #restoration: Restoration | undefined;
  readonly #ring: () => void;
  readonly #onRecognised: () => void;
  #session: AbortSignal = AbortSignal.abort();
  #phase: Phase = { phase: 'silent' };
  #lastContactAt: number | undefined;
  #skewMs: number | undefined;

  constructor(options: StandingOptions) {
    this.#log = options.log;
    this.#progress = options.progress;
    this.#publisher = options.publisher;
    this.#states = options.states;
    this.#snapshots = options.snapshots;
    this.#clock = options.clock;
    this.#events = options.events;
    this.#restoration = options.restoration;
    this.#ring = options.ring;
    this.#onRecognised = options.onRecognised;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** A copy must not carry out what is meant for its original, nor promise what that has promised. */
  get isRestored(): boolean {
    return this.#restoration?.restored !== undefined;
  }

  /** Why the node has stopped by its own judgement, for central to hear. */
  get ownFence(): string | undefined {
    return this.#phase.phase === 'fenced' && this.#phase.by === 'node' ? this.#phase.reason : undefined;
  }

  /** Wall time of central's last word, ms since 1970 UTC, and how far this clock was ahead of central's then. */
  get contact(): { readonly lastContactAt: number | undefined; readonly skewMs: number | undefined } {
    return { lastContactAt: this.#lastContactAt, skewMs: this.#skewMs };
  }

  /**
   * Central knows this node: a session begins. Nothing is sent before its first reply. Another history than central's must be
   * known before the first heartbeat: its end, told as this log's, would look like movements that were lost.
   */
  enrolled(session: AbortSignal, cursor: { readonly applied: number; readonly hash: string } | undefined): void {
    this.#session = session;
    if (this.#phase.phase === 'refused') this.#phase = { phase: 'silent' };
    if (cursor === undefined) return;
    const judgement = this.#judge({ ...cursor, schema: [SCHEMA_MIN, SCHEMA_MAX] }, this.#clock.monotonicMs());
    if (judgement.judgement === 'fence') this.#fence(judgement, 'node');
  }

  refused(refusal: { readonly reason: string; readonly hint: string }): void {
    if (this.#phase.phase !== 'refused') this.#events.error(refusal, 'central refuses to enrol this node');
    this.#phase = { phase: 'refused', reason: refusal.reason, hint: refusal.hint };
  }

  unanswered(reason: string): void {
    this.#events.debug({ reason }, 'enrolment not answered');
    if (this.#phase.phase !== 'refused') this.#phase = { phase: 'silent', hint: reason };
  }

  /** Nothing is sent outside a session. A refusal or a fence stays visible until central says otherwise. */
  sessionEnded(): void {
    this.#publisher.close();
    this.#states.stop();
    const { phase } = this.#phase;
    if (phase === 'live' || phase === 'catching-up' || phase === 'sending-snapshot') this.#phase = { phase: 'silent' };
  }

  /** A reply to a heartbeat: what this node does from now on. */
  hear(reply: HeartbeatReply): void {
    const now = this.#clock.monotonicMs();
    this.#lastContactAt = this.#clock.now();
    this.#skewMs = this.#lastContactAt - reply.time;
    const judgement = this.#judge(reply, now);
    if (judgement.judgement === 'fence') {
      this.#fence(judgement, reply.fence === undefined ? 'node' : 'central');
      return;
    }
    if (judgement.judgement === 'snapshot') {
      this.#sendSnapshot(judgement.reason);
      return;
    }
    this.#snapshots.forget();
    if (this.#phase.phase === 'sending-snapshot') this.#phase = { phase: 'silent' };
    if (this.#phase.phase === 'fenced') {
      this.#events.info({ applied: reply.applied }, 'the fence is lifted');
      this.#phase = { phase: 'silent' };
      this.#ring();
    }
    if (this.isRestored) this.#recognised(reply.applied);
    this.#progress.hear(reply.applied, reply.window, now);
    if (reply.applied > this.#log.appliedUpTo()) this.#log.setAppliedUpTo(reply.applied);
    if (judgement.judgement === 'rewind') {
      if (judgement.cause !== 'need')
        this.#events.warn({ ...judgement, sent: this.#progress.sent }, 'central lacks deltas');
      this.#publisher.rewind(judgement.to, judgement.cause);
    }
    if (this.#phase.phase === 'silent') this.#handshake(now);
    else if (this.#phase.phase === 'catching-up' && this.#progress.backlog <= limits.caughtUpDeltasMax)
      this.#caughtUp();
    this.#sendWanted(reply.wanted ?? []);
    this.#sendBuckets(reply.repair ?? []);
    if (reply.digest === true) this.#publisher.stateDigestSoon();
    this.#publisher.wake();
  }

  /** What central has of this log is in it: unless something is known to be lost, it is the latest there is. */
  #recognised(applied: number): void {
    this.#restoration?.recognised();
    if (this.isRestored) return;
    this.#events.info({ applied }, 'central has recognised the log of this restored node: it promises again');
    this.#onRecognised();
  }

  #judge(reply: ReplyFacts, now: number): Judgement {
    const { committed, sent, applied, movedAt, rewound } = this.#progress;
    const hash = this.#log.hashAt(reply.applied);
    return judgeReply(reply, {
      committed,
      sent,
      applied,
      // Silence is no stall: what did not move before this session's first reply is not held against it.
      movedAt: this.#phase.phase === 'silent' ? now : movedAt,
      rewound,
      firstSequence: this.#log.firstSequence(),
      hashAtApplied: hash && Buffer.from(hash).toString('hex'),
      schema: SCHEMA_MAX,
      now,
    });
  }

  /** Central could not apply something of these SKUs: their present state is whole, and repairs it. */
  #sendWanted(texts: readonly string[]): void {
    const skus = texts.slice(0, wireLimits.wantedSkusMax).flatMap((text) => parseSku(text) ?? []);
    if (skus.length === 0) return;
    this.#events.info({ skus: skus.length }, 'central asks for current states');
    void this.#states.sendWanted(skus, this.#session);
  }

  /** Central's positions in these buckets are not this node's: all of them, whole, make them so. */
  #sendBuckets(stated: readonly number[]): void {
    const buckets = stated.filter((bucket) => bucket < DIGEST_BUCKETS).slice(0, wireLimits.repairBucketsMax);
    if (buckets.length === 0) return;
    this.#events.error(
      { buckets, hint: 'it is repaired by itself; if it goes on, look at the disks of both' },
      "central's positions differ from those of this node: they are sent whole",
    );
    void this.#states.sendBuckets(buckets, this.#session);
  }

  #handshake(now: number): void {
    this.#progress.resume(now);
    const { backlog, applied } = this.#progress;
    if (backlog <= limits.behindDeltasMin) {
      this.#phase = { phase: 'live' };
      this.#publisher.open({ isPaced: false });
      return;
    }
    this.#phase = { phase: 'catching-up' };
    this.#events.info({ backlog, appliedUpTo: applied }, 'far behind central: current states go first');
    void this.#catchUp(applied, this.#session);
  }

  /** States first; history follows whatever became of them, beside the states of what is sold meanwhile. */
  async #catchUp(applied: number, session: AbortSignal): Promise<void> {
    await this.#states.start(applied);
    const { phase } = this.#phase;
    if (!session.aborted && phase !== 'fenced') this.#publisher.open({ isPaced: phase === 'catching-up' });
  }

  #caughtUp(): void {
    this.#phase = { phase: 'live' };
    this.#states.stop();
    this.#publisher.open({ isPaced: false });
    this.#events.info({ appliedUpTo: this.#progress.applied }, 'caught up with central');
  }

  /** Until central has it, nothing else is sent, and nothing of central's is carried out: it may not know what it has asked for. */
  #sendSnapshot(reason: string): void {
    const failure = this.#snapshots.start(this.#session);
    if (failure !== undefined) {
      this.#fence({ reason: `${reason}; ${failure.reason}`, hint: failure.hint }, 'node');
      return;
    }
    this.#publisher.close();
    this.#states.stop();
    this.#phase = { phase: 'sending-snapshot', reason };
  }

  /** Nothing more is sent. Heartbeats go on: they tell central of the node's own judgement, and hear when it may go on. */
  #fence({ reason, hint }: { readonly reason: string; readonly hint: string }, by: 'central' | 'node'): void {
    const isNews = this.#phase.phase !== 'fenced' || this.#phase.by !== by;
    if (isNews) this.#events.error({ reason, hint, by }, 'fenced: nothing more is sent');
    this.#publisher.close();
    this.#states.stop();
    this.#phase = { phase: 'fenced', by, reason, hint };
    if (isNews && by === 'node') this.#ring();
  }
}
