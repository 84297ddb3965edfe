import type { PlacedPosition } from '@edgestock/shared/inventory/counted-positions';
import { emptyQuantities } from '@edgestock/shared/inventory/position';
import { DIGESTED, type DigestedPosition } from '@edgestock/shared/inventory/position-digest';
import type { StateRow } from '@edgestock/shared/protocol/delta';

/**
 * What becomes of a position that a repair names, or does not name although it is said to name all: what central has from after
 * the repair's place is newer than it and stays. `undefined` = it is as it should be.
 */
export function repairPosition(
  known: PlacedPosition | undefined,
  named: StateRow | undefined,
  asOfSequence: number,
): StateRow['state'] | undefined {
  if (known !== undefined && known.sequence > asOfSequence) return undefined;
  if (named !== undefined) return isSame(known, { version: named.version, ...named.state }) ? undefined : named.state;
  // The node has no such position. A total that central has counted on is kept by whoever writes this.
  return known === undefined || isSame(known, { version: known.version, ...emptyQuantities })
    ? undefined
    : emptyQuantities;
}

function isSame(known: DigestedPosition | undefined, due: DigestedPosition): boolean {
  return known !== undefined && DIGESTED.every((name) => known[name] === due[name]);
}
