import type { Writable } from 'node:stream';
import { type ProgressResult, progress } from '@clack/prompts';
import type { Clock } from '../runtime/clock.ts';

const BAR_STEPS = 100;
const LINE_PERIOD_MS = 5_000;

/** How far long work is. */
export type Progress = {
  /** What is being done; another one begins another bar. */
  readonly phase: string;
  readonly done: number;
  readonly of: number;
  /** In percent and not in numbers, which say nothing to a person. */
  readonly isInPercent?: boolean;
};

/** Tells a person how far long work is, on the error stream: a bar on a terminal, a line now and then elsewhere. */
export class ProgressReport {
  readonly #output: Writable & { readonly isTTY?: boolean };
  readonly #clock: Clock;
  #phase: string | undefined;
  #bar: ProgressResult | undefined;
  #steps = 0;
  #saidAtMs = 0;

  constructor(options: { output: Writable & { readonly isTTY?: boolean }; clock: Clock }) {
    this.#output = options.output;
    this.#clock = options.clock;
  }

  readonly show = (how: Progress): void => {
    if (how.phase !== this.#phase) this.#begin(how.phase);
    const steps = how.of === 0 ? 0 : Math.min(BAR_STEPS, Math.floor((how.done / how.of) * BAR_STEPS));
    if (this.#bar !== undefined) this.#bar.advance(steps - this.#steps, sentenceOf(how));
    else if (this.#clock.monotonicMs() - this.#saidAtMs >= LINE_PERIOD_MS) this.#say(sentenceOf(how));
    this.#steps = steps;
  };

  end(): void {
    this.#bar?.stop(this.#phase);
    this.#bar = undefined;
    this.#phase = undefined;
  }

  #begin(phase: string): void {
    this.end();
    this.#phase = phase;
    this.#steps = 0;
    if (this.#output.isTTY === true) {
      this.#bar = progress({ max: BAR_STEPS, output: this.#output });
      this.#bar.start(phase);
    } else this.#say(phase);
  }

  #say(sentence: string): void {
    this.#saidAtMs = this.#clock.monotonicMs();
    this.#output.write(`${sentence}\n`);
  }
}

function sentenceOf({ phase, done, of, isInPercent = false }: Progress): string {
  if (isInPercent) return `${phase}: ${Math.floor((done / Math.max(1, of)) * 100)} %`;
  return `${phase}: ${done.toLocaleString('en')} of ${of.toLocaleString('en')}`;
}
