import type { Action } from './actions.ts';
import type { Image } from './simulated-central.ts';
import type { SimulatedNode } from './simulated-node.ts';
import type { World } from './world.ts';

const ALL_ROWS = 100_000;

/**
 * What happens to central's disk: it is put back to an earlier state; and, where nodes trim, to one before what they still have,
 * or it is lost. Then nobody has the movements between any more, and nodes send snapshots.
 */
export class BadCentral {
  readonly #world: World;
  /** Earlier states of central's disk. */
  readonly #images: Image[] = [];
  #isClear = false;

  constructor(world: World) {
    this.#world = world;
  }

  get actions(): readonly Action[] {
    const { isTrimmed } = this.#world;
    // A snapshot needs a while and a few things in their order: most lives are short.
    const putBack: Action = { name: 'central put back', weight: isTrimmed ? 8 : 2.5, act: () => this.#copy() };
    const trim: Action = { name: 'history trimmed', weight: 2, act: () => this.#trim() };
    return isTrimmed ? [putBack, trim] : [putBack];
  }

  clear(): void {
    this.#isClear = true;
  }

  /** Central's disk is copied, and some time later a copy takes its place: central has forgotten what happened since. */
  async #copy(): Promise<void> {
    const { chance, central, clock, isTrimmed } = this.#world;
    this.#images.push(await central.image(chance.one(['backup', 'copy'] as const)));
    const made = this.#images.length;
    // Now and then one that was put back before, or an older one.
    const number = chance.happens(0.3) ? chance.between(1, made) : made;
    clock.after(chance.between(500, isTrimmed ? 10_000 : 60_000), () => this.#world.start(this.#putBack(number)));
  }

  async #putBack(number: number): Promise<void> {
    const { chance, central, promises, reached, isTrimmed } = this.#world;
    const image = this.#images[number - 1];
    if (this.#isClear || image === undefined || central.life === undefined) return;
    if (isTrimmed && chance.happens(0.8)) await this.#trim();
    central.crash();
    if (isTrimmed && chance.happens(0.3)) {
      // Whoever enrols first owns a warehouse.
      for (const second of this.#world.seconds) second.crash();
      await promises.lose();
      central.loseDisk();
      reached.add('central lost');
      this.#note('the disk of central is lost');
    } else {
      await promises.putBack(image);
      await central.putBack(image);
      reached.add(`central put back: ${image.kind}`);
      this.#note(`central was put back: ${image.kind} ${number}`);
    }
    this.#startSoon();
  }

  /** So much time passes for some nodes that what central has applied leaves their logs, or a part of it; some chunks go bad. */
  async #trim(): Promise<void> {
    const { chance, nodes, broker } = this.#world;
    broker.damageChunks(chance.one([0, 1, 3]));
    for (const { node, audit } of nodes) {
      if (!mayTrim(node) || node.isFull || chance.happens(0.2)) continue;
      // What leaves the log has been looked at.
      audit.check();
      const { outbox } = node.store;
      const rowsMax = chance.happens(0.5) ? ALL_ROWS : chance.between(1, 20);
      // The last movement is young: without one a node has nothing that carries a digest to central.
      const trimmed = outbox.trim({ agedUpTo: outbox.head().sequence - 1, rowsMax });
      audit.trimmed();
      if (trimmed > 0) this.#note(`${node.warehouse} trims ${trimmed}: its log begins at ${outbox.firstSequence()}`);
    }
  }

  #startSoon(): void {
    const { chance, clock, central } = this.#world;
    clock.after(chance.between(1, 10_000), () => {
      this.#world.start(central.start());
      this.#note('central runs again');
    });
  }

  #note(line: string): void {
    this.#world.trace.note(line);
  }
}

/** As the product has it: only in contact with a central that stands where it ever said it does. */
function mayTrim({ life, store }: SimulatedNode): boolean {
  const status = life?.replication.status();
  return status?.state === 'live' && status.applied >= store.outbox.appliedUpTo();
}
