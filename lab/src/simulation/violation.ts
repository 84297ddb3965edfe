/** A promise of the product that did not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** Holds an invariant; the facts are written only when it is broken. */
export function hold(isTrue: boolean, whatBroke: () => string): void {
  if (!isTrue) throw new Violation(whatBroke());
}
