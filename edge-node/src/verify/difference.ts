/** Two places of the books that should say the same and do not, in words for whoever has to find out why. */
export type Difference = {
  readonly table: string;
  readonly sku?: string | undefined;
  readonly sequence?: number | undefined;
  /** What is there, what should be, and what that means. */
  readonly message: string;
};

const LISTED_MAX = 100;

/** The first differences, and how many there are: books that are wrong throughout cost no memory. */
export class Differences {
  readonly #listed: Difference[] = [];
  readonly #warnings: Difference[] = [];
  #count = 0;

  add(difference: Difference): void {
    this.#count += 1;
    if (this.#listed.length < LISTED_MAX) this.#listed.push(difference);
  }

  /** Something to know of that does not make the books wrong. */
  warn(warning: Difference): void {
    if (this.#warnings.length < LISTED_MAX) this.#warnings.push(warning);
  }

  get warnings(): readonly Difference[] {
    return this.#warnings;
  }

  get count(): number {
    return this.#count;
  }

  get listed(): readonly Difference[] {
    return this.#listed;
  }
}
