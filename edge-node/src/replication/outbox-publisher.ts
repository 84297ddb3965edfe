import { wireLimits } from '@edgestock/shared/protocol/limits';
import { upSubject } from '@edgestock/shared/protocol/subjects';
import { Backoff } from '@edgestock/shared/runtime/backoff';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import { type Batch, batchOf } from './batch.ts';
import { batchBounds, closesNow, restMsAfter } from './batch-closing.ts';
import type { ReplicationCounters } from './counters.ts';
import { DigestRhythm } from './digest-rhythm.ts';
import { type FailureFacts, failureFacts } from './failure-facts.ts';
import type { RewindCause } from './judge-reply.ts';
import { replicationLimits as limits } from './limits.ts';
import type { Link } from './link.ts';
import type { Progress } from './progress.ts';
import type { LogSlice, ReplicationLog } from './replication-log.ts';

/** The last failure in an unbroken row of them, and when the row began (wall time, milliseconds since 1970 UTC). */
export type PublishFailing = { readonly since: number; readonly reason: string; readonly hint: string | undefined };

/** A batch without its bytes: while it travels only the link holds those. */
type UnderWay = { readonly lastSequence: number; isAcked: boolean };

/**
 * Sends the log, in order, from `sent` on. Nothing is queued here: what cannot go now is read from the log again later, so a
 * link that is down for days costs disk and no memory. When a batch closes is said in `batch-closing.ts`. One batch is made per turn of the event loop, so that a backlog never keeps a till waiting.
 */
export class OutboxPublisher {
  readonly #log: ReplicationLog;
  readonly #link: Link;
  readonly #progress: Progress;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #events: Log;
  readonly #counters: ReplicationCounters;
  readonly #digestAt: (sequence: number) => Uint8Array | undefined;
  readonly #digests = new DigestRhythm();
  readonly #onSent: () => void;
  readonly #backoff: Backoff;

  #isOpen = false;
  /** Counts rewinds: what was sent before one is answered for nobody. */
  #generation = 0;
  /** Part of the message ids since the last rewind. */
  #run = '';
  /** In the order of the log, this generation only. */
  #underWay: UnderWay[] = [];
  #batchesInFlight = 0;
  #bytesInFlight = 0;
  #isTurnDue = false;
  #cancelGathering: (() => void) | undefined;
  #isGathered = false;
  #cancelRest: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;
  #isPaced = false;
  #cancelPause: (() => void) | undefined;
  #failing: PublishFailing | undefined;

