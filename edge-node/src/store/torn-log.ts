import { chainHash } from '@edgestock/shared/protocol/chain';
import type { MovementStore } from './movement-store.ts';
import type { NodeStore } from './node-store.ts';

/** A log that goes on, as the one with missing places is held against it. */
export type OtherLog = {
  readonly head: number;
  /** `undefined` where it is not known, or has no such place. */
  hashAt(sequence: number): Uint8Array | undefined;
};

/**
 * The log of books that were salvaged: places of it may be missing, their hashes with them. What the other log has is not lost,
 * but only a hash proves that both have the same there: one at a place proves everything before it.
 */
export class TornLog {
  readonly #node: NodeStore;
  readonly #movements: MovementStore;

  constructor(node: NodeStore, movements: MovementStore) {
    this.#node = node;
    this.#movements = movements;
  }

  /**
   * Up to where both are the same, as far as the end of the shorter one proves it: also without a movement there. The end of this
   * log is known by the hash beside it, the end of the other one by the movement here that was chained to it.
   */
  commonByEnds(other: OtherLog): number | undefined {
    const head = this.#node.head();
    if (head.sequence <= other.head) {
      return isSameHash(head.hash, other.hashAt(head.sequence)) ? head.sequence : undefined;
    }
    const end = other.hashAt(other.head);
    if (end === undefined) return undefined;
    if (isSameHash(this.#movements.hashAt(other.head), end)) return other.head;
    const [next] = this.#movements.after(other.head, 1);
    const isChained = next?.sequence === other.head + 1 && chainHash(end, next.delta).equals(next.hash);
    return isChained ? other.head : undefined;
  }

  /**
   * How many movements are in neither log, where both are proven to be the same up to `common`. More than there are where nothing
   * proves more; never none where one may be missing.
   */
  missingBeyond(common: number, other: OtherLog): number {
    const head = this.#node.head().sequence;
    const begin = Math.max(common, this.#node.checkpoint().sequence, this.#acknowledged(common, head, other));
    return head <= begin ? 0 : head - begin - this.#movements.countAfter(begin);
  }

  /**
   * Where everything from the common place to beyond the other's end is missing, how much of it central had said it has. It makes
   * the number smaller and never none: the movement after the other's end is missing beyond doubt.
   */
  #acknowledged(common: number, head: number, other: OtherLog): number {
    const isGapBeyond = head > other.head && this.#movements.firstIn(common + 1, other.head + 2) === undefined;
    return isGapBeyond ? Math.min(this.#node.appliedUpTo(), other.head) : common;
  }
}

export function isSameHash(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;
}
