import { StoreFailing } from './store-failing.ts';

/** The store's server cannot be reached. Whether the call took effect is not known. */
export class StoreUnavailable extends StoreFailing {
  override readonly name = 'StoreUnavailable';
  readonly hint =
    'See whether the database server runs and can be reached from here; central goes on by itself, and loses nothing meanwhile.';
}
