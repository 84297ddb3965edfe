import type { Order, OrderLine } from '../rules/order.ts';
import type { OrderEffect } from '../rules/order-effect.ts';
import { heldOf } from '../rules/reservation.ts';

/** `hold W1 A2`, `allocate o.1 W1 A2 B1`: effects as a test reads them. */
export function effectInWords(effect: OrderEffect): string {
  switch (effect.effect) {
    case 'hold':
    case 'free':
      return `${effect.effect} ${effect.warehouse} ${effect.sku}${effect.quantity}`;
    default:
      return [
        effect.effect,
        effect.task,
        effect.warehouse,
        ...effect.lines.map(({ sku, quantity }) => `${sku}${quantity}`),
      ].join(' ');
  }
}

/** `A: 3 ordered, 2 held, 1 backordered`: where the units of each line are; places without units are left out. */
export function unitsOfOrder(order: Order): readonly string[] {
  return order.lines.map((line) => {
    const places = Object.entries(placesOf(order, line)).filter(([, units]) => units !== 0);
    return `${line.sku}: ${places.map(([place, units]) => `${units} ${place}`).join(', ')}`;
  });
}

/** Units that a line misses or has twice; 0 in every order that ever was. */
export function imbalanceOf(order: Order, line: OrderLine): number {
  const { ordered, ...places } = placesOf(order, line);
  return ordered - Object.values(places).reduce((sum, units) => sum + units, 0);
}

function placesOf(order: Order, line: OrderLine) {
  const tasks = order.allocations.flatMap(({ lines }) => lines.filter(({ sku }) => sku === line.sku));
  const shipped = tasks.reduce((sum, task) => sum + task.shipped, 0);
  return {
    ordered: line.ordered,
    cancelled: line.cancelled,
    backordered: line.backordered,
    held: heldOf({ ...line, requested: line.ordered }),
    open: tasks.reduce((sum, { quantity, givenUp }) => sum + quantity - givenUp, 0) - shipped,
    shipped,
  };
}
