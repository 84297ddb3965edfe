import type { Clock } from '@edgestock/shared/runtime/clock';

const ERASE_LINE = '\r\u001b[K';
/** A person watches; a log is read later. */
const TERMINAL_PERIOD_MS = 250;
const LOG_PERIOD_MS = 2_000;

/** Events as lines that stay, and under them one line that changes; plain lines where there is no terminal. */
export class Display {
  readonly #isTerminal: boolean;
  readonly #write: (text: string) => void;
  readonly #current: () => string;
  readonly #columns: () => number;
  readonly #cancel: () => void;

  constructor(options: {
    readonly output: {
      readonly isTTY?: boolean | undefined;
      readonly columns?: number | undefined;
      write(text: string): unknown;
    };
    readonly clock: Clock;
    readonly current: () => string;
  }) {
    const { output, clock, current } = options;
    this.#isTerminal = output.isTTY === true;
    this.#write = (text) => void output.write(text);
    this.#current = current;
    this.#columns = () => output.columns ?? Number.POSITIVE_INFINITY;
    this.#cancel = clock.every(this.#isTerminal ? TERMINAL_PERIOD_MS : LOG_PERIOD_MS, () => this.#refresh());
  }

  tell(line: string): void {
    this.#write(this.#isTerminal ? `${ERASE_LINE}${line}\n` : `${line}\n`);
  }

  end(): void {
    this.#cancel();
    if (this.#isTerminal) this.#write('\n');
  }

  #refresh(): void {
    this.#write(this.#isTerminal ? `${ERASE_LINE}${this.#fitting()}` : `${this.#current()}\n`);
  }

  /** Only what fits one row: erasing takes back one row, and the rest of a longer line would stay behind. */
  #fitting(): string {
    return this.#current().slice(0, this.#columns() - 1);
  }
}
