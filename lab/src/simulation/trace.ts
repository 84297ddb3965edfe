import type { Clock } from '@edgestock/shared/runtime/clock';

/** What happened, in words, for whoever has to understand a run. */
export class Trace {
  readonly #clock: Clock;
  readonly #lines: string[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(line: string): void {
    this.#lines.push(`${(this.#clock.monotonicMs() / 1_000).toFixed(3).padStart(9)}  ${line}`);
  }

  last(lines: number): readonly string[] {
    return this.#lines.slice(-lines);
  }
}
