import type { Sku } from '@edgestock/shared/inventory/ids';
import { termsFor } from '@edgestock/shared/inventory/quota';
import { grantOf } from './grant.ts';
import type { ApplyPolicy } from './policy-command.ts';
import { Recording } from './recording.ts';
import type { Decision, SiteState } from './site-state.ts';

/**
 * Decides what central's policy makes of some positions: first the safety stock, then what is granted of the rest. Decided on
 * the state as it is in this commit, so a grant never exceeds what is available, whatever tills did meanwhile.
 */
export function applyPolicy(state: SiteState, { lines, isLinkUp }: ApplyPolicy): Decision {
  const recording = new Recording(state);
  const policy = state.documents.policy();
  for (const [line, { sku, hasGained }] of lines.entries()) {
    const { sharePercent, safetyStock } = termsFor(policy, state.documents.skuPolicy(sku));
    level(recording, sku, line, safetyStock);
    if (state.documents.isUncounted(sku)) continue;
    const { position } = recording.shelf(sku);
    recording.aside('grant', grantOf({ position, sharePercent, isLinkUp, hasGained }), { sku, line });
  }
  return recording.decision([]);
}

/** Gives a position the safety stock that is due. A SKU without a position has none to be kept: it gets it with its first stock. */
export function level(recording: Recording, sku: Sku, line: number, safetyStock: number): void {
  const { position } = recording.shelf(sku);
  if (position.version > 0) recording.aside('safety-stock', safetyStock - position.safetyStock, { sku, line });
}
