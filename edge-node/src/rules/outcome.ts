import type { Sku } from '@edgestock/shared/inventory/ids';
import type { MovementDetails, MovementKind } from '@edgestock/shared/inventory/movement';
import type { Position } from '@edgestock/shared/inventory/position';
import type { Refusal } from './refusal.ts';

/** One recorded movement as callers see it. */
export type RecordedMovement = {
  readonly sequence: number;
  readonly kind: MovementKind;
  readonly sku: Sku;
  /** Index of the command's line that this answers; a line may need several movements (units taken from several bins). */
  readonly line: number;
  readonly quantity: number;
  readonly position: Position;
  readonly at: number;
  readonly details: MovementDetails;
};

/** A fact that the books disagree with: recorded all the same (P4), and waiting for a person. */
export type ExceptionKind =
  | 'negative-on-hand'
  | 'negative-available'
  | 'negative-balance'
  | 'unknown-sku'
  | 'expired-sold'
  | 'unreadable-barcode'
  | 'serial-mismatch'
  /** More of a transfer arrived than was shipped, as far as that is known; `deficit` tells how many units too many. */
  | 'transfer-over'
  /** A parcel left although its task had been given up by then, as of a cancelled order; `deficit` tells how many units left. */
  | 'shipped-after-release'
  /** Of no SKU: directives of central's that could not be carried out; `sequence` is the latest one's place in its log. */
  | 'directive-refused'
  /** After a rejoin nobody knows how many units there are: nothing of the SKU is granted before its next count, which closes it. */
  | 'recount';
export type OpenedException = {
  readonly kind: ExceptionKind;
  readonly sku: Sku;
  readonly sequence: number;
  /** Units missing; 0 where units are not what is wrong. */
  readonly deficit: number;
  /** Of an unreadable barcode: what was scanned, as far as it is kept. */
  readonly barcode?: string;
};

export type LineProblem = { readonly line: number; readonly code: string; readonly message: string };

/** What a command came to, in order of precedence: an earlier one hides the later ones. */
export type Outcome =
  /** Done before, under the same key with the same body: the first answer. Without movements where the document itself tells it. */
  | { readonly outcome: 'duplicate'; readonly first: RecordedAnswer }
  /** The key was used for another body. */
  | { readonly outcome: 'key-reused'; readonly key: string }
  /** The position is no longer what the caller saw. */
  | { readonly outcome: 'stale'; readonly sku: Sku; readonly expectedVersion: number; readonly current: Position }
  /** The command cannot be meant: nothing was recorded. */
  | { readonly outcome: 'invalid'; readonly problems: readonly LineProblem[] }
  /** It cannot be promised, or the document is not in the state for it: nothing was recorded. */
  | { readonly outcome: 'refused'; readonly refusal: Refusal }
  | { readonly outcome: 'recorded'; readonly answer: RecordedAnswer };

/** The answer to a recorded command; kept, so that a retry gets exactly it. */
export type RecordedAnswer = {
  readonly movements: readonly RecordedMovement[];
  readonly exceptions: readonly OpenedException[];
};
