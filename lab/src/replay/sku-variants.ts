/**
 * SKUs that differ only in the case of their letters. They are different articles to us; a file that has many of them may
 * come from a system where they are not, and whoever replays it should be told.
 */
export class SkuVariants {
  readonly #byLowerCase = new Map<string, string | Set<string>>();

  see(sku: string): void {
    const lower = sku.toLowerCase();
    const seen = this.#byLowerCase.get(lower);
    if (seen === undefined) this.#byLowerCase.set(lower, sku);
    else if (typeof seen !== 'string') seen.add(sku);
    else if (seen !== sku) this.#byLowerCase.set(lower, new Set([seen, sku]));
  }

  /** Groups of SKUs that would be one, if case did not matter. */
  get groups(): number {
    return [...this.#byLowerCase.values()].filter((seen) => typeof seen !== 'string').length;
  }

  /** One such group, to show what is meant. */
  get example(): readonly string[] | undefined {
    const found = [...this.#byLowerCase.values()].find((seen) => typeof seen !== 'string');
    return found === undefined || typeof found === 'string' ? undefined : [...found];
  }
}
