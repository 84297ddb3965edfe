import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Awaitable } from '@edgestock/shared/runtime/awaitable';
import type { Channel } from '../../rules/channel.ts';
import type { ChangeNotice } from '../central-store.ts';

/** Units by which the unspent quota of one warehouse changed. */
export type UnspentChange = { readonly warehouse: WarehouseId; readonly units: number };

/**
 * Keeps the answers, one for each SKU and channel, in the transaction that changes what they are made of (between `begin` and
 * `end`). A SKU gets one revision for all that a transaction does to it, and all its channels show it: who was told of a change
 * finds it in any. Warehouses that are not settled in this epoch of central add nothing to any answer.
 */
export interface AvailabilityWriter {
  /** Forgets what a transaction that failed has left. */
  begin(): void;
  /** Notes what changed of a SKU at its warehouses, whether or not it changes a sum: an answer shows more than sums. */
  change(sku: Sku, told: readonly UnspentChange[]): Awaitable<void>;
  /** A SKU may have another buffer in a channel. One that nobody has ever had has no answer yet: it finds its buffer then. */
  bufferChanged(channel: Channel, sku: Sku): Awaitable<void>;
  /** A channel is new, or has other warehouses or another buffer: all its answers, and a revision for each. */
  rebuild(channel: Channel): Awaitable<void>;
  /** Positions of a SKU were repaired: its answers are summed up anew, since nobody knows what they were made of. */
  recount(sku: Sku): Awaitable<void>;
  /** A warehouse is no longer settled: what it adds to the answers goes out of them. */
  exclude(warehouse: WarehouseId): Awaitable<void>;
  /** A warehouse is settled: the answers count it from now on. */
  include(warehouse: WarehouseId): Awaitable<void>;
  /** SKUs of which some warehouse has more unspent quota than before, since this was last asked. */
  takeRisen(): readonly Sku[];
  /** Warehouses that are no longer settled since this transaction began. */
  excluded(): readonly WarehouseId[];
  /** Writes what was collected; the answers that changed, in the order of their revisions. */
  end(): Awaitable<readonly ChangeNotice[]>;
}