  constructor(options: {
    log: ReplicationLog;
    link: Link;
    progress: Progress;
    clock: Clock;
    random: Random;
    events: Log;
    counters: ReplicationCounters;
    /** The digest of all positions after a place of the log, where it is known. */
    digestAt: (sequence: number) => Uint8Array | undefined;
    /** Called after something was handed to the link. */
    onSent: () => void;
  }) {
    this.#log = options.log;
    this.#link = options.link;
    this.#progress = options.progress;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#events = options.events;
    this.#counters = options.counters;
    this.#digestAt = options.digestAt;
    this.#onSent = options.onSent;
    this.#backoff = new Backoff({
      firstDelayMs: limits.publishRetryFirstMs,
      delayMsMax: limits.publishRetryMsMax,
      random: options.random,
    });
  }

  /** Why and since when nothing gets through to the broker; `undefined` again as soon as it has acknowledged something. */
  get failing(): PublishFailing | undefined {
    return this.#failing;
  }

  /** `isPaced`: what is sent is history, of which nobody waits for the last word, and leaves room for what others send meanwhile. */
  open({ isPaced }: { readonly isPaced: boolean }): void {
    this.#isPaced = isPaced;
    if (!isPaced) this.#endPause();
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#failing = undefined;
    this.#backoff.reset();
    this.wake();
  }

  close(): void {
    this.#isOpen = false;
    this.#cancelGathering?.();
    this.#cancelGathering = undefined;
    this.#cancelRest?.();
    this.#cancelRest = undefined;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#endPause();
  }

  /** A commit was made: it goes out in the next turn, after the replies to those who waited for it. */
  wakeSoon(): void {
    if (this.#isTurnDue || !this.#isOpen) return;
    this.#isTurnDue = true;
    setImmediate(() => {
      this.#isTurnDue = false;
      this.wake();
    });
  }

  /** Something may have become possible: an acknowledgement, more room at central. */
  wake(): void {
    if (!this.#canSend()) {
      this.#stateDigest();
      return;
    }
    const waiting = {
      unsentDeltas: this.#progress.unsent,
      batchesInFlight: this.#batchesInFlight,
      isResting: this.#cancelRest !== undefined,
      isGathered: this.#isGathered,
    };
    if (closesNow(waiting)) this.#sendOne();
    else this.#gather();
  }

  /** Central wants the digest of now, or of soon: whatever was stated before told it nothing. */
  stateDigestSoon(): void {
    this.#digests.forget();
  }

  /** Sends again what comes after `to`; what central has is left out. */
  rewind(to: number, cause: RewindCause | 'publish-failed'): void {
    this.#generation += 1;
    this.#run = this.#random.hex(3);
    this.#digests.forget();
    this.#underWay = [];
    this.#progress.rewind(to, this.#clock.monotonicMs());
    this.#counters.rewinds[cause] += 1;
    this.#events.info({ cause, from: this.#progress.sent + 1 }, 'deltas are sent again');
  }

  #canSend(): boolean {
    return (
      this.#isOpen &&
      this.#cancelRetry === undefined &&
      this.#cancelPause === undefined &&
      !this.#isTurnDue &&
      this.#progress.unsent > 0 &&
      this.#progress.room > 0 &&
      this.#batchesInFlight < limits.batchesInFlightMax &&
      this.#bytesInFlight + wireLimits.batchBytesMax + wireLimits.deltaBytesMax <= limits.bytesInFlightMax
    );
  }

  #gather(): void {
    this.#cancelGathering ??= this.#clock.after(wireLimits.batchDelayMs, () => {
      this.#cancelGathering = undefined;
      this.#isGathered = true;
      this.wake();
    });
  }

  #sendOne(): void {
    this.#cancelGathering?.();
    this.#cancelGathering = undefined;
    this.#isGathered = false;
    const slice = this.#nextSlice();
    if (slice === undefined) return;
    const batch = this.#batchOf(slice, { run: this.#run, digest: this.#dueDigest(slice.lastSequence) });
    this.#progress.send(batch.lastSequence, this.#clock.monotonicMs());
    this.#counters.batchesSent += 1;
    this.#counters.deltasSent += batch.deltas;
    this.#counters.bytesSent += batch.bytes.length;
    void this.#deliver(batch);
    this.#onSent();
    if (batch.deltas > 1) this.#restAfter(batch.deltas);
    if (this.#isPaced) this.#pauseAfter(batch.deltas);
    if (this.#progress.unsent > 0) this.wakeSoon();
  }

  #restAfter(deltas: number): void {
    this.#cancelRest?.();
    this.#cancelRest = this.#clock.after(restMsAfter(deltas), () => {
      this.#cancelRest = undefined;
      this.wake();
    });
  }

  #pauseAfter(deltas: number): void {
    this.#cancelPause = this.#clock.after((deltas * 1_000) / limits.historyDeltasPerSecond, () => {
      this.#endPause();
      this.wake();
    });
  }

  #endPause(): void {
    this.#cancelPause?.();
    this.#cancelPause = undefined;
  }

  /**
   * The stock has come to rest, and its last digest is of an earlier state: the last delta goes once more, with the digest of now.
   * Whether it arrives is of no account: the next one says the same.
   */
  #stateDigest(): void {
    const { sent, unsent } = this.#progress;
    const isQuiet = this.#isOpen && unsent === 0 && this.#batchesInFlight === 0 && this.#cancelRetry === undefined;
    const digest = isQuiet ? this.#dueDigest(sent) : undefined;
    const slice = digest && this.#slice(sent - 1, { deltasMax: 1, bytesMax: wireLimits.deltaBytesMax });
    if (slice === undefined) return;
    const batch = this.#batchOf(slice, { run: this.#random.hex(3), digest });
    this.#counters.bytesSent += batch.bytes.length;
    void this.#link
      .publish(upSubject(this.#log.identity().warehouse), batch.bytes, batch.messageId)
      .catch((error: unknown) => this.#events.debug(failureFacts(error), 'digest not delivered'));
  }

  /** The digest after a place, when one is due and that is where the log ends. */
  #dueDigest(sequence: number): Uint8Array | undefined {
    const isDue = sequence === this.#progress.committed && this.#digests.isDue(sequence, this.#clock.monotonicMs());
    return isDue ? this.#digestAt(sequence) : undefined;
  }

  /** The slice as a message, with the digest of what it leads to where there is one to state. */
  #batchOf(slice: LogSlice, { run, digest }: { readonly run: string; readonly digest: Uint8Array | undefined }): Batch {
    const { lastSequence } = slice;
    if (digest !== undefined) {
      this.#digests.stated(lastSequence, this.#clock.monotonicMs());
      this.#counters.digestsStated += 1;
    }
    const downAck = this.#log.carriedOutAt(lastSequence);
    return batchOf(this.#log.identity(), slice, { run, downAck, digest });
  }

  #nextSlice(): LogSlice | undefined {
    return this.#slice(this.#progress.sent, batchBounds(this.#progress.room));
  }

  #slice(after: number, bounds: { readonly deltasMax: number; readonly bytesMax: number }): LogSlice | undefined {
    try {
      return this.#log.slice(after, bounds);
    } catch (error) {
      this.#events.error(failureFacts(error), 'the log cannot be read; trying again');
      this.#retryLater();
      return undefined;
    }
  }

  async #deliver(batch: Batch): Promise<void> {
    const generation = this.#generation;
    const entry: UnderWay = { lastSequence: batch.lastSequence, isAcked: false };
    this.#underWay.push(entry);
    this.#batchesInFlight += 1;
    this.#bytesInFlight += batch.bytes.length;
    let failure: FailureFacts | undefined;
    try {
      await this.#link.publish(upSubject(this.#log.identity().warehouse), batch.bytes, batch.messageId);
    } catch (error) {
      failure = failureFacts(error);
    }
    this.#batchesInFlight -= 1;
    this.#bytesInFlight -= batch.bytes.length;
    if (generation === this.#generation) {
      if (failure === undefined) this.#acknowledge(entry);
      else this.#failed(entry, failure);
    }
    this.wake();
  }

  /** Acknowledgements overtake one another; the cursor moves only over an unbroken run of them. */
  #acknowledge(entry: UnderWay): void {
    entry.isAcked = true;
    this.#failing = undefined;
    this.#backoff.reset();
    while (this.#underWay[0]?.isAcked) {
      this.#progress.acknowledge(this.#underWay[0].lastSequence);
      this.#underWay.shift();
    }
  }

  /** Whatever the failure, it is unknown what the broker has. From the first doubtful delta on everything goes again. */
  #failed(entry: UnderWay, failure: FailureFacts): void {
    this.#counters.publishFailures += 1;
    if (entry.lastSequence <= this.#progress.applied) {
      this.#acknowledge(entry);
      return;
    }
    this.#failing = { since: this.#failing?.since ?? this.#clock.now(), reason: failure.reason, hint: failure.hint };
    if (this.#backoff.attempt === 0) this.#events.warn(failure, 'batch not delivered; trying again');
    this.rewind(this.#progress.brokerAcked, 'publish-failed');
    if (this.#isOpen) this.#retryLater();
  }

  #retryLater(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = this.#clock.after(this.#backoff.nextDelayMs(), () => {
      this.#cancelRetry = undefined;
      this.wake();
    });
  }
}
