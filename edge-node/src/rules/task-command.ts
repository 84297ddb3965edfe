import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Idempotency } from './command-context.ts';

type StepContext = {
  readonly type: 'task-step';
  readonly task: string;
  readonly actor?: string;
  /** Digest of the request: the same step with another body is a mistake, not a retry. */
  readonly fingerprint: string;
  readonly idempotency?: Idempotency;
};

/** What a picker found. Without lines: everything, wherever the books have it. */
export type PickTask = StepContext & { readonly step: 'pick'; readonly lines?: readonly PickLine[] };

/** A SKU may have several lines, one for each place. */
export type PickLine = {
  readonly sku: Sku;
  readonly picked: number;
  /** What became of the units of the SKU that were not found; once for each SKU. `bin` and `lot` say where they should have been. */
  readonly missing?: Missing;
  readonly bin?: string;
  readonly lot?: string;
};

export const missings = ['lost', 'damaged', 'elsewhere'] as const;
/** `lost`: gone, burned; `damaged`: here and unfit; `elsewhere`: here and fit, not at hand: only freed. */
export type Missing = (typeof missings)[number];

export type PackTask = StepContext & { readonly step: 'pack' };
/** What has left. Without lines: what the task still has to ship. */
export type ShipTask = StepContext & {
  readonly step: 'ship';
  readonly tracking?: string;
  readonly lines?: readonly ShipLine[];
};

/** A SKU may have several lines, one for each place; without a place the units leave from where they were picked. */
export type ShipLine = {
  readonly sku: Sku;
  readonly shipped: number;
  readonly bin?: string;
  readonly lot?: string;
};

/** Work on a task of central's. */
export type TakeStep = PickTask | PackTask | ShipTask;
