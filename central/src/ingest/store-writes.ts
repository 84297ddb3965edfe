import { Backoff } from '@edgestock/shared/runtime/backoff';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import { centralLimits } from '../limits.ts';
import { StoreDamaged } from '../store/store-damaged.ts';
import { StoreFailing } from '../store/store-failing.ts';
import { StoreFull } from '../store/store-full.ts';

/** Why the store takes no writes, and since when by the wall clock. */
export type StoreFailure = { readonly since: number; readonly reason: string; readonly hint: string };

/**
 * Calls to a store whose disk may be full, or whose server away. That is no reason to begin anew: a thread that dies and starts
 * again finds it so. The call waits here, nothing is acknowledged, the broker and the nodes keep what comes, and the
 * first call that succeeds goes on. Every other failure passes through, also damage, which no waiting mends.
 */
export class StoreWrites {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #backoff: Backoff;
  readonly #onChange: (failure: StoreFailure | undefined) => void;
  #failure: StoreFailure | undefined;
  /** Of which kind it is. */
  #kind = '';
  #isAway = false;

  constructor(deps: {
    readonly clock: Clock;
    readonly random: Random;
    readonly log: Log;
    /** Told when the store begins to fail, and with `undefined` when it no longer does. */
    readonly onChange?: (failure: StoreFailure | undefined) => void;
  }) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#onChange = deps.onChange ?? (() => undefined);
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

  /** Repeats the write until it succeeds; throws the last `StoreFailing` when the signal aborts. */
  async hold<T>(write: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      try {
        return this.#succeeded(await write());
      } catch (error) {
        this.failed(error);
        if (!signal.aborted) await this.#clock.sleep(this.#backoff.nextDelayMs(), signal);
        if (signal.aborted) throw error;
      }
    }
  }

  /** Carries it out once; what comes of it tells whether a server is there. Of room it tells nothing: it may have written nothing. */
  async watch<T>(call: () => Promise<T>): Promise<T> {
    try {
      const result = await call();
      return this.#isAway ? this.#succeeded(result) : result;
    } catch (error) {
      if (error instanceof StoreFailing && !(error instanceof StoreFull)) this.failed(error);
      throw error;
    }
  }

  /** True when the write succeeded, false when the store takes none: for what its owner repeats by itself. */
  async attempt(write: () => Promise<void>): Promise<boolean> {
    try {
      await write();
    } catch (error) {
      this.failed(error);
      return false;
    }
    this.#succeeded(undefined);
    return true;
  }

  #succeeded<T>(value: T): T {
    this.#backoff.reset();
    if (this.#failure === undefined) return value;
    this.#log.info({ since: this.#failure.since }, 'the store takes writes again');
    this.#failure = undefined;
    this.#isAway = false;
    this.#onChange(undefined);
    return value;
  }

  /** Takes note of a call elsewhere that failed for now; what is no failure of operation is thrown. */
  failed(error: unknown): void {
    if (!(error instanceof StoreFailing) || error instanceof StoreDamaged) throw error;
    const { name, message: reason, hint } = error;
    // A server that is back may refuse whom it let in before: then somebody has to do something else about it.
    if (this.#failure !== undefined && this.#kind === name) return;
    this.#kind = name;
    this.#isAway = !(error instanceof StoreFull);
    this.#failure = { since: this.#failure?.since ?? this.#clock.now(), reason, hint };
    this.#log.error({ reason, hint }, 'the store takes no writes; nothing is acknowledged until it does');
    this.#onChange(this.#failure);
  }
}
