/**
 * The value below which the fraction `p` of the samples lies (nearest rank: always a value that was measured, never one
 * in between). `undefined` without samples.
 */
export function percentile(samples: readonly number[], p: number): number | undefined {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)];
}

/** A figure for people and JSON: one digit behind the point is all that a latency in milliseconds deserves. */
export function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value * 10) / 10;
}

/** The last `sizeMax` samples, in constant memory: what a live display talks about. */
export class RecentSamples {
  readonly #samples: number[] = [];
  readonly #sizeMax: number;
  #next = 0;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  add(sample: number): void {
    this.#samples[this.#next] = sample;
    this.#next = (this.#next + 1) % this.#sizeMax;
  }

  get values(): readonly number[] {
    return this.#samples;
  }
}
