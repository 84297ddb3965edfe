import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Under } from './lab-node.ts';

/** The wall clock of the processes that run under it; set-clock-process.ts is in each of them. */
export class WallClock {
  readonly #path: string;

  constructor(directory: string) {
    this.#path = join(directory, 'wall-clock');
    this.set(0);
  }

  /** Off by so many milliseconds from now on. */
  set(offsetMs: number): void {
    // In one step: nobody reads half a number.
    writeFileSync(`${this.#path}.new`, String(offsetMs));
    renameSync(`${this.#path}.new`, this.#path);
  }

  get under(): Under {
    const setter = new URL('./set-clock-process.ts', import.meta.url);
    setter.searchParams.set('by', pathToFileURL(this.#path).href);
    return ['env', `NODE_OPTIONS=--import=${setter.href}`];
  }
}
