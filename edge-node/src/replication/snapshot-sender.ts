import {
  chunkHash,
  type SnapshotReply,
  type SnapshotRequest,
  snapshotReply,
} from '@edgestock/shared/protocol/snapshot';
import { snapshotSubject } from '@edgestock/shared/protocol/subjects';
import { unreachable } from '@edgestock/shared/runtime/assert';
import { Backoff } from '@edgestock/shared/runtime/backoff';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import type { ReplicationCounters } from './counters.ts';
import { replicationLimits as limits } from './limits.ts';
import { type Link, LinkError } from './link.ts';
import type { ReplicationLog } from './replication-log.ts';
import { SnapshotPlan } from './snapshot-plan.ts';

export type SnapshotSenderOptions = {
  readonly log: ReplicationLog;
  readonly link: Link;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: Log;
  readonly counters: ReplicationCounters;
  /** Central has it: a heartbeat will say so. */
  readonly onTaken: () => void;
};

/** Why no snapshot is sent for now. */
export type SnapshotFailure = { readonly reason: string; readonly hint: string };

/** How far a snapshot has got: chunks that central has, and those that it has taken over. */
export type SnapshotProgress = { readonly chunks: number; readonly staged: number; readonly taken: number };

/** What came of one answer: go on with another request, or begin anew, or it is over. */
type Next = { readonly ask: SnapshotRequest } | 'anew' | 'taken' | 'aborted' | SnapshotFailure;

const OLD_CENTRAL: SnapshotFailure = {
  reason: 'central does not answer to a snapshot',
  hint: 'the history between was trimmed; central needs a snapshot of this node: update central to a release that takes one. Sales go on and are kept here',
};

/**
 * Tells central everything that was true where this log begins, since central lacks what came before: a request at a time, each
 * answered with what central wants next. So a cut line, or a crash at either end, costs the time and nothing else.
 */
export class SnapshotSender {
  readonly #options: SnapshotSenderOptions;
  /** Between two attempts of one session, and after central has said no, or nothing at all. */
  readonly #retry: Backoff;
  readonly #refused: Backoff;
  #isRunning = false;
  #progress: SnapshotProgress | undefined;
  #failure: (SnapshotFailure & { readonly untilMs: number }) | undefined;
  #plan: SnapshotPlan | undefined;

