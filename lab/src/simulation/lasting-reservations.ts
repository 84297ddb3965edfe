import type { Clock } from '@edgestock/shared/runtime/clock';
import type { NodeLife, SimulatedNode } from './simulated-node.ts';
import { hold } from './violation.ts';

type Kept = { readonly ttlMs: number; readonly sinceMs: number; readonly life: NodeLife | undefined };
/** A clock that catches up with one that was set runs a quarter faster. */
const LASTING_SHARE = 0.8;
/** Steps of the wall clock that are followed at once. */
const FOLLOWED_STEPS_MS = 3_000;

/** Reservations of a node, and how long they were to last: none ends before. */
export class LastingReservations {
  readonly #node: SimulatedNode;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor(node: SimulatedNode, clock: Clock) {
    this.#node = node;
    this.#clock = clock;
  }

  /** One was made or renewed, and its customer told how long it lasts. */
  keep(reservation: string, ttlMs: number): void {
    this.#kept.set(reservation, { ttlMs, sinceMs: this.#clock.monotonicMs(), life: this.#node.life });
  }

  /** Whatever the wall clock did, unless the process began anew meanwhile: then it has nothing else to go by. */
  expired(reservation: string): void {
    const kept = this.#kept.get(reservation);
    if (kept === undefined || kept.life !== this.#node.life) return;
    const lastedMs = this.#clock.monotonicMs() - kept.sinceMs;
    const { warehouse } = this.#node;
    hold(
      lastedMs >= kept.ttlMs * LASTING_SHARE - FOLLOWED_STEPS_MS,
      () => `${warehouse}: ${reservation} was to last ${kept.ttlMs} ms and ended after ${lastedMs}`,
    );
  }
}
