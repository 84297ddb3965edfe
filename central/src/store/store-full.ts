import { StoreFailing } from './store-failing.ts';

/** The store has no room for what was to be written. Nothing of the call took effect. */
export class StoreFull extends StoreFailing {
  override readonly name = 'StoreFull';
  readonly reason = 'store-full';
  readonly hint =
    'Make room on the disk of the data directory, or of the database server; central goes on by itself, and loses nothing meanwhile.';
}
