/** Why a store takes no writes or cannot be read, as callers of the API are told it. */
export type StoreFailingReason =
  | 'store-away'
  | 'store-damaged'
  | 'store-full'
  | 'store-gone'
  | 'store-locked'
  | 'store-read-only';

/** The store takes no writes, or cannot be reached, for now: for a reason of operation. The same call may be made again (P9). */
export abstract class StoreFailing extends Error {
  readonly retryable = true;
  /** What callers are told, who need not know more. */
  abstract readonly reason: StoreFailingReason;
  /** What an operator should look at. */
  abstract readonly hint: string;
}
