import type { BackedUp } from '../store/sqlite/central-backup.ts';

/** What a copy of central's store holds, in lines. */
export function heldText({
  warehouses,
  reservationsHeld,
  ordersOpen,
}: Pick<BackedUp, 'warehouses' | 'reservationsHeld' | 'ordersOpen'>): readonly string[] {
  return [
    `It holds ${count(reservationsHeld, 'open reservation')} and ${count(ordersOpen, 'open order')}.`,
    ...warehouses.map(
      ({ warehouse, appliedUpTo }) => `  ${warehouse} up to movement ${appliedUpTo.toLocaleString('en')}`,
    ),
  ];
}

function count(many: number, noun: string): string {
  return `${many.toLocaleString('en')} ${noun}${many === 1 ? '' : 's'}`;
}
