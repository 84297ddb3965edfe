import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Under } from './lab-node.ts';

/** The setting that names the file by which a process sets its clock; read by set-clock.ts. */
export const WALL_CLOCK_FILE = 'EDGESTOCK_LAB_WALL_CLOCK';

/** The wall clock of the processes that run under it. */
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
    const loaded = pathToFileURL(join(import.meta.dirname, 'set-clock.ts')).href;
    return ['env', `NODE_OPTIONS=--import=${loaded}`, `${WALL_CLOCK_FILE}=${this.#path}`];
  }
}
