/** The store has no room for what was to be written. Nothing of the call took effect; the same call may succeed later. */
export class StoreFull extends Error {
  override readonly name = 'StoreFull';
  readonly retryable = true;
  readonly hint =
    'Make room on the disk of the data directory; central goes on by itself, and loses nothing meanwhile.';
}
