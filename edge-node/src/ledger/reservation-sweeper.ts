import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Service } from '@edgestock/shared/runtime/service';
import { reservationLimits } from '../limits.ts';
import type { ReservationStore } from '../store/reservation-store.ts';
import type { Ledger } from './ledger.ts';

/**
 * Gives back what reservations hold whose time has run out, and forgets those that ended long ago. Nothing depends on its
 * punctuality: a reservation that is over is treated so from that instant on; only its units wait for the sweep. Each expiry
 * is recorded as a release with its reason, so that a clock set wrong leaves a trace of everything it ended.
 */
export class ReservationSweeper implements Service {
  /** Reservations expired since the start. */
  expiredCount = 0;
  readonly #ledger: Ledger;
  readonly #store: ReservationStore;
  readonly #clock: Clock;
  readonly #log: Log;
  #cancel = (): void => undefined;
  #sweeping: Promise<void> | undefined;
  #isClockFollowed = true;

  constructor(options: { ledger: Ledger; store: ReservationStore; clock: Clock; log: Log }) {
    this.#ledger = options.ledger;
    this.#store = options.store;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Sweeps from now on, every few seconds. */
  start(): void {
    this.#cancel = this.#clock.every(reservationLimits.sweepPeriodMs, () => void this.sweep());
  }

  /** One sweep: at most a batch, so that a morning's worth of ended reservations does not hold up the tills. Never rejects. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  async stop(): Promise<void> {
    this.#cancel();
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    this.#watchClock();
    try {
      await this.#expireDue();
      this.#store.forget({
        endedBefore: this.#clock.now() - reservationLimits.retentionMs,
        rowsMax: reservationLimits.forgottenPerSweepMax,
      });
    } catch (error) {
      const hint = 'Reservations that are over keep their units until the database takes writes again.';
      this.#log.error({ err: error, hint }, 'reservations cannot be swept; trying again');
    }
  }

  async #expireDue(): Promise<void> {
    const ids = this.#ledger.view.dueReservations(reservationLimits.expiredPerSweepMax);
    if (ids.length === 0) return;
    // In one turn, so that they share a commit.
    const outcomes = await Promise.all(ids.map((id) => this.#ledger.record({ type: 'expire-reservation', id })));
    const expired = outcomes.filter(({ outcome }) => outcome === 'recorded').length;
    this.expiredCount += expired;
    this.#log.info({ expired, sequence: this.#ledger.view.log().sequence }, 'reservations expired');
  }

  #watchClock(): void {
    const wallAheadMs = this.#ledger.expiry.wallAheadMs();
    const isFollowed = wallAheadMs === 0;
    if (isFollowed === this.#isClockFollowed) return;
    this.#isClockFollowed = isFollowed;
    if (isFollowed) {
      this.#log.info({}, 'the time by which reservations end has met the wall clock again');
      return;
    }
    const hint = 'Reservations go on to end by elapsed time. Look at the time service of this machine.';
    this.#log.warn({ wallAheadMs, hint }, 'the wall clock jumped');
  }
}
