import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { HeartbeatRequest } from '@edgestock/shared/protocol/control';
import type { Clock } from '@edgestock/shared/runtime/clock';
import { centralLimits } from '../limits.ts';
import type { NodeCursors } from './node-cursors.ts';

/** Monotonic milliseconds. */
type Standstill = {
  readonly appliedUpTo: number;
  readonly sinceMs: number;
  readonly heardAtMs: number;
  /** It has said that it has sent beyond the cursor. One whose publishes fail says so only in between. */
  readonly hasSent: boolean;
};

export type Stall = { readonly warehouse: WarehouseId; readonly stalledMs: number; readonly appliedUpTo: number };

/**
 * Which nodes stand still: they are in contact and have sent, and central's cursor in their logs does not move. Known from what
 * they say and what is committed, by nothing that the broker claims.
 */
export class StallWatch {
  readonly #cursors: Pick<NodeCursors, 'get' | 'gap' | 'movedAtMs'>;
  readonly #clock: Clock;
  readonly #isStoreFull: () => boolean;
  readonly #standing = new Map<WarehouseId, Standstill>();

  constructor(options: {
    readonly cursors: Pick<NodeCursors, 'get' | 'gap' | 'movedAtMs'>;
    readonly clock: Clock;
    /** True while the store has no room for what arrives: then it is central that stands still. */
    readonly isStoreFull: () => boolean;
  }) {
    this.#cursors = options.cursors;
    this.#clock = options.clock;
    this.#isStoreFull = options.isStoreFull;
  }

  /** A heartbeat, once its reply is decided; a node that may not go on is not expected to get anywhere. */
  heard(warehouse: WarehouseId, { sent, place }: Pick<HeartbeatRequest, 'sent' | 'place'>, mayGoOn: boolean): void {
    const appliedUpTo = this.#cursors.get(warehouse)?.appliedUpTo;
    if (appliedUpTo === undefined || !mayGoOn || place.sequence <= appliedUpTo) {
      this.#standing.delete(warehouse);
      return;
    }
    const now = this.#clock.monotonicMs();
    const known = this.#standing.get(warehouse);
    // What did not move during a silence is no stall.
    const isSame = known !== undefined && known.appliedUpTo === appliedUpTo && this.#isInContact(known);
    this.#standing.set(warehouse, {
      appliedUpTo,
      sinceMs: isSame ? known.sinceMs : now,
      heardAtMs: now,
      hasSent: sent > appliedUpTo || (isSame && known.hasSent),
    });
  }

  /** Those that stand still now, for however long. None while central itself is the reason, and then from the beginning. */
  stalls(): readonly Stall[] {
    const now = this.#clock.monotonicMs();
    if (this.#isStoreFull()) {
      this.forgetAll();
      return [];
    }
    return [...this.#standing].flatMap(([warehouse, known]) => {
      const { appliedUpTo, sinceMs, hasSent } = known;
      const isStill = hasSent && this.#isInContact(known) && this.#cursors.get(warehouse)?.appliedUpTo === appliedUpTo;
      return isStill ? [{ warehouse, appliedUpTo, stalledMs: now - sinceMs }] : [];
    });
  }

  /** True while the cursor of some node of the shard moves: who stands still there may only wait for its turn. */
  isMoving(shard: number): boolean {
    return this.#clock.monotonicMs() - this.#cursors.movedAtMs(shard) <= centralLimits.silentAfterMs;
  }

  /** What the broker held of the node was dropped: it is asked for at the next heartbeat. */
  dropped(warehouse: WarehouseId): void {
    this.#cursors.gap(warehouse);
  }

  /** The link to the broker came back: everybody begins anew. */
  forgetAll(): void {
    this.#standing.clear();
  }

  #isInContact({ heardAtMs }: Standstill): boolean {
    return this.#clock.monotonicMs() - heardAtMs <= centralLimits.silentAfterMs;
  }
}
