import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { ChangeNotice } from './central-store.ts';

/** Which state of which life of the store is the latest. */
export type Standing = { readonly revision: number; readonly centralEpoch: number; readonly life: string };

/**
 * What processes of central that share one store know of one another: only a store on a server can be shared. Nothing that is
 * stored is safe because of it: every write is decided on what its own transaction finds. It keeps processes from doing the same
 * work twice, and what they keep in memory from growing old.
 */
export interface SharedStore {
  /** Throws `StoreMoved`: who only reads would go on answering from a store that stands still. */
  standing(): Promise<Standing>;
  /** SKUs whose answers changed after a revision, in whatever channel, oldest first, at most so many; a SKU may come again. */
  noticesAfter(revision: number, limit: number): Promise<readonly ChangeNotice[]>;
  /** Ends of the logs down that are longer than what their nodes have carried out, by id. */
  openLogs(): Promise<readonly { readonly warehouse: WarehouseId; readonly sequence: number }[]>;
  /**
   * The worker is alive, and what it owns stays its own for another term, by the database's clock. Tells how many workers are alive, and
   * what this one owns: without what it has lost meanwhile.
   */
  beat(worker: string, termMs: number): Promise<{ readonly workers: number; readonly owned: readonly number[] }>;
  /** Takes at most so many lanes that nobody owns any more, for a term; tells which. */
  claim(worker: string, lanesMax: number, termMs: number): Promise<readonly number[]>;
  /** Gives lanes back before their time. */
  release(worker: string, lanes: readonly number[]): Promise<void>;
  /** The worker goes: what it owns is free, and it is not counted any more. */
  leave(worker: string): Promise<void>;
}
