import { LastingFailure } from '@edgestock/shared/runtime/lasting-failure';
import { StoreFailing } from './store-failing.ts';

/** The store's file does not have its name any more: what is written to it would be found by nobody after a restart. Nothing is. */
export class StoreGone extends StoreFailing {
  override readonly name = 'StoreGone';
  readonly reason = 'store-gone';
  readonly hint =
    'Put the same file back under its name (mv), and central goes on by itself. One that was deleted is there for as long as central runs: copy it from /proc/PID/fd before you stop it. To go on with the file that is there now, start central again.';

  constructor(path: string) {
    super(`the file of the store is not at ${path} any more: it was moved, replaced or deleted`);
  }
}

/** The file beside it, in which the last commits are, was taken away. They have been written to the store's own file since. */
export class StoreLogGone extends LastingFailure {
  override readonly name = 'StoreLogGone';

  constructor(path: string) {
    super(
      `the write-ahead log of the store, ${path}, was moved, replaced or deleted under central`,
      'Nothing is lost: all of it is in the store by now. Start central again, and leave the files beside a database in use alone.',
    );
  }
}
