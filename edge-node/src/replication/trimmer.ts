import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { ReplicationCounters } from './counters.ts';
import { failureFacts } from './failure-facts.ts';
import { replicationLimits as limits } from './limits.ts';
import type { ReplicationLog } from './replication-log.ts';

/**
 * Drops old history behind central's cursor, in small pieces, while the till is quiet. P2: the log itself holds the bound
 * (never beyond the durable cursor); on top of that nothing is trimmed without a central that has just confirmed it. P9: what
 * is old is reckoned by the time that has passed here, never by the wall times of movements.
 */
export class Trimmer {
  readonly #log: ReplicationLog;
  readonly #clock: Clock;
  readonly #retentionMs: number;
  readonly #counters: ReplicationCounters;
  readonly #events: Log;
  /** Is central in contact, and does it stand at least at our durable cursor? */
  readonly #mayTrim: () => boolean;
  #lastCommitAt = Number.NEGATIVE_INFINITY;

  constructor(options: {
    log: ReplicationLog;
    clock: Clock;
    retentionMs: number;
    counters: ReplicationCounters;
    events: Log;
    mayTrim: () => boolean;
  }) {
    this.#log = options.log;
    this.#clock = options.clock;
    this.#retentionMs = options.retentionMs;
    this.#counters = options.counters;
    this.#events = options.events;
    this.#mayTrim = options.mayTrim;
  }

  noteCommit(): void {
    this.#lastCommitAt = this.#clock.monotonicMs();
  }

  async run(signal: AbortSignal): Promise<void> {
    let busyLooks = 0;
    while (!signal.aborted) {
      await this.#clock.sleep(limits.trimPeriodMs, signal);
      if (signal.aborted) return;
      this.#attempt(() => this.#log.age({ wallAt: this.#clock.now(), monotonicMs: this.#clock.monotonicMs() }));
      const isOverdue = busyLooks >= limits.trimBusyLooksMax;
      busyLooks = this.#isQuiet() || isOverdue ? 0 : busyLooks + 1;
      if (busyLooks === 0) await this.#trimPieces(isOverdue, signal);
    }
  }

  /** Piece by piece until nothing is due or somebody sells; an overdue log gives one piece even so. */
  async #trimPieces(isOverdue: boolean, signal: AbortSignal): Promise<void> {
    for (let isDue = isOverdue; !signal.aborted && this.#mayTrim() && (isDue || this.#isQuiet()); isDue = false) {
      const trimmed = this.#trimPiece();
      this.#counters.trimmedDeltas += trimmed;
      if (trimmed < limits.trimRowsMax) return;
      await this.#clock.sleep(limits.trimPauseMs, signal);
    }
  }

  #trimPiece(): number {
    let trimmed = 0;
    this.#attempt(() => {
      // The last delta stays, however old: when the stock has come to rest it carries the digest of all positions to central.
      const agedUpTo = Math.min(this.#log.agedUpTo(this.#retentionMs), this.#log.head().sequence - 1);
      trimmed = this.#log.trim({ agedUpTo, rowsMax: limits.trimRowsMax });
    });
    return trimmed;
  }

  /** A disk that cannot take the write keeps its history a while longer. */
  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#events.error(failureFacts(error), 'old history cannot be trimmed; trying again later');
    }
  }

  #isQuiet(): boolean {
    return this.#clock.monotonicMs() - this.#lastCommitAt >= limits.trimQuietMs;
  }
}
