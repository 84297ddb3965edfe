import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type {
  Condition,
  MovementDetails,
  MovementKind,
  Reason,
  StatedKind,
} from '@edgestock/shared/inventory/movement';
import type { Position } from '@edgestock/shared/inventory/position';
import type { CarryOut, CarryOutKept, TakeBack, TakeUpEpoch } from './directive-command.ts';
import type { ApplyPolicy } from './policy-command.ts';
import type { Refusal } from './refusal.ts';
import type { ReservationCommand } from './reservation-command.ts';
import type { Retell } from './retell.ts';
import type { TakeStep } from './task-command.ts';
import type { TransferCommand } from './transfer-command.ts';

/** One line of a movement command, parsed: whole units, a known SKU's text, nothing left to check but the state. */
export type MovementLine = {
  readonly sku: Sku;
  /** Units as the caller states them: positive, except for `adjust`, which is signed. */
  readonly quantity: number;
  readonly bin?: string;
  readonly lot?: string;
  /** `YYYY-MM-DD` */
  readonly expiry?: string;
  readonly condition?: Condition;
  readonly toBin?: string;
  readonly toCondition?: Condition;
  readonly serials?: readonly string[];
  readonly reason?: Reason;
  /** What was scanned and cannot be read, as far as it is kept: the SKU was made from it. */
  readonly unreadableBarcode?: string;
};

/** One line of a count: what was seen, and where. Without a bin it counts the whole position. */
export type CountLine = {
  readonly sku: Sku;
  readonly counted: number;
  readonly bin?: string;
  readonly lot?: string;
  readonly condition?: Condition;
  /** The log place at which it was seen; absent = now. Later movements stay valid on top of it. */
  readonly atSequence?: number;
};

/** Makes a retried write the same write (P9): the scope keeps receipts, keys and import rows from colliding with one another. */
export type Idempotency = {
  readonly scope: 'key' | 'sale' | 'return' | 'import';
  readonly key: string;
  /** Digest of the request's body: the same key with another body is a mistake, not a retry. */
  readonly fingerprint: string;
};

/** What any command may say beside its effect. */
export type CommandContext = {
  readonly document?: string;
  readonly actor?: string;
  /** When it happened by the reporter's clock, milliseconds since 1970 UTC. */
  readonly occurredAt?: number;
  readonly idempotency?: Idempotency;
  /** The position version the caller saw; the command holds only if it is still that. For commands on one position. */
  readonly ifVersion?: number;
};

export type RecordMovements = CommandContext & {
  readonly type: 'record';
  readonly kind: StatedKind;
  readonly lines: readonly MovementLine[];
  /** Holds for every line that names none of its own. */
  readonly reason?: Reason;
};

/** Movements that state goods: as a person or a till tells them, or of a transfer. */
export type StatedMovements = Omit<RecordMovements, 'type' | 'kind'> & {
  readonly kind: StatedKind | 'transfer-ship' | 'transfer-receive';
  /** Of a transfer. */
  readonly otherWarehouse?: WarehouseId;
};

export type PostCount = CommandContext & {
  readonly type: 'count';
  readonly lines: readonly CountLine[];
  readonly reason?: Reason;
};

/** Everything that can change stock. All lines of a command hold together or not at all. */
export type Command =
  | RecordMovements
  | PostCount
  | CarryOut
  | CarryOutKept
  | TakeBack
  | TakeUpEpoch
  | ApplyPolicy
  | TakeStep
  | Retell
  | ReservationCommand
  | TransferCommand;

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
