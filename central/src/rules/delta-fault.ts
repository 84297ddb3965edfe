import { movementKindOf } from '@edgestock/shared/inventory/movement';
import type { Quantities } from '@edgestock/shared/inventory/position';
import { isPositionQuantity } from '@edgestock/shared/inventory/quantity';
import type { Delta } from '@edgestock/shared/protocol/delta';

/** Why a delta cannot be applied, or `undefined` when it can. Its state is whole, so one that can be applied needs no history. */
export function faultOfDelta(delta: Delta, sequence: number): string | undefined {
  if (movementKindOf(delta.kind) === undefined) return `movement kind ${delta.kind} is not known to this release`;
  if (delta.previous >= sequence) return `its previous sequence ${delta.previous} is not before ${sequence}`;
  return faultOfState(delta.version, delta.state);
}

/** Why a state cannot be that of a position, or `undefined`. What facts make may be negative: a fact is never refused. */
export function faultOfState(version: number, state: Quantities): string | undefined {
  if (version < 1) return 'version 0 is no version';
  for (const name of facts) {
    if (!isPositionQuantity(state[name])) return `${name} is ${state[name]}`;
  }
  for (const name of setAsides) {
    const quantity = state[name];
    if (quantity < 0 || !isPositionQuantity(quantity)) return `${name} is ${quantity}`;
  }
  return undefined;
}

/** What facts make: they may go below zero, also damaged units that left without having been recorded as damaged. */
const facts = ['onHand', 'unsellable'] as const;
const setAsides = ['reserved', 'committed', 'quota', 'safetyStock', 'granted', 'allocated', 'returned'] as const;
