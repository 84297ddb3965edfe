import type { Writable } from 'node:stream';
import { type ProgressResult, progress } from '@clack/prompts';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { ImportPhase, ImportProgress } from '../import/run-import.ts';

const PHASES: Readonly<Record<ImportPhase, string>> = {
  check: 'Checking the file',
  stage: 'Staging rows',
  apply: 'Applying rows',
};
const BAR_STEPS = 100;
const LINE_PERIOD_MS = 5_000;

/** Tells a person how far an import is, on the error stream: a bar on a terminal, a line now and then elsewhere. */
export class ImportProgressReport {
  readonly #output: Writable & { readonly isTTY?: boolean };
  readonly #clock: Clock;
  #phase: ImportPhase | undefined;
  #bar: ProgressResult | undefined;
  #steps = 0;
  #saidAtMs = 0;

  constructor(options: { output: Writable & { readonly isTTY?: boolean }; clock: Clock }) {
    this.#output = options.output;
    this.#clock = options.clock;
  }

  readonly show = ({ phase, done, of }: ImportProgress): void => {
    if (phase !== this.#phase) this.#begin(phase);
    const steps = of === 0 ? 0 : Math.min(BAR_STEPS, Math.floor((done / of) * BAR_STEPS));
    if (this.#bar !== undefined) this.#bar.advance(steps - this.#steps, this.#sentence(phase, done, of));
    else if (this.#clock.monotonicMs() - this.#saidAtMs >= LINE_PERIOD_MS) this.#say(this.#sentence(phase, done, of));
    this.#steps = steps;
  };

  end(): void {
    if (this.#phase !== undefined) this.#bar?.stop(PHASES[this.#phase]);
    this.#bar = undefined;
    this.#phase = undefined;
  }

  #begin(phase: ImportPhase): void {
    this.end();
    this.#phase = phase;
    this.#steps = 0;
    if (this.#output.isTTY === true) {
      this.#bar = progress({ max: BAR_STEPS, output: this.#output });
      this.#bar.start(PHASES[phase]);
    } else this.#say(PHASES[phase]);
  }

  #sentence(phase: ImportPhase, done: number, of: number): string {
    if (phase === 'check') return `${PHASES[phase]}: ${Math.floor((done / Math.max(1, of)) * 100)} %`;
    return `${PHASES[phase]}: ${done.toLocaleString('en')} of ${of.toLocaleString('en')}`;
  }

  #say(sentence: string): void {
    this.#saidAtMs = this.#clock.monotonicMs();
    this.#output.write(`${sentence}\n`);
  }
}
