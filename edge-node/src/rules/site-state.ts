import type { Sku } from '@edgestock/shared/inventory/ids';
import type { MovementDetails, MovementKind } from '@edgestock/shared/inventory/movement';
import { isPositionQuantity, POSITION_QUANTITY_MAX } from '@edgestock/shared/inventory/quantity';
import { must } from '@edgestock/shared/runtime/assert';
import type { Documents, DocumentWrite } from './documents.ts';
import type { LineProblem, OpenedException } from './outcome.ts';
import type { Refusal } from './refusal.ts';
import type { PlacedQuantity, Shelf } from './shelf.ts';

/** One movement that happened before, as far as a count needs to know it. */
export type PastMovement = {
  readonly sku: Sku;
  readonly sequence: number;
  /** What it did to each place it touched. */
  readonly changes: readonly PlacedQuantity[];
};

/** The loaded state a command is decided on. Nothing else is looked at: the same state gives the same decision. */
export type SiteState = {
  /** A shelf for every SKU that the command names. */
  readonly shelves: ReadonlyMap<Sku, Shelf>;
  /** The last sequence given. */
  readonly headSequence: number;
  /** The last sequence that was trimmed from the log. */
  readonly checkpointSequence: number;
  /** For counts as of an earlier place: the movements of the counted SKUs since the earliest of those places. */
  readonly past: readonly PastMovement[];
  /** The node's calendar day, `YYYY-MM-DD`. */
  readonly today: string;
  /** The node's wall clock, milliseconds since 1970 UTC. */
  readonly now: number;
  /** The time by which reservations end: the wall clock, but without its jumps. */
  readonly expiryTime: number;
  readonly documents: Documents;
};

/** A movement decided but not yet written. */
export type DraftMovement = {
  readonly sequence: number;
  readonly kind: MovementKind;
  readonly line: number;
  readonly quantity: number;
  readonly details: MovementDetails;
  /** Sequence of the position's movement before this one, 0 for its first. */
  readonly previous: number;
  /** The shelf after it. */
  readonly shelf: Shelf;
};

export type Decision =
  | { readonly outcome: 'invalid'; readonly problems: readonly LineProblem[] }
  | { readonly outcome: 'refused'; readonly refusal: Refusal }
  /** Done before: nothing is written. For what a document's own state tells, where there is no key. */
  | { readonly outcome: 'done-before' }
  | {
      readonly outcome: 'record';
      /** May be none: a policy that changes no number is recorded too. */
      readonly drafts: readonly DraftMovement[];
      readonly exceptions: readonly OpenedException[];
      /** Written with the movements, all or nothing; in order. */
      readonly writes: readonly DocumentWrite[];
    };

/** Collects a command's movements, each on the state that the one before left. */
export class Draft {
  readonly #shelves: Map<Sku, Shelf>;
  readonly #movements: DraftMovement[] = [];
  #sequence: number;

  constructor(state: SiteState) {
    this.#shelves = new Map(state.shelves);
    this.#sequence = state.headSequence;
  }

  shelf(sku: Sku): Shelf {
    return must(this.#shelves.get(sku), 'the shelves of all SKUs of a command are loaded before it is decided');
  }

  /** Numbers the movement and returns the shelf it leaves. `shelf` is the state after, its version and sequence still to be set. */
  append(movement: Omit<DraftMovement, 'sequence' | 'previous'>): Shelf {
    this.#sequence += 1;
    const { position } = movement.shelf;
    const shelf: Shelf = {
      ...movement.shelf,
      isKnown: true,
      position: { ...position, version: position.version + 1, sequence: this.#sequence },
    };
    this.#movements.push({ ...movement, sequence: this.#sequence, previous: position.sequence, shelf });
    this.#shelves.set(shelf.sku, shelf);
    return shelf;
  }

  decision(exceptions: readonly OpenedException[], writes: readonly DocumentWrite[] = []): Decision {
    // Each movement and not only the last: each travels with its own state, and central could not apply one beyond the bound.
    const overflow = this.#movements.find(({ shelf: { position } }) =>
      bounded.some((name) => !isPositionQuantity(position[name])),
    );
    if (overflow !== undefined) {
      const message = `${overflow.shelf.sku} would exceed what a position can hold (${POSITION_QUANTITY_MAX} units either way): is the quantity meant, and in the right unit?`;
      return { outcome: 'invalid', problems: [{ line: overflow.line, code: 'quantity-out-of-range', message }] };
    }
    return { outcome: 'record', drafts: this.#movements, exceptions: latestOfEach(exceptions), writes };
  }
}

/** The quantities that central holds to the bound; the totals behind a quota may outgrow it over the years. */
const bounded = ['onHand', 'unsellable', 'reserved', 'committed', 'quota', 'safetyStock'] as const;

/** A command opens at most one exception per kind and SKU: the last one tells the deficit that remains. */
function latestOfEach(exceptions: readonly OpenedException[]): readonly OpenedException[] {
  if (exceptions.length < 2) return exceptions;
  return [...new Map(exceptions.map((exception) => [`${exception.kind} ${exception.sku}`, exception])).values()];
}
