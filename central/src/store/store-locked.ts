import { StoreFailing } from './store-failing.ts';

/** Somebody else holds the file of the store to write to it. Nothing of the call took effect. */
export class StoreLocked extends StoreFailing {
  override readonly name = 'StoreLocked';
  readonly reason = 'store-locked';
  readonly hint =
    'Another program writes to the file, or has begun to: one that looks into it (sqlite3), or copies it. End it (fuser central.db names it); central goes on by itself, and loses nothing meanwhile.';
}
