import type { Action } from './actions.ts';
import type { World } from './world.ts';

/** What a broker was measured to do to what it has acknowledged (power cuts, rotten disks), and what an operator does to it. */
export class BadBroker {
  readonly #world: World;
  #isClear = false;

  constructor(world: World) {
    this.#world = world;
  }

  get actions(): readonly Action[] {
    return [
      { name: 'broker power cut', weight: 2, act: () => this.#losePower() },
      { name: 'stream up deleted', weight: 0.5, act: () => this.#deleteUp() },
      { name: 'stream down deleted', weight: 0.5, act: () => this.#deleteDown() },
      { name: 'consumers made anew', weight: 0.5, act: () => this.#renewConsumers() },
      { name: 'rotten disk', weight: 0.7, act: () => this.#rot() },
    ];
  }

  clear(): void {
    this.#isClear = true;
    this.#world.broker.renewConsumers();
  }

  async #losePower(): Promise<void> {
    const { chance, broker } = this.#world;
    const cut = {
      messages: chance.between(1, 5),
      areIdsKnown: chance.happens(0.5),
      isConsumerAhead: chance.happens(0.5),
    };
    broker.losePower(cut);
    this.#note(`the broker lost power: ${JSON.stringify(cut)}`);
  }

  /** Until central has made it again there is nobody to publish to. */
  async #deleteUp(): Promise<void> {
    const { chance, broker, nodes, clock } = this.#world;
    broker.deleteUp();
    this.#note('the stream up was deleted');
    for (const { node } of nodes) node.faults = { ...node.faults, isStreamGone: true };
    clock.after(chance.between(100, 20_000), () => {
      for (const { node } of nodes) node.faults = { ...node.faults, isStreamGone: false };
      if (!this.#isClear) this.#note('the stream up was made again');
    });
  }

  async #deleteDown(): Promise<void> {
    this.#world.broker.deleteDown();
    this.#note('the stream down was deleted');
  }

  async #renewConsumers(): Promise<void> {
    this.#world.broker.renewConsumers();
    this.#note('the consumers were made anew');
  }

  async #rot(): Promise<void> {
    const { chance, broker } = this.#world;
    const corruption = chance.one([0, 0.1, 0.5]);
    broker.faults = { ...broker.faults, corruption };
    this.#note(`the broker damages ${corruption * 100} % of what it stores`);
  }

  #note(line: string): void {
    this.#world.trace.note(line);
  }
}
