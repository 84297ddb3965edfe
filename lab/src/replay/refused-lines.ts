/** One line of the file, or one request that a node refused, with where to look for it. */
export type RefusedLine = {
  /** Line of the file; of a request its first. */
  readonly line: number;
  /** As the file has it; '' where it names none. */
  readonly receipt: string;
  readonly warehouse?: string;
  readonly reason: string;
  /** The same in words, with what to do where that is not evident. */
  readonly why: string;
};

/** So many are told of each file. */
export const REFUSED_SHOWN_MAX = 10;

/**
 * The first refusals of each reason: a reason that a file has once is not hidden by one that it has a thousand times. Memory
 * does not grow with the file.
 */
export class RefusedLines {
  readonly #firstOf = new Map<string, RefusedLine[]>();
  #count = 0;

  note(refused: RefusedLine): void {
    this.#count += 1;
    const first = this.#firstOf.get(refused.reason) ?? [];
    this.#firstOf.set(refused.reason, first);
    if (first.length < REFUSED_SHOWN_MAX) first.push(refused);
  }

  /** The first of every reason, then the second, as many as may be shown; in the order of the file. */
  get shown(): readonly RefusedLine[] {
    const rounds = Array.from({ length: REFUSED_SHOWN_MAX }, (_, round) =>
      [...this.#firstOf.values()].flatMap((first) => first.slice(round, round + 1)),
    );
    return rounds
      .flat()
      .slice(0, REFUSED_SHOWN_MAX)
      .sort((a, b) => a.line - b.line);
  }

  /** Those that are not among the shown. */
  get more(): number {
    return this.#count - this.shown.length;
  }
}