  constructor(options: SnapshotSenderOptions) {
    this.#options = options;
    const { random } = options;
    this.#retry = new Backoff({
      firstDelayMs: limits.snapshotRetryFirstMs,
      delayMsMax: limits.snapshotRetryMsMax,
      random,
    });
    this.#refused = new Backoff({
      firstDelayMs: limits.refusedRetryFirstMs,
      delayMsMax: limits.refusedRetryMsMax,
      random,
    });
  }

  /** Absent while none is under way. */
  get progress(): SnapshotProgress | undefined {
    return this.#progress;
  }

  /** Begins, or goes on, unless it does already; answers with why it does not for now. Ends with the session. */
  start(session: AbortSignal): SnapshotFailure | undefined {
    if (this.#isRunning) return undefined;
    if (this.#failure !== undefined && this.#options.clock.monotonicMs() < this.#failure.untilMs) return this.#failure;
    this.#isRunning = true;
    this.#progress ??= { chunks: 0, staged: 0, taken: 0 };
    void this.#run(session).finally(() => {
      this.#isRunning = false;
    });
    return undefined;
  }

  /** Central goes on with the log: nothing of it is needed any more. */
  forget(): void {
    this.#plan = undefined;
    this.#progress = undefined;
    this.#failure = undefined;
    this.#retry.reset();
    this.#refused.reset();
  }

  async #run(session: AbortSignal): Promise<void> {
    const { clock, events, onTaken } = this.#options;
    let unanswered = 0;
    while (!session.aborted) {
      try {
        const end = await this.#send(session);
        if (end === 'aborted') return;
        if (end === 'taken') {
          events.info({}, 'central has the snapshot');
          onTaken();
          return;
        }
        if (end !== 'anew') return this.#fail(end);
        unanswered = 0;
        this.#plan = undefined;
      } catch (error) {
        if (!(error instanceof LinkError)) {
          const reason = error instanceof Error ? error.message : String(error);
          return this.#fail({
            reason: `no snapshot can be made: ${reason}`,
            hint: 'see the log of this node; sales go on',
          });
        }
        unanswered += 1;
        this.#options.counters.snapshotFailures += 1;
        const isUnknown = error.failure === 'no-responders' || unanswered >= limits.snapshotUnansweredMax;
        if (isUnknown) return this.#fail(OLD_CENTRAL);
      }
      await clock.sleep(this.#retry.nextDelayMs(), session);
    }
  }

  #fail({ reason, hint }: SnapshotFailure): void {
    this.#progress = undefined;
    this.#failure = { reason, hint, untilMs: this.#options.clock.monotonicMs() + this.#refused.nextDelayMs() };
    // The next heartbeat tells it as this node's fence.
    this.#options.onTaken();
  }

  /** From whatever central has of it to the end. Throws `LinkError`. */
  async #send(session: AbortSignal): Promise<'anew' | 'taken' | 'aborted' | SnapshotFailure> {
    const { log, clock, events } = this.#options;
    if (this.#plan?.isCurrent !== true) {
      this.#plan = await SnapshotPlan.make(log, clock.now(), session);
      if (this.#plan === undefined) return 'aborted';
      const { sequence, rows, chunks } = this.#plan.manifest;
      events.warn({ sequence, rows, chunks }, 'central lacks what was trimmed of this log: a snapshot is sent');
    }
    const plan = this.#plan;
    const { root, chunks } = plan.manifest;
    let request: SnapshotRequest = { ask: 'begin', ...this.#asked(root), manifest: plan.manifest };
    for (;;) {
      const reply = await this.#ask(request);
      if (session.aborted) return 'aborted';
      const next: Next = await this.#after(reply, plan, session);
      if (typeof next === 'string' || 'reason' in next) return next;
      this.#retry.reset();
      request = next.ask;
      const staged = reply.outcome === 'send' ? reply.index : chunks;
      this.#progress = { chunks, staged, taken: reply.outcome === 'take' ? reply.taken : 0 };
    }
  }

  async #after(reply: SnapshotReply, plan: SnapshotPlan, session: AbortSignal): Promise<Next> {
    const { events, counters } = this.#options;
    const { root, chunks } = plan.manifest;
    switch (reply.outcome) {
      case 'send': {
        if (reply.index >= chunks || !plan.isCurrent) return 'anew';
        const bytes = await plan.chunk(reply.index, session);
        if (bytes === undefined) return 'aborted';
        counters.snapshotChunksSent += 1;
        const of = { index: reply.index, hash: chunkHash(bytes).toString('hex') };
        return { ask: { ask: 'chunk', ...this.#asked(root), ...of, bytes: Buffer.from(bytes).toString('base64') } };
      }
      case 'take':
        return { ask: { ask: 'take', ...this.#asked(root) } };
      case 'taken':
        counters.snapshotsTaken += 1;
        return 'taken';
      case 'anew':
        events.warn({ reason: reply.reason }, 'central wants the snapshot anew');
        return 'anew';
      case 'refused':
        return { reason: reply.reason, hint: reply.hint };
      default:
        return unreachable(reply);
    }
  }

  #asked(root: string) {
    const { warehouse, instance } = this.#options.log.identity();
    return { warehouse, instance, root };
  }

  async #ask(request: SnapshotRequest): Promise<SnapshotReply> {
    const { log, link } = this.#options;
    const { warehouse } = log.identity();
    const answer = await link.request(snapshotSubject(warehouse), request, limits.snapshotTimeoutMs);
    const parsed = snapshotReply.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new LinkError('refused', `central's answer to a snapshot cannot be read: ${parsed.error.message}`);
  }
}
