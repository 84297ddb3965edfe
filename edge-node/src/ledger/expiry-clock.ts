import type { Clock } from '@edgestock/shared/runtime/clock';

/** Steps of the wall clock that are followed at once: what time servers and leap seconds do. */
const FOLLOWED_STEP_MS = 1_000;
/** How much faster or slower than the seconds that pass the time goes until it meets a wall clock that jumped. */
const CATCH_UP_RATE = 0.25;

/**
 * The time by which reservations end. It is the wall clock, so that it goes on over a restart, but without its jumps: when
 * somebody sets the clock, half a shop's reservations must not end in that instant, nor last for another hour. After a jump
 * the time goes on at the pace of the monotonic clock, at most a quarter faster or slower, until both meet: a reservation of
 * 30 minutes lasts 24 to 40 whatever the wall clock does. A jump while the process was down cannot be told from being down.
 */
export class ExpiryClock {
  readonly #clock: Clock;
  #time: number;
  #atMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#time = clock.now();
    this.#atMs = clock.monotonicMs();
  }

  /** Milliseconds since 1970 UTC. */
  now(): number {
    const nowMs = this.#clock.monotonicMs();
    this.#time = followed({ time: this.#time, wall: this.#clock.now(), elapsedMs: nowMs - this.#atMs });
    this.#atMs = nowMs;
    return Math.floor(this.#time);
  }

  /** How far the wall clock is ahead (negative: behind) after a jump; 0 while it is followed. */
  wallAheadMs(): number {
    const ahead = this.#clock.now() - this.now();
    return Math.abs(ahead) <= FOLLOWED_STEP_MS ? 0 : ahead;
  }
}

/** The time after `elapsedMs`, as near to the wall clock as it may go. */
function followed(step: { readonly time: number; readonly wall: number; readonly elapsedMs: number }): number {
  const due = step.time + step.elapsedMs;
  const ahead = step.wall - due;
  if (Math.abs(ahead) <= FOLLOWED_STEP_MS) return step.wall;
  const most = step.elapsedMs * CATCH_UP_RATE;
  return due + Math.max(-most, Math.min(most, ahead));
}
