import type { Sku } from '@edgestock/shared/inventory/ids';

/** Brings positions in line with central's policy: their safety stock, and what of them is granted. */
export type ApplyPolicy = {
  readonly type: 'apply-policy';
  readonly lines: readonly PolicyLine[];
  /** Grants are made only while they can be told. */
  readonly isLinkUp: boolean;
};

export type PolicyLine = {
  readonly sku: Sku;
  /** True: fill the quota up to its target; false: only when it has run low. */
  readonly hasGained: boolean;
};
