/** The store's server cannot be reached. Whether the call took effect is not known; the same call may be made again (P9). */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  readonly retryable = true;
  readonly hint =
    'See whether the database server runs and can be reached from here; central goes on by itself, and loses nothing meanwhile.';
}
