import { parseSku } from '@edgestock/shared/inventory/ids';
import { DIGEST_BUCKETS } from '@edgestock/shared/inventory/position-digest';
import type { HeartbeatReply } from '@edgestock/shared/protocol/control';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import { SCHEMA_MAX } from '@edgestock/shared/protocol/version';
import { Backoff } from '@edgestock/shared/runtime/backoff';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import type { Service } from '@edgestock/shared/runtime/service';
import { newCounters, type ReplicationCounters } from './counters.ts';
import { DirectiveConsumer } from './directive-consumer.ts';
import type { DirectiveInbox } from './directive-inbox.ts';
import { Doorbell } from './doorbell.ts';
import { enrol } from './enrolment.ts';
import { failureFacts } from './failure-facts.ts';
import { Heartbeat } from './heartbeat.ts';
import { type Judgement, judgeReply } from './judge-reply.ts';
import { LastUnits } from './last-units.ts';
import { replicationLimits as limits } from './limits.ts';
import type { Link } from './link.ts';
import { OutboxPublisher } from './outbox-publisher.ts';
import { Progress } from './progress.ts';
import type { ReplicationLog } from './replication-log.ts';
import { type Phase, type ReplicationStatus, statusOf } from './replication-status.ts';
import { SnapshotSender } from './snapshot-sender.ts';
import { StateLane } from './state-lane.ts';
import { Trimmer } from './trimmer.ts';

/** What replication needs of the ledger: to be told, synchronously, of every commit that appended. */
export type CommitSource = { onCommit(listener: (headSequence: number) => void): () => void };

/** Whether the node's books are known to be the latest there are (the store), and where to say that they are after all. */
export type Restoration = { readonly restored: object | undefined; recognised(): void };

export type ReplicationOptions = {
  readonly log: ReplicationLog;
  readonly ledger: CommitSource;
  readonly link: Link;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: Log;
  readonly retentionMs: number;
  /** Where central's directives are carried out; without it the node takes none, and central sends none. */
  readonly inbox?: DirectiveInbox;
  /** The digest of all positions after a place of the log, where it is known; without it none is stated. */
  readonly digestAt?: (sequence: number) => Uint8Array | undefined;
  /** Without it the books are the latest there are. */
  readonly restoration?: Restoration;
};

/**
 * The node's way up and down: one session after the other, for ever. A session begins with enrolment and a heartbeat (the handshake:
 * nothing is sent, and nothing carried out, before central has said where it stands) and ends when the link breaks or central
 * falls silent. Directives that wait at the broker are carried out even so, until central refuses or fences this node.
 */
export class Replication implements Service {
  readonly counters: ReplicationCounters = newCounters();
  readonly #log: ReplicationLog;
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #events: Log;
  readonly #progress: Progress;
  readonly #publisher: OutboxPublisher;
  readonly #states: StateLane;
  readonly #snapshots: SnapshotSender;
  readonly #heartbeat: Heartbeat;
  readonly #trimmer: Trimmer;
  readonly #restoration: Restoration | undefined;
  readonly #directives: DirectiveConsumer | undefined;
  readonly #lastUnits: LastUnits | undefined;
  readonly #liveListeners = new Set<(isLive: boolean) => void>();
  readonly #linkBell: Doorbell;
  readonly #sessionBackoff: Backoff;
  readonly #refusedBackoff: Backoff;
  readonly #stopping = new AbortController();
  readonly #unsubscribe: (() => void)[] = [];
  readonly #running: Promise<unknown>;
  #session = new AbortController();
  #phase: Phase = { phase: 'silent' };
  #lastContactAt: number | undefined;
  #skewMs: number | undefined;
  #wasLive = false;

