import type { ChannelRecord } from '../../rules/channel.ts';
import type { UnspentChange } from '../tables/availability-table.ts';
import type { HeldUnits } from '../tables/quota-table.ts';

/** What holding (-1) or freeing (1) units changes at their warehouses. */
export function changesBy(holds: readonly HeldUnits[], sign: 1 | -1): readonly UnspentChange[] {
  return holds.map(({ warehouse, quantity }) => ({ warehouse, units: sign * quantity }));
}

export function unitsOf(changes: readonly UnspentChange[]): number {
  return changes.reduce((sum, { units }) => sum + units, 0);
}

/** Those of the warehouses that a channel sells from. */
export function unitsIn({ warehouses }: ChannelRecord, changes: readonly UnspentChange[]): number {
  return unitsOf(changes.filter(({ warehouse }) => warehouses === 'all' || warehouses.includes(warehouse)));
}
