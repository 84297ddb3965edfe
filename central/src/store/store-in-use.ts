/** Somebody runs on the store, or moves it. Nothing was changed. */
export class StoreInUse extends Error {
  override readonly name = 'StoreInUse';
  readonly exitCode = 2;
  readonly hint = 'Stop it first, then run the command again: nothing was changed, and the store is as it was.';
}
