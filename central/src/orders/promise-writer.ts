import type { PromiseCommand, PromiseOutcome } from '../rules/promise-command.ts';
import type { StoreFailingReason } from '../store/store-failing.ts';

/**
 * Where promise commands are carried out: in the thread that owns an embedded store, or by a store that many processes share.
 * An outcome means that the command is durable. `PromiseUnavailable` means that it could not be carried out now, and whether
 * it was may be unknown; to repeat it is safe where the command names what it makes (an id, a key), as all of them can.
 */
export type PromiseWriter = {
  promise(command: PromiseCommand): Promise<PromiseOutcome>;
};

/** Why no outcome came. */
export type PromiseFailure =
  /** As many commands wait as may: nothing was tried. */
  | 'busy'
  /** The writer died, or could not write: it may or may not have been carried out. */
  | 'interrupted'
  /** The store takes no writes: nothing was changed, unless its server cannot be reached. Then it may have been carried out. */
  | StoreFailingReason
  /** The writer has died and is started again: nothing was tried. */
  | 'restarting'
  /** Central is stopping: nothing was tried. */
  | 'stopping';

const hints: Readonly<Record<PromiseFailure, string>> = {
  busy: 'More is asked than the disk can make durable. Ask again in a moment.',
  interrupted: 'It may have been carried out: repeat it with the same id or key, and the first answer comes again.',
  'store-full': "Central's disk is full: an operator must make room. Nothing was changed; ask again later.",
  'store-gone':
    "The file of central's store was taken away: an operator must put it back. Nothing was changed; ask again later.",
  'store-locked':
    "Another program holds the file of central's store: an operator must end it. Nothing was changed; ask again later.",
  'store-read-only':
    "Central's database server takes no writes: an operator must see whether it is the primary. Nothing was changed; ask again later.",
  'store-damaged':
    "Central's store is damaged: an operator must put a backup in its place. Nothing was changed; ask again later.",
  'store-away':
    "Central's database server cannot be reached. It may have been carried out: repeat it with the same id or key, and the first answer comes again.",
  restarting: 'Ask again in a moment.',
  stopping: 'Ask again once central is back.',
};

/** What a store that takes no writes is told as. */
export const storeWords: Readonly<Record<StoreFailingReason, string>> = {
  'store-away': 'the database server cannot be reached',
  'store-damaged': 'the store is damaged',
  'store-full': 'the store is full',
  'store-gone': 'the file of the store was taken away',
  'store-locked': 'another program holds the file of the store',
  'store-read-only': 'the database server takes no writes',
};

/** No outcome, for a reason of operation. Always worth another try. */
export class PromiseUnavailable extends Error {
  override readonly name = 'PromiseUnavailable';
  readonly failure: PromiseFailure;
  readonly retryable = true;
  readonly hint: string;

  constructor(failure: PromiseFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
    this.hint = hints[failure];
  }
}
