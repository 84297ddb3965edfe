/**
 * Quantities are whole numbers of base units (P10). A thing sold by weight has grams, or tenths of an ounce, as its base unit.
 * They stay plain numbers because arithmetic on them is everywhere; the doors and `isQuantity` keep them whole.
 */

/** Most units one line may move. Far above any real line, far enough below 2^53 that sums of lines stay exact. */
export const LINE_QUANTITY_MAX = 1_000_000_000_000;

/**
 * Most units a position may hold, either way, in each of its quantities: nodes refuse what would go beyond it, central puts
 * such a state aside. One bound for both, so that what a node has recorded central can apply; sums over 1,024 warehouses
 * stay exact.
 */
export const POSITION_QUANTITY_MAX = 2 ** 42;

/** True for a whole number that any balance may hold: exact in a double, and so in JSON, msgpack and SQLite alike. */
export function isQuantity(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** True for what one line may move: whole, not zero, within `LINE_QUANTITY_MAX` either way. */
export function isLineQuantity(value: unknown): value is number {
  return isQuantity(value) && value !== 0 && Math.abs(value) <= LINE_QUANTITY_MAX;
}

/** True for what each quantity of a position may be: whole, within `POSITION_QUANTITY_MAX` either way. */
export function isPositionQuantity(value: unknown): value is number {
  return isQuantity(value) && Math.abs(value) <= POSITION_QUANTITY_MAX;
}
