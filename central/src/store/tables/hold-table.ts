import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Awaitable } from '@edgestock/shared/runtime/awaitable';
import type { Channel } from '../../rules/channel.ts';
import type { SourcedHold } from '../../rules/sourcing.ts';

/** Who holds units: a reservation, or an order that awaits its payment. */
export type Holder = { readonly kind: 'reservation' | 'order'; readonly id: string };

/** One row of `hold`. */
export type HoldRow = Holder & { readonly channel: Channel } & SourcedHold;

/** Reads what is held, and for whom. */
export interface HoldReader {
  /** In the order of SKU, then warehouse. */
  of(holder: Holder): Awaitable<readonly SourcedHold[]>;
  /** What is held at a position, the newest promise first. */
  newestAt(warehouse: WarehouseId, sku: Sku, limit: number): Awaitable<readonly HoldRow[]>;
}

/** Writes who holds what; the sums in `position` are for `QuotaTable`. Inside a transaction of its caller. */
export interface HoldWriter {
  /** A row that is there already grows. */
  add(row: HoldRow): Awaitable<void>;
  /** Takes units out of a row, which goes when none are left. */
  reduce(row: HoldRow, quantity: number): Awaitable<void>;
  /** All that these hold; tells what it was, in no order. */
  remove(kind: Holder['kind'], ids: readonly string[]): Awaitable<readonly SourcedHold[]>;
}
