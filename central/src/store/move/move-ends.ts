import type { MoveStanding } from '../store-moved.ts';
import type { MovedRow, MovedTable } from './moved-table.ts';

/** A store as one end of a move, with its present schema. Central does not run on it. */
export type MoveEnd = MoveSource & MoveTarget & Returnable & { close(): Promise<void> };

/** What an end says of itself. */
export type EndStanding = MoveStanding & {
  /** Of the store, see `CentralReader.life`. */
  readonly life: string;
  readonly centralEpoch: number;
};

/** Reads pages one after the other; the next is read when the last was taken. */
export type TakePage = (rows: readonly MovedRow[]) => Promise<void>;

/** A store that nobody else writes to meanwhile. */
export interface HeldSource {
  readonly standing: EndStanding;
  count(table: MovedTable): Promise<number>;
  read(table: MovedTable, take: TakePage): Promise<void>;
  /**
   * Marks it as moved away; that is durable when `hold` has resolved, and never before. Throws `StoreInUse` when somebody came meanwhile.
   */
  leave(move: { readonly id: string; readonly to: string }): Promise<void>;
}

export interface MoveSource {
  /**
   * Keeps everybody from writing until the work has ended. Whatever the work throws leaves the store as it was. Throws `StoreInUse`,
   * having changed nothing.
   */
  hold<T>(work: (held: HeldSource) => Promise<T>): Promise<T>;
}

/** What a target is marked with while it is filled: the move, where it comes from, and the life that it goes on with. */
export type MoveBeginning = { readonly id: string; readonly from: string; readonly life: string };

export interface MoveTarget {
  standing(): Promise<EndStanding>;
  /** Nothing was ever kept in it. */
  isEmpty(): Promise<boolean>;
  /** Empties it and marks it as being filled: from here on nobody else runs on it. */
  begin(move: MoveBeginning): Promise<void>;
  put(table: MovedTable, rows: readonly MovedRow[]): Promise<void>;
  /** What is done once, when all rows are there: ids go on behind the largest. */
  settle(): Promise<void>;
  read(table: MovedTable, take: TakePage): Promise<void>;
  /** Marks it as whole: all of it is durable then. */
  arrive(): Promise<void>;
  /** Makes it the one to run on. */
  open(): Promise<void>;
}

/** The next epoch of a store that is taken into use again, after another one may have been. */
export type MoveReturn = {
  /** The last epoch that nodes may know. */
  readonly heard: number;
  readonly reason: string;
  readonly now: number;
};

/** How a move is undone. */
export interface Returnable {
  /** Nobody runs on it from here on. Throws `StoreInUse`. */
  giveUp(move: { readonly to: string }): Promise<void>;
  /** Begins its next epoch, whose number is returned, and only then makes it the one to run on. */
  takeBack(beginning: MoveReturn): Promise<number>;
}
