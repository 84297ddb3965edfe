import { StoreFailing } from './store-failing.ts';

/** The store's server cannot be reached. Whether the call took effect is not known. */
export class StoreUnavailable extends StoreFailing {
  override readonly name = 'StoreUnavailable';
  readonly reason = 'store-away';
  readonly hint =
    'See whether the database server runs, has room on its disk, and can be reached from here; a central that runs goes on by itself, and loses nothing meanwhile.';
}
