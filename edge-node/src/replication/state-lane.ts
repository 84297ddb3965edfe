import type { Sku } from '@edgestock/shared/inventory/ids';
import { bucketOf } from '@edgestock/shared/inventory/position-digest';
import { encodeStateMessage } from '@edgestock/shared/protocol/codec';
import type { StateRow } from '@edgestock/shared/protocol/delta';
import type { StateMessage } from '@edgestock/shared/protocol/message';
import { stateSubject } from '@edgestock/shared/protocol/subjects';
import { SCHEMA_MAX } from '@edgestock/shared/protocol/version';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import type { ReplicationCounters } from './counters.ts';
import { type FailureFacts, failureFacts } from './failure-facts.ts';
import { replicationLimits as limits } from './limits.ts';
import type { Link } from './link.ts';
import { nextTurn } from './next-turn.ts';
import type { ReplicationLog } from './replication-log.ts';

/**
 * Current states, ahead of their history, so that central's availability is right seconds after a long outage. Never needed for
 * correctness: states are idempotent, and history says the same in the end. So a failure here is counted and never blocks.
 */
export class StateLane {
  readonly #log: ReplicationLog;
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #events: Log;
  readonly #counters: ReplicationCounters;
  /** Live commits up to here have been sent as states; `undefined` while the lane is not needed. */
  #liveUpTo: number | undefined;
  #isLiveSending = false;
  #isWantedSending = false;
  #isRepairing = false;
  #cancelLive: (() => void) | undefined;
  #stopping = new AbortController();

  constructor(options: {
    log: ReplicationLog;
    link: Link;
    clock: Clock;
    random: Random;
    events: Log;
    counters: ReplicationCounters;
  }) {
    this.#log = options.log;
    this.#link = options.link;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#events = options.events;
    this.#counters = options.counters;
  }

  /**
   * From now on the states of new commits go out by themselves; resolves when those of (appliedUpTo, now] have gone, the SKUs
   * that moved last first. Stops early, without an error, when the link fails or `stop` is called.
   */
  async start(appliedUpTo: number): Promise<void> {
    this.stop();
    this.#stopping = new AbortController();
    const { sequence } = this.#log.head();
    this.#liveUpTo = sequence;
    await this.#post(this.#rowsNewestFirst(appliedUpTo, sequence), this.#stopping.signal);
  }

  /** Sends the present states of these SKUs once, whether or not the lane is needed otherwise: central has asked for them. */
  async sendWanted(skus: readonly Sku[], signal: AbortSignal): Promise<void> {
    if (this.#isWantedSending) return;
    this.#isWantedSending = true;
    await this.#post(this.#pieces(skus), signal);
    this.#isWantedSending = false;
  }

  /** Sends all positions of these buckets of the digest: those that central has otherwise, or should not have, are wrong there. */
  async sendBuckets(buckets: readonly number[], signal: AbortSignal): Promise<void> {
    if (this.#isRepairing) return;
    this.#isRepairing = true;
    try {
      // Of before the first read: what moves meanwhile is newer than that at central, too, and left alone there.
      const asOfSequence = this.#log.head().sequence;
      const rows = await this.#rowsOf(new Set(buckets), signal);
      for (const bucket of signal.aborted ? [] : buckets) {
        await this.#publishBucket(bucket, rows.get(bucket) ?? [], asOfSequence);
        this.#counters.bucketsRepaired += 1;
      }
    } catch (error) {
      this.#counters.stateFailures += 1;
      this.#events.warn(failureFacts(error), 'positions not delivered; central asks again');
    }
    this.#isRepairing = false;
  }

  stop(): void {
    this.#stopping.abort();
    this.#liveUpTo = undefined;
    this.#cancelLive?.();
    this.#cancelLive = undefined;
  }

  /** A commit was made: gathers a moment, then sends what it touched. */
  wake(): void {
    this.#liveAfter(limits.stateDelayMs);
  }

  #liveAfter(delayMs: number): void {
    if (this.#liveUpTo === undefined || this.#isLiveSending) return;
    this.#cancelLive ??= this.#clock.after(delayMs, () => {
      this.#cancelLive = undefined;
      void this.#sendLive(this.#stopping.signal);
    });
  }