  constructor(options: ReplicationOptions) {
    const { log, link, clock, random, events } = options;
    this.#log = log;
    this.#link = link;
    this.#clock = clock;
    this.#events = events;
    this.#restoration = options.restoration;
    const committed = log.head().sequence;
    const progress = new Progress({ committed, applied: log.appliedUpTo(), now: clock.monotonicMs() });
    const common = { log, link, progress, clock, random, events, counters: this.counters };
    this.#progress = progress;
    this.#publisher = new OutboxPublisher({
      ...common,
      digestAt: options.digestAt ?? (() => undefined),
      onSent: () => this.#heartbeat.ring(),
    });
    this.#states = new StateLane(common);
    this.#snapshots = new SnapshotSender({ ...common, onTaken: () => this.#heartbeat.ring() });
    this.#heartbeat = new Heartbeat({
      ...common,
      down: () => this.#directives?.place(),
      onReply: (reply) => {
        this.#hear(reply);
        this.#directives?.hear(reply.centralEpoch, { isRecognised: this.isHeard });
        this.#settle();
      },
      ownFence: () => (this.#phase.phase === 'fenced' && this.#phase.by === 'node' ? this.#phase.reason : undefined),
    });
    this.#trimmer = new Trimmer({ ...common, retentionMs: options.retentionMs, mayTrim: () => this.#mayTrim() });
    const { inbox } = options;
    if (inbox !== undefined) {
      const { warehouse } = log.identity();
      const onChange = () => {
        this.#heartbeat.ring();
        this.#tellLive();
      };
      this.#directives = new DirectiveConsumer({ ...common, inbox, warehouse, onChange });
      this.#lastUnits = new LastUnits({ ...common, inbox, isLive: () => this.isLive });
    }
    this.#linkBell = new Doorbell(clock);
    this.#sessionBackoff = new Backoff({
      firstDelayMs: limits.sessionRetryFirstMs,
      delayMsMax: limits.sessionRetryMsMax,
      random,
    });
    this.#refusedBackoff = new Backoff({
      firstDelayMs: limits.refusedRetryFirstMs,
      delayMsMax: limits.refusedRetryMsMax,
      random,
    });
    this.#unsubscribe.push(
      options.ledger.onCommit((head) => this.#committed(head)),
      link.onChange((isConnected) => this.#linkChanged(isConnected)),
    );
    this.#running = Promise.all([this.#runSessions(), this.#trimmer.run(this.#stopping.signal)]);
  }

  /** Central answers, has nearly all of this node's log, and its directives are those carried out here: it may be promised to. */
  get isLive(): boolean {
    return this.#phase.phase === 'live' && this.#directives?.fence === undefined && !this.#isRestored;
  }

  /** A copy must not carry out what is meant for its original, nor promise what that has promised. */
  get #isRestored(): boolean {
    return this.#restoration?.restored !== undefined;
  }

  /** Tells every change of `isLive`. The returned function unsubscribes. */
  onLive(listener: (isLive: boolean) => void): () => void {
    this.#liveListeners.add(listener);
    return () => this.#liveListeners.delete(listener);
  }

  /** Asks central something outside of sessions: a refused node has none. Throws `LinkError`. */
  request(subject: string, body: unknown, timeoutMs: number): Promise<unknown> {
    return this.#link.request(subject, body, timeoutMs);
  }

  /**
   * Asks central to give back units that a buyer at this node wants. Never rejects, and resolves within the budget in any case:
   * what was given is in the books then. Resolves at once while there is nobody to ask.
   */
  async askLastUnits(lines: readonly SkuQuantity[], budgetMs?: number): Promise<void> {
    await this.#lastUnits?.ask(lines, budgetMs);
  }

  status(): ReplicationStatus {
    return statusOf({
      phase: this.#phase,
      isConnected: this.#link.isConnected,
      epoch: this.#log.identity().epoch,
      progress: this.#progress,
      now: this.#clock.monotonicMs(),
      publishFailing: this.#publisher.failing,
      lastContactAt: this.#lastContactAt,
      skewMs: this.#skewMs,
      snapshot: this.#snapshots.progress,
      directives: this.#directives,
    });
  }

  /** Central has answered in this session and takes what is sent. */
  get isHeard(): boolean {
    return this.#phase.phase === 'live' || this.#phase.phase === 'catching-up';
  }

  /** What was not sent stays in the log: there is nothing to drain. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#endSession();
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    await this.#link.close();
    await this.#directives?.stop();
    await this.#running;
  }

  /** Runs between a commit and its replies: notes what happened, and leaves all work and all that may fail for later. */
  #committed(head: number): void {
    this.#progress.commit(head);
    this.#trimmer.noteCommit();
    this.#publisher.wakeSoon();
    if (this.#phase.phase === 'catching-up') this.#states.wake();
  }

  #linkChanged(isConnected: boolean): void {
    if (isConnected) this.#sessionBackoff.reset();
    else this.#endSession();
    this.#linkBell.ring();
  }

  async #runSessions(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      if (!this.#link.isConnected) {
        await this.#linkBell.wait(limits.heartbeatPeriodMs, signal);
        continue;
      }
      this.#session = new AbortController();
      const isRefused = await this.#runSession(this.#session.signal).catch((error: unknown) => {
        this.#events.error(failureFacts(error), 'replication was interrupted; beginning anew');
        return false;
      });
      this.#endSession();
      const backoff = isRefused ? this.#refusedBackoff : this.#sessionBackoff;
      // A link that comes back is a new beginning and need not wait.
      if (!signal.aborted && this.#link.isConnected) await this.#linkBell.wait(backoff.nextDelayMs(), signal);
    }
  }

  /** True when central refused to enrol this node. */
  async #runSession(signal: AbortSignal): Promise<boolean> {
    const enrolment = await enrol(this.#log, this.#link);
    if (signal.aborted) return false;
    switch (enrolment.outcome) {
      case 'enrolled':
        this.#refusedBackoff.reset();
        this.counters.sessions += 1;
        if (this.#phase.phase === 'refused') this.#phase = { phase: 'silent' };
        await this.#heartbeat.run(signal);
        return false;
      case 'refused':
        if (this.#phase.phase !== 'refused') this.#events.error(enrolment, 'central refuses to enrol this node');
        this.#phase = { phase: 'refused', reason: enrolment.reason, hint: enrolment.hint };
        return true;
      case 'no-answer':
        this.#events.debug({ reason: enrolment.reason }, 'enrolment not answered');
        if (this.#phase.phase !== 'refused') this.#phase = { phase: 'silent', hint: enrolment.reason };
        return false;
    }
  }

  /** Nothing is sent outside a session. A refusal or a fence stays visible until central says otherwise. */
  #endSession(): void {
    this.#session.abort();
    this.#publisher.close();
    this.#states.stop();
    const { phase } = this.#phase;
    if (phase === 'live' || phase === 'catching-up' || phase === 'sending-snapshot') this.#phase = { phase: 'silent' };
    this.#settle();
  }

  /** What the phase means for the way down and for those who promise. A clone must not carry out what is meant for its original. */
  #settle(): void {
    const { phase } = this.#phase;
    const isUnrecognised = phase === 'refused' || phase === 'fenced' || phase === 'sending-snapshot';
    if (isUnrecognised || this.#isRestored) this.#directives?.close();
    else if (phase !== 'silent') this.#directives?.open();
    this.#tellLive();
  }

  #tellLive(): void {
    const { isLive } = this;
    if (isLive === this.#wasLive) return;
    this.#wasLive = isLive;
    for (const listener of [...this.#liveListeners]) listener(isLive);
  }

  #hear(reply: HeartbeatReply): void {
    const now = this.#clock.monotonicMs();
    this.#lastContactAt = this.#clock.now();
    this.#skewMs = this.#lastContactAt - reply.time;
    this.#sessionBackoff.reset();
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
      this.#heartbeat.ring();
    }
    if (this.#isRestored) this.#recognised(reply.applied);
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
    if (this.#isRestored) return;
    this.#events.info({ applied }, 'central has recognised the log of this restored node: it promises again');
    this.#settle();
  }

  #judge(reply: HeartbeatReply, now: number): Judgement {
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
    void this.#states.sendWanted(skus, this.#session.signal);
  }

  /** Central's positions in these buckets are not this node's: all of them, whole, make them so. */
  #sendBuckets(stated: readonly number[]): void {
    const buckets = stated.filter((bucket) => bucket < DIGEST_BUCKETS).slice(0, wireLimits.repairBucketsMax);
    if (buckets.length === 0) return;
    this.#events.error(
      { buckets, hint: 'it is repaired by itself; if it goes on, look at the disks of both' },
      "central's positions differ from those of this node: they are sent whole",
    );
    void this.#states.sendBuckets(buckets, this.#session.signal);
  }

  #handshake(now: number): void {
    this.#progress.resume(now);
    const { backlog, applied } = this.#progress;
    if (backlog <= limits.behindDeltasMin) {
      this.#phase = { phase: 'live' };
      this.#publisher.open();
      return;
    }
    this.#phase = { phase: 'catching-up' };
    this.#events.info({ backlog, appliedUpTo: applied }, 'far behind central: current states go first');
    void this.#catchUp(applied, this.#session.signal);
  }

  /** States first; history follows whatever became of them, beside the states of what is sold meanwhile. */
  async #catchUp(applied: number, session: AbortSignal): Promise<void> {
    await this.#states.start(applied);
    if (!session.aborted && this.#phase.phase !== 'fenced') this.#publisher.open();
  }

  #caughtUp(): void {
    this.#phase = { phase: 'live' };
    this.#states.stop();
    this.#events.info({ appliedUpTo: this.#progress.applied }, 'caught up with central');
  }

  /** Until central has it, nothing else is sent, and nothing of central's is carried out: it may not know what it has asked for. */
  #sendSnapshot(reason: string): void {
    const failure = this.#snapshots.start(this.#session.signal);
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
    if (isNews && by === 'node') this.#heartbeat.ring();
  }

  #mayTrim(): boolean {
    return this.#phase.phase === 'live' && this.#progress.applied >= this.#log.appliedUpTo();
  }
}
