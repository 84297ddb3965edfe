import { must } from '@edgestock/shared/runtime/assert';
import type { Random } from '@edgestock/shared/runtime/random';

/** The choices of one run, all from its seed. */
export class Chance {
  readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  happens(probability: number): boolean {
    return this.random.fraction() < probability;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.random.fraction() * (most - least + 1));
  }

  one<T>(options: readonly T[]): T {
    return must(options[this.between(0, options.length - 1)], 'something to choose from');
  }

  /** Each option as often as its weight says. */
  weighed<T>(options: readonly { readonly weight: number; readonly option: T }[]): T {
    let left = this.random.fraction() * options.reduce((sum, { weight }) => sum + weight, 0);
    for (const { weight, option } of options) {
      left -= weight;
      if (left < 0) return option;
    }
    return must(options.at(-1), 'something to choose from').option;
  }
}
