import { importLimits } from './limits.ts';

/** What is wrong with a line of a file, in one sentence for the person who can mend it. */
export type RowProblem = { readonly line: number; readonly code: string; readonly message: string };

/** Problems as they are found: the first ones are kept, the rest is counted, so that a file wrong throughout costs no memory. */
export class RowProblems {
  readonly #listed: RowProblem[] = [];
  #count = 0;

  add(problem: RowProblem): void {
    this.#count += 1;
    if (this.#listed.length < importLimits.problemsListedMax) this.#listed.push(problem);
  }

  get count(): number {
    return this.#count;
  }

  get listed(): readonly RowProblem[] {
    return this.#listed;
  }
}
