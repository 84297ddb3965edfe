import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { StoreWrites } from '../ingest/store-writes.ts';
import { centralLimits } from '../limits.ts';
import type { Applied, CentralStore } from '../store/central-store.ts';

export type EpochKeeperOptions = {
  readonly store: Pick<CentralStore, 'beginEpoch'>;
  /** The epoch that this process knows as the present one. */
  readonly known: () => number;
  readonly writes: StoreWrites;
  readonly clock: Clock;
  readonly log: Log;
  /** A new epoch is committed, without what it changed where another process has begun it; called before anything else happens in it. */
  readonly onBegun: (centralEpoch: number, applied: Applied<never> | undefined) => void;
};

/**
 * Begins a new epoch when a node proves that central was put back to an earlier state without saying so: by a copy of its
 * database that was put in its place, for example. At most once in a while: a second central on a copy of this data would begin
 * one after the other with this one, for ever.
 */
export class EpochKeeper {
  readonly #options: EpochKeeperOptions;
  #begunAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: EpochKeeperOptions) {
    this.#options = options;
  }

  /** Resolves with whether a new epoch has begun, because of this or a moment ago because of another node. */
  async begin(proof: {
    readonly warehouse: string;
    readonly heard: number;
    readonly reason: string;
  }): Promise<boolean> {
    const { store, known, writes, clock, log, onBegun } = this.#options;
    const { warehouse, heard, reason } = proof;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#begunAtMs < centralLimits.epochPauseMs) return false;
    const before = this.#begunAtMs;
    this.#begunAtMs = nowMs;
    const isWritten = await writes.attempt(async () => {
      const beginning = { heard, reason: `${warehouse}: ${reason}`, after: known() };
      const { isBegun, centralEpoch, ...applied } = await store.beginEpoch(beginning, clock.now());
      // Another process was told the same, or what the node has heard of is what that one has begun.
      if (!isBegun) return onBegun(centralEpoch, undefined);
      const hint =
        'Was the store lost, or an older copy put in its place? Nothing is promised of a warehouse before its node was heard. Policies, channels and items that are not in this store have to be set again. Next time use edgestock central restore.';
      log.error(
        { warehouse, reason, centralEpoch, hint },
        'central was put back to an earlier state: a new epoch begins',
      );
      onBegun(centralEpoch, applied);
    });
    if (!isWritten) this.#begunAtMs = before;
    return isWritten;
  }
}
