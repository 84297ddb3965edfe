import type { Awaitable } from '@edgestock/shared/runtime/awaitable';
import type { QuarantineInput, QuarantineRecord, Settlement } from '../central-store.ts';

/** What was put aside, each once, and what a person made of it. Writes belong inside a transaction of the caller. */
export interface QuarantineTable {
  put(item: QuarantineInput, now: number): Awaitable<void>;
  get(id: number): Awaitable<QuarantineRecord | undefined>;
  /** Nothing when it is settled already. */
  settle(id: number, settlement: Settlement): Awaitable<void>;
  /** Applied ones whose effects the log of their node is not known to hold, in the order of their ids. */
  unheard(): Awaitable<readonly number[]>;
  /** The logs down begin anew: of no applied one there is a directive in them. */
  forgetPlaces(): Awaitable<void>;
  /** The last directive that tells of it. */
  place(id: number, directive: number): Awaitable<void>;
}
