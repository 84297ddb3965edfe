import { Backoff } from '@edgestock/shared/runtime/backoff';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import { centralLimits } from '../limits.ts';
import { StoreFull } from '../store/store-full.ts';
import { StoreUnavailable } from '../store/store-unavailable.ts';

/** Why the store takes no writes, and since when by the wall clock. */
export type StoreFailure = { readonly since: number; readonly reason: string; readonly hint: string };

/**
 * Writes to a store whose disk may be full, or whose server may be away. That is no reason to begin anew: a thread that dies and
 * starts again on a full disk finds it full. So the write waits here, nothing is acknowledged, the broker and the nodes keep what comes, and the first
 * write that finds room goes on. Every other failure passes through.
 */
export class StoreWrites {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #backoff: Backoff;
  #failure: StoreFailure | undefined;

  constructor(deps: { readonly clock: Clock; readonly random: Random; readonly log: Log }) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#backoff = new Backoff({
      firstDelayMs: centralLimits.storeRetryFirstMs,
      delayMsMax: centralLimits.storeRetryMsMax,
      random: deps.random,
    });
  }

  /** Present while the store takes no writes. */
  get failure(): StoreFailure | undefined {
    return this.#failure;
  }

  /** Repeats the write until it succeeds; throws the last failure when the signal aborts. */
  async hold<T>(write: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      try {
        return this.#succeeded(await write());
      } catch (error) {
        this.#failed(error);
        if (!signal.aborted) await this.#clock.sleep(this.#backoff.nextDelayMs(), signal);
        if (signal.aborted) throw error;
      }
    }
  }

  /** True when the write succeeded, false when the store takes none: for what its owner repeats by itself. */
  async attempt(write: () => Promise<void>): Promise<boolean> {
    try {
      await write();
    } catch (error) {
      this.#failed(error);
      return false;
    }
    this.#succeeded(undefined);
    return true;
  }

  #succeeded<T>(value: T): T {
    if (this.#failure !== undefined) this.#log.info({ since: this.#failure.since }, 'the store takes writes again');
    this.#failure = undefined;
    this.#backoff.reset();
    return value;
  }

  #failed(error: unknown): void {
    if (!(error instanceof StoreFull || error instanceof StoreUnavailable)) throw error;
    if (this.#failure !== undefined) return;
    const { message: reason, hint } = error;
    this.#failure = { since: this.#clock.now(), reason, hint };
    this.#log.error({ reason, hint }, 'the store takes no writes; nothing is acknowledged until it does');
  }
}
