/** The store takes no writes, or cannot be reached, for now: for a reason of operation. The same call may be made again (P9). */
export abstract class StoreFailing extends Error {
  readonly retryable = true;
  /** What an operator should look at. */
  abstract readonly hint: string;
}
