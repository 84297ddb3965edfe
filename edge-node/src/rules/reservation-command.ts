import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import type { CommandContext } from './command-context.ts';

/** Set units aside for somebody, for a time: all lines or none. */
export type Reserve = CommandContext & {
  readonly type: 'reserve';
  readonly id: string;
  readonly owner: string;
  /** How long, in milliseconds from the commit on. */
  readonly ttlMs: number;
  readonly lines: readonly SkuQuantity[];
  readonly note?: string;
  /** Digest of the request, by which the same id is told from a retry. */
  readonly fingerprint: string;
};

/** A step in the life of a reservation. */
export type ChangeReservation = CommandContext & { readonly id: string } & (
    | {
        /** Keep it longer: until `ttlMs` milliseconds from now, unless it lasts longer already. */
        readonly type: 'renew-reservation';
        readonly ttlMs: number;
      }
    | { readonly type: 'release-reservation' }
    /** Make firm what was timed. */
    | { readonly type: 'confirm-reservation' }
    /** Its time has run out; does nothing to one that was renewed meanwhile. */
    | { readonly type: 'expire-reservation' }
  );

/** The customer takes the units: the set-aside ends and the sale is recorded, in one command. */
export type FulfilReservation = CommandContext & {
  readonly type: 'fulfil-reservation';
  readonly id: string;
  /** The receipt. */
  readonly document: string;
};

export type ReservationCommand = Reserve | ChangeReservation | FulfilReservation;