  async #sendLive(signal: AbortSignal): Promise<void> {
    const from = this.#liveUpTo;
    const { sequence } = this.#log.head();
    if (from === undefined || sequence === from) return;
    this.#isLiveSending = true;
    const isSent = await this.#post(this.#rowsNewestFirst(from, sequence), signal);
    this.#isLiveSending = false;
    if (isSent && !signal.aborted) this.#liveUpTo = sequence;
    if (this.#log.head().sequence !== this.#liveUpTo) {
      this.#liveAfter(isSent ? limits.stateDelayMs : limits.stateRetryMs);
    }
  }

  /** Sends states, each piece read in a turn of its own. True when the broker has acknowledged all of them. */
  async #post(pieces: Iterable<readonly StateRow[]>, signal: AbortSignal): Promise<boolean> {
    const inFlight = new Set<Promise<void>>();
    let failure: FailureFacts | undefined;
    const isOver = () => signal.aborted || failure !== undefined;
    const publish = async (rows: readonly StateRow[]) => {
      const sending: Promise<void> = this.#publish(rows)
        .catch((error: unknown) => {
          failure = failureFacts(error);
        })
        .finally(() => inFlight.delete(sending));
      inFlight.add(sending);
      if (inFlight.size >= limits.stateMessagesInFlightMax) await Promise.race(inFlight);
    };
    try {
      let rows: StateRow[] = [];
      for (const piece of pieces) {
        if (isOver()) break;
        rows.push(...piece);
        if (rows.length >= limits.stateRowsPerMessage) {
          await publish(rows);
          rows = [];
        }
        await nextTurn();
      }
      if (rows.length > 0 && !isOver()) await publish(rows);
    } catch (error) {
      failure = failureFacts(error);
    }
    await Promise.all(inFlight);
    if (failure !== undefined) {
      this.#counters.stateFailures += 1;
      this.#events.warn(failure, 'states not delivered');
    }
    return !isOver();
  }

  *#pieces(skus: readonly Sku[]): Generator<readonly StateRow[]> {
    for (let at = 0; at < skus.length; at += limits.stateReadsPerTurn) {
      yield this.#log.states(skus.slice(at, at + limits.stateReadsPerTurn));
    }
  }

  /** The states of (after, upTo] in pieces of one turn each, from the newest place backwards. */
  *#rowsNewestFirst(after: number, upTo: number): Generator<readonly StateRow[]> {
    const seen = new Set<Sku>();
    for (let last = upTo; last > after; last -= limits.stateRangeDeltas) {
      const first = Math.max(after, last - limits.stateRangeDeltas);
      const fresh = this.#log.skusTouched(first, last).filter((sku) => !seen.has(sku));
      for (const sku of fresh) if (seen.size < limits.stateSkusRememberedMax) seen.add(sku);
      for (let at = 0; at < fresh.length || at === 0; at += limits.stateReadsPerTurn) {
        // A position that moved again after the range has gone, or will go, with its newer place.
        yield this.#log
          .states(fresh.slice(at, at + limits.stateReadsPerTurn))
          .filter(({ sequence }) => sequence <= last);
      }
    }
  }

  /** Reads every position there is, a page to a turn: this is rare. */
  async #rowsOf(buckets: ReadonlySet<number>, signal: AbortSignal): Promise<ReadonlyMap<number, StateRow[]>> {
    const found = new Map<number, StateRow[]>();
    let page: readonly StateRow[] = [];
    do {
      await nextTurn();
      page = this.#log.statesAfter(page.at(-1)?.sku ?? '', limits.stateRowsPerPage);
      for (const row of page) {
        const bucket = bucketOf(row.sku);
        if (buckets.has(bucket)) found.set(bucket, [...(found.get(bucket) ?? []), row]);
      }
    } while (page.length === limits.stateRowsPerPage && !signal.aborted);
    return found;
  }

  /** A bucket that does not fit a message cannot say what is not in it; its positions are repaired all the same. */
  async #publishBucket(bucket: number, rows: readonly StateRow[], asOfSequence: number): Promise<void> {
    const pieces = Math.max(1, Math.ceil(rows.length / limits.repairRowsMax));
    for (let piece = 0; piece < pieces; piece += 1) {
      const some = rows.slice(piece * limits.repairRowsMax, (piece + 1) * limits.repairRowsMax);
      await this.#publish(some, { asOfSequence, repair: { bucket, isWhole: pieces === 1 } });
    }
  }

  async #publish(
    rows: readonly StateRow[],
    said: Pick<StateMessage, 'asOfSequence' | 'repair'> = { asOfSequence: this.#log.head().sequence },
  ): Promise<void> {
    const identity = this.#log.identity();
    const { warehouse, epoch, instance } = identity;
    const bytes = encodeStateMessage({ ...identity, ...said, schema: SCHEMA_MAX, rows });
    // States are read afresh each time, so no two messages are the same and none may be taken for another.
    const messageId = `${warehouse}.${epoch}.${instance}.state.${this.#random.hex(8)}`;
    await this.#link.publish(stateSubject(warehouse), bytes, messageId);
    this.#counters.stateRowsSent += rows.length;
  }
}
