import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Service } from '@edgestock/shared/runtime/service';
import { centralLimits } from '../limits.ts';
import type { PromiseStore } from '../store/promise-store.ts';

export type DownTrimmerOptions = {
  readonly store: Pick<PromiseStore, 'trimDirectives'>;
  readonly clock: Clock;
  /** Counts what went. */
  readonly onTrimmed: (directives: number) => void;
  /** Runs a write; false when the store is full: then there is another time. */
  readonly attempt: (write: () => Promise<void>) => Promise<boolean>;
  readonly onFailed: (error: unknown) => void;
};

/** Keeps the logs down from growing for ever: now and then, a piece at a time, so that no promise waits for more than a piece. */
export class DownTrimmer implements Service {
  readonly #options: DownTrimmerOptions;
  readonly #cancel: () => void;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: DownTrimmerOptions) {
    this.#options = options;
    this.#cancel = options.clock.every(centralLimits.directivesTrimPeriodMs, () => this.#start());
  }

  async stop(): Promise<void> {
    this.#cancel();
    this.#stopping.abort();
    await this.#running;
  }

  #start(): void {
    this.#running ??= this.#run()
      .catch(this.#options.onFailed)
      .finally(() => {
        this.#running = undefined;
      });
  }

  async #run(): Promise<void> {
    const { store, clock, attempt, onTrimmed } = this.#options;
    const { signal } = this.#stopping;
    for (let isMore = true; isMore && !signal.aborted; ) {
      isMore = false;
      await attempt(async () => {
        const came = await store.trimDirectives(clock.now(), centralLimits.directivesTrimRowsMax);
        onTrimmed(came.trimmed);
        isMore = came.isMore;
      });
      if (isMore) await clock.sleep(centralLimits.directivesTrimPauseMs, signal);
    }
  }
}
