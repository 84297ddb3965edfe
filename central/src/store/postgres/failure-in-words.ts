import type { StoreFailing } from '../store-failing.ts';
import { StoreFull } from '../store-full.ts';
import { StoreReadOnly } from '../store-read-only.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { failureOf } from './failures.ts';
import { isServerRefusal, storeRefused } from './server-refusal.ts';

/** A failure of the server in the words of the port; `undefined` for what is none. */
export function failureInWords(cause: unknown): StoreFailing | undefined {
  if (isServerRefusal(cause)) return storeRefused(cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  switch (failureOf(cause)) {
    case 'connection':
      return new StoreUnavailable(`the database server cannot be reached: ${reason}`, { cause });
    case 'full':
      return new StoreFull(`the database server has no room: ${reason}`, { cause });
    case 'read-only':
      return new StoreReadOnly(`the database server is read-only: ${reason}`, { cause });
    default:
      return undefined;
  }
}
