import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { QuotaTerms } from '@edgestock/shared/inventory/quota';
import type { SkuPolicy } from '@edgestock/shared/protocol/directive';
import type { Awaitable } from '@edgestock/shared/runtime/awaitable';
import type { WarehouseSettings } from '../../rules/promise-command.ts';

/** Reads what central has set for warehouses, and where SKUs differ from it. */
export interface PolicyReader {
  settings(warehouse: WarehouseId): Awaitable<WarehouseSettings | undefined>;
  /** `undefined` where the SKU follows its warehouse's policy. */
  rule(warehouse: WarehouseId, sku: Sku): Awaitable<SkuPolicy | undefined>;
  /** Of these SKUs the rules that there are. */
  rulesOf(warehouse: WarehouseId, skus: readonly Sku[]): Awaitable<ReadonlyMap<Sku, SkuPolicy>>;
  /** Rules behind a SKU, in the order of their SKUs. */
  rules(warehouse: WarehouseId, after: Sku | undefined, limit: number): Awaitable<readonly SkuPolicy[]>;
  /** Nodes that were enrolled before central had settings. */
  withoutSettings(): Awaitable<readonly WarehouseId[]>;
}

/** Writes policies; the directives that tell of them are their caller's. Inside a transaction. */
export interface PolicyWriter {
  set(warehouse: WarehouseId, settings: WarehouseSettings): Awaitable<void>;
  /** A rule without values lifts the difference. */
  setRule(warehouse: WarehouseId, rule: SkuPolicy): Awaitable<void>;
}

/** A warehouse whose positions are being looked at, page by page. */
export type PendingRecall = {
  readonly warehouse: WarehouseId;
  /** The loosest policy that the positions not looked at yet may have been granted under. */
  readonly before: QuotaTerms;
  /** Looked at up to here; '' = none yet. */
  readonly after: Sku | '';
};

/** Remembers where quota is still to be taken back, so that it goes on in the next life of central. Inside a transaction. */
export interface PolicyRecallTable {
  get(warehouse: WarehouseId): Awaitable<PendingRecall | undefined>;
  /** Of a settled warehouse. */
  first(): Awaitable<PendingRecall | undefined>;
  put(recall: PendingRecall): Awaitable<void>;
  end(warehouse: WarehouseId): Awaitable<void>;
}
