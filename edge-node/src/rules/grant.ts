import { availableOf, type Quantities } from '@edgestock/shared/inventory/position';
import { quotaTarget } from '@edgestock/shared/inventory/quota';

/** Below this part of its target a quota has run low and is filled up again. */
const LOW_WATER_PERCENT = 25;

/**
 * Units of a position to grant to central now; never more than is available. Safety does not depend on this rule, only how
 * well both sides can sell: a quota is filled when it is empty or low, or when stock came, and left alone in between, so that
 * not every sale is followed by a grant.
 */
export function grantOf(asked: {
  readonly position: Quantities;
  readonly sharePercent: number;
  readonly isLinkUp: boolean;
  /** The position has just gained stock, or has not been looked at for some time. */
  readonly hasGained: boolean;
}): number {
  const { position, sharePercent, isLinkUp, hasGained } = asked;
  const available = availableOf(position);
  if (!isLinkUp || available <= 0) return 0;
  const target = quotaTarget(position, sharePercent);
  if (position.quota >= target) return 0;
  const isLow = position.quota <= 0 || position.quota < (target / 100) * LOW_WATER_PERCENT;
  return isLow || hasGained ? Math.min(available, target - position.quota) : 0;
}

/** The units of a hint that may be granted: what is there of them, unless this stock is not for central at all. */
export function grantForRequest(position: Quantities, sharePercent: number, requested: number): number {
  return sharePercent > 0 ? Math.max(0, Math.min(requested, availableOf(position))) : 0;
}

/** Whether a position may be due for a grant under some policy: cheap, for sorting out the many that are not. */
export function mayBeDue(position: Quantities, hasGained: boolean): boolean {
  const available = availableOf(position);
  if (available <= 0) return false;
  return hasGained || position.quota <= 0 || position.quota < ((available + position.quota) / 100) * LOW_WATER_PERCENT;
}
