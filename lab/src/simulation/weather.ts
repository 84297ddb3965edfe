import type { Action } from './actions.ts';
import { BadBroker } from './bad-broker.ts';
import { BadCentral } from './bad-central.ts';
import { BadDisks } from './bad-disks.ts';
import { BadLines } from './bad-lines.ts';
import { BadMachines } from './bad-machines.ts';
import type { World } from './world.ts';

/** What goes wrong, and gets well again. */
export class Weather {
  readonly #world: World;
  readonly #lines: BadLines;
  readonly #broker: BadBroker;
  readonly #machines: BadMachines;
  readonly #central: BadCentral;
  readonly #disks: BadDisks;

  constructor(world: World) {
    this.#world = world;
    this.#lines = new BadLines(world);
    this.#broker = new BadBroker(world);
    this.#machines = new BadMachines(world);
    this.#central = new BadCentral(world);
    this.#disks = new BadDisks(world);
  }

  get actions(): readonly Action[] {
    const { clock, chance, isPutBack, hasBadDisks } = this.#world;
    return [
      ...this.#lines.actions,
      ...this.#broker.actions,
      ...this.#machines.actions,
      ...(isPutBack ? this.#central.actions : []),
      ...(hasBadDisks ? this.#disks.actions : []),
      { name: 'time passes', weight: 4, act: () => clock.advance(chance.between(1, 20) * 1_000) },
      // So long that history leaves the logs of nodes.
      { name: 'a quiet while', weight: 0.3, act: () => clock.advance(chance.between(120, 200) * 1_000) },
    ];
  }

  /** Everything works from now on. */
  async clear(): Promise<void> {
    this.#lines.clear();
    this.#broker.clear();
    this.#central.clear();
    this.#disks.clear();
    await this.#machines.clear();
  }
}
