import type { Sku } from '@edgestock/shared/inventory/ids';

/** What became of one movement of a late fact. */
export type LateMovement = {
  /** Its place in the log that ended. */
  readonly sequence: number;
  readonly sku: Sku;
  /** Code of its kind. */
  readonly kind: number;
  readonly quantity: number;
  /** Where it stands in this log now; `undefined` where it was skipped. */
  readonly recorded: number | undefined;
  /** Why it was skipped, in words. */
  readonly skipped: string | undefined;
};

/** A receipt that came with a late fact, and its movements in this log: a till that sends it again is answered with them. */
export type LateReceipt = {
  readonly scope: 'sale' | 'return';
  readonly document: string;
  readonly first: number;
  readonly last: number;
};
