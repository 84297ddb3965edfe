import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { LedgerUnavailable } from './ledger-unavailable.ts';

/** Why writes are refused at present, for the doors to show. */
export type WritesFailing = {
  /** When the first one was refused, ms since 1970 UTC. */
  readonly since: number;
  readonly reason: string;
  readonly hint: string;
};

/**
 * Whether the database takes writes, as the last one showed. A full disk refuses every sale of a busy till: the log gets one
 * line when that begins and one when it is over, and what was refused in between is counted.
 */
export class WriteHealth {
  readonly #clock: Clock;
  readonly #log: Log;
  #failing: WritesFailing | undefined;
  #refused = 0;

  constructor(options: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** `undefined` while writes work. */
  get failing(): WritesFailing | undefined {
    return this.#failing;
  }

  /** A command was refused by the database. */
  refused(error: LedgerUnavailable): void {
    this.#refused += 1;
    if (this.#failing !== undefined) return;
    const { message: reason, hint } = error;
    this.#failing = { since: this.#clock.now(), reason, hint };
    this.#log.error({ err: error, hint }, 'writes are failing');
  }

  /** A commit has written something: whatever it was, it is over. */
  committed(): void {
    if (this.#failing === undefined) return;
    const { since, reason } = this.#failing;
    this.#log.info({ refused: this.#refused, forMs: this.#clock.now() - since, reason }, 'writes work again');
    this.#failing = undefined;
    this.#refused = 0;
  }
}
