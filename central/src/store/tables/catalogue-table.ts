import type { Sku } from '@edgestock/shared/inventory/ids';
import type { CatalogueItem } from '@edgestock/shared/protocol/directive';
import type { Awaitable } from '@edgestock/shared/runtime/awaitable';
import type { CentralItem } from '../../rules/promise-command.ts';

/** Reads the one catalogue. */
export interface CatalogueReader {
  /** Those of the SKUs that are there. */
  of(skus: readonly Sku[]): Awaitable<ReadonlyMap<Sku, CentralItem>>;
  /** Items after a SKU, in the order of their SKUs. */
  page(after: Sku | undefined, limit: number): Awaitable<readonly CentralItem[]>;
  /** Items that concern every warehouse, in the order of their SKUs. */
  everywhere(after: Sku | undefined, limit: number): Awaitable<readonly CatalogueItem[]>;
}

/** Writes the catalogue, inside a transaction of its caller. */
export interface CatalogueWriter {
  /**
   * An item is whole: what it does not say any more is gone. A barcode that another item had is this one's from now on, as it
   * is at the nodes: the other is not told again, since whoever hears of this one has moved it by that. Of items that name one
   * barcode the last has it; each SKU is named once.
   */
  put(items: readonly CentralItem[]): Awaitable<void>;
}
