import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Service } from '@edgestock/shared/runtime/service';
import { centralLimits } from '../limits.ts';
import type { ChangeNotice } from '../store/central-store.ts';
import type { SharedStore, Standing } from '../store/shared-store.ts';
import { StoreFailing } from '../store/store-failing.ts';

export type ChangeFeedOptions = {
  readonly shared: Pick<SharedStore, 'standing' | 'noticesAfter'>;
  readonly clock: Clock;
  readonly log: Log;
  /** What is known begins here: nothing that changed up to this revision is told. */
  readonly onBegun?: (revision: number) => void;
  /** Changes that are committed, by whatever process, and nothing else up to a revision; some may have been told before. */
  readonly onChanged: (notices: readonly ChangeNotice[], upTo: number) => void;
  /** More has changed, up to a revision, than is worth telling one by one. */
  readonly onMuchChanged: (upTo: number) => void;
  /** Revisions are of another life of the store from here on, and the latest is this one. */
  readonly onAnotherLife: (revision: number) => Promise<void>;
};

/**
 * What other processes change, read from the store by its revisions, so that nothing can be missed: there are no messages that could
 * be lost. What is in memory may be trusted as long as the last look that found everything is young enough.
 */
export class ChangeFeed implements Service {
  readonly #options: ChangeFeedOptions;
  readonly #cancel: () => void;
  #seen: Standing;
  #confirmedAtMs: number;
  #looking: Promise<void> | undefined;

  private constructor(options: ChangeFeedOptions, seen: Standing, confirmedAtMs: number) {
    this.#options = options;
    this.#seen = seen;
    this.#confirmedAtMs = confirmedAtMs;
    this.#cancel = options.clock.every(centralLimits.feedPeriodMs, () => this.look());
  }

  /** Begins with what changes from now on: nothing may be kept in memory from before. */
  static async start(options: ChangeFeedOptions): Promise<ChangeFeed> {
    const askedAtMs = options.clock.monotonicMs();
    const seen = await options.shared.standing();
    options.onBegun?.(seen.revision);
    return new ChangeFeed(options, seen, askedAtMs);
  }

  /** How long ago everything that had changed was known here. */
  get staleMs(): number {
    return this.#options.clock.monotonicMs() - this.#confirmedAtMs;
  }

  /** Whether what is kept in memory may be given. */
  get isTrusted(): boolean {
    return this.staleMs <= centralLimits.feedTrustMsMax;
  }

  /** Something may have changed. One look at a time. */
  look(): void {
    this.#looking ??= this.#look()
      .catch((error: unknown) => {
        // Who reads is told of a store that fails, and nothing from memory is given meanwhile.
        const level = error instanceof StoreFailing ? 'debug' : 'error';
        this.#options.log[level]({ error, hint: 'answers are read from the store meanwhile' }, 'changes not read');
      })
      .finally(() => {
        this.#looking = undefined;
      });
  }

  async stop(): Promise<void> {
    this.#cancel();
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { shared, clock, onMuchChanged, onAnotherLife } = this.#options;
    const askedAtMs = clock.monotonicMs();
    const now = await shared.standing();
    if (now.life !== this.#seen.life) {
      await onAnotherLife(now.revision);
      this.#seen = now;
    } else if (now.revision - this.#seen.revision > centralLimits.feedNoticesMax) {
      onMuchChanged(now.revision);
      this.#seen = now;
    } else if (now.revision !== this.#seen.revision) await this.#takeNotices(now);
    // Only now: what had changed when this began is known here.
    this.#confirmedAtMs = askedAtMs;
  }

  async #takeNotices(now: Standing): Promise<void> {
    const { shared, onChanged, onMuchChanged } = this.#options;
    const limit = centralLimits.feedNoticesMax;
    const notices = await shared.noticesAfter(this.#seen.revision, limit);
    // A full page may end before the latest one.
    if (notices.length === limit) onMuchChanged(now.revision);
    else onChanged(notices, now.revision);
    this.#seen = now;
  }
}
