import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
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
import { LastUnits } from './last-units.ts';
import { replicationLimits as limits } from './limits.ts';
import type { Link } from './link.ts';
import { OutboxPublisher } from './outbox-publisher.ts';
import { Progress } from './progress.ts';
import type { ReplicationLog } from './replication-log.ts';
import { type ReplicationStatus, statusOf } from './replication-status.ts';
import { SnapshotSender } from './snapshot-sender.ts';
import { type Restoration, Standing } from './standing.ts';
import { StateLane } from './state-lane.ts';
import { Trimmer } from './trimmer.ts';

/** What replication needs of the ledger: to be told, synchronously, of every commit that appended. */
export type CommitSource = { onCommit(listener: (headSequence: number) => void): () => void };

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
  readonly #standing: Standing;
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
  #wasLive = false;

  constructor(options: ReplicationOptions) {
    const { log, link, clock, random, events } = options;
    this.#log = log;
    this.#link = link;
    this.#clock = clock;
    this.#events = events;
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
    this.#standing = new Standing({
      ...common,
      ...{ publisher: this.#publisher, states: this.#states, snapshots: this.#snapshots },
      restoration: options.restoration,
      ring: () => this.#heartbeat.ring(),
      onRecognised: () => this.#settle(),
    });
    this.#heartbeat = new Heartbeat({
      ...common,
      down: () => this.#directives?.place(),
      onReply: (reply) => {
        this.#sessionBackoff.reset();
        this.#standing.hear(reply);
        this.#directives?.hear(reply.centralEpoch, { isRecognised: this.isHeard });
        this.#settle();
      },
      ownFence: () => this.#standing.ownFence,
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
    return this.#isInStep && this.#directives?.fence === undefined && !this.#standing.isRestored;
  }

  get #isInStep(): boolean {
    return this.#standing.phase.phase === 'live';
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
      phase: this.#standing.phase,
      isConnected: this.#link.isConnected,
      epoch: this.#log.identity().epoch,
      progress: this.#progress,
      now: this.#clock.monotonicMs(),
      publishFailing: this.#publisher.failing,
      ...this.#standing.contact,
      snapshot: this.#snapshots.progress,
      directives: this.#directives,
    });
  }

  /** Central has answered in this session and takes what is sent. */
  get isHeard(): boolean {
    return this.#isInStep || this.#standing.phase.phase === 'catching-up';
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
    if (this.#standing.phase.phase === 'catching-up') this.#states.wake();
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
        this.#standing.enrolled(signal, enrolment.cursor);
        await this.#heartbeat.run(signal);
        return false;
      case 'refused':
        this.#standing.refused(enrolment);
        return true;
      case 'no-answer':
        this.#standing.unanswered(enrolment.reason);
        return false;
    }
  }

  #endSession(): void {
    this.#session.abort();
    this.#standing.sessionEnded();
    this.#settle();
  }

  /** What the phase means for the way down and for those who promise. A clone must not carry out what is meant for its original. */
  #settle(): void {
    const { phase } = this.#standing.phase;
    const isUnrecognised = phase === 'refused' || phase === 'fenced' || phase === 'sending-snapshot';
    if (isUnrecognised || this.#standing.isRestored) this.#directives?.close();
    else if (phase !== 'silent') this.#directives?.open();
    this.#tellLive();
  }

  #tellLive(): void {
    const { isLive } = this;
    if (isLive === this.#wasLive) return;
    this.#wasLive = isLive;
    for (const listener of [...this.#liveListeners]) listener(isLive);
  }

  #mayTrim(): boolean {
    return this.#isInStep && this.#progress.applied >= this.#log.appliedUpTo();
  }
}
