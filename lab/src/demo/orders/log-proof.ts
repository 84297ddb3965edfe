import { LATE_REASON } from '@edgestock/edge-node/rules/ship-task';
import type { LoggedMovement } from '../../api/site-api.ts';

/** What the log of one warehouse proves, read from its first movement to its last. */
export type LogProof = {
  readonly steps: number;
  /** Movements after which central had promised or given back more of a SKU than was ever set aside for it. */
  readonly overpromised: number;
  /** Units ever set aside for central, by SKU. */
  readonly granted: ReadonlyMap<string, number>;
  /** Units that left although their task had been given up: no order counts them as shipped. */
  readonly shippedLate: number;
};

/**
 * Adds the quota of each SKU up anew, movement by movement, by the words of the log alone: at every place of it what central's
 * directives allocated and what it gave back is covered by what was granted before, and the book says the same.
 */
export async function proofOf(log: AsyncIterable<LoggedMovement>): Promise<LogProof> {
  const quotas = new Map<string, number>();
  const granted = new Map<string, number>();
  let [steps, overpromised, shippedLate] = [0, 0, 0];
  for await (const { kind, sku, quantity, reason, position } of log) {
    steps += 1;
    const units = Math.abs(quantity);
    if (kind === 'grant') granted.set(sku, (granted.get(sku) ?? 0) + units);
    if (kind === 'commit' && reason === LATE_REASON) shippedLate += units;
    const change = kind === 'grant' ? units : kind === 'allocate' || kind === 'reclaim' ? -units : 0;
    const quota = (quotas.get(sku) ?? 0) + change;
    quotas.set(sku, quota);
    if (quota < 0 || quota !== position.quota) overpromised += 1;
  }
  return { steps, overpromised, granted, shippedLate };
}
