import { noFaults } from '@edgestock/edge-node/testing/simulated-link';
import type { Action } from './actions.ts';
import { noCentralFaults } from './broker.ts';
import type { Image } from './simulated-central.ts';
import type { World } from './world.ts';

/** What goes wrong, and gets well again. */
export class Weather {
  readonly #world: World;
  #isClear = false;
  #images: Image[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  get actions(): readonly Action[] {
    return [
      { name: 'bad line', weight: 3, act: () => this.#spoilLine() },
      { name: 'cut line', weight: 3, act: () => this.#cutLine() },
      { name: 'good line', weight: 4, act: () => this.#healLine() },
      { name: 'bad centre', weight: 1, act: () => this.#spoilCentre() },
      { name: 'good centre', weight: 2, act: () => this.#healCentre() },
      { name: 'broker power cut', weight: 1, act: () => this.#losePower() },
      { name: 'stream deleted', weight: 0.5, act: () => this.#deleteStream() },
      { name: 'node crash', weight: 3, act: () => this.#crashNode() },
      { name: 'central crash', weight: 3, act: () => this.#crashCentral() },
      { name: 'central put back', weight: 2.5, act: () => this.#putCentralBack() },
      { name: 'clock set', weight: 1, act: () => this.#setClock() },
      {
        name: 'time passes',
        weight: 4,
        act: () => this.#world.clock.advance(this.#world.chance.between(1, 20) * 1_000),
      },
    ];
  }

  /** Everything works from now on. */
  async clear(): Promise<void> {
    const { nodes, broker, central } = this.#world;
    this.#isClear = true;
    broker.setCut(false);
    broker.faults = noCentralFaults;
    for (const { node } of nodes) {
      node.faults = noFaults;
      node.start();
      node.setClockAhead(0);
      node.life?.link.setConnected(true);
    }
    await central.start();
  }

  async #spoilLine(): Promise<void> {
    const { chance } = this.#world;
    const { node } = this.#anyNode();
    node.faults = {
      ...noFaults,
      loss: chance.one([0, 0.1, 0.4]),
      duplication: chance.one([0, 0.3, 0.8]),
      delayMs: chance.one([
        [1, 5],
        [1, 400],
        [200, 3_000],
      ] as const),
      brokerLoss: chance.one([0, 0, 0.2]),
    };
    this.#note(`${node.warehouse} has a bad line ${JSON.stringify(node.faults)}`);
  }

  async #cutLine(): Promise<void> {
    const { chance } = this.#world;
    const { node } = this.#anyNode();
    const cut = chance.one(['up', 'down', 'both', 'closed'] as const);
    this.#note(`${node.warehouse} is cut off: ${cut}`);
    if (cut === 'closed') node.life?.link.setConnected(false);
    else node.faults = { ...node.faults, isUpCut: cut !== 'down', isDownCut: cut !== 'up' };
  }

  async #healLine(): Promise<void> {
    const { node } = this.#anyNode();
    this.#note(`${node.warehouse} has a good line`);
    node.faults = noFaults;
    node.life?.link.setConnected(true);
  }

  async #spoilCentre(): Promise<void> {
    const { chance, broker } = this.#world;
    broker.faults = {
      ...broker.faults,
      downAckLoss: chance.one([0, 0.3]),
      downLoss: chance.one([0, 0.3]),
      delayMs: chance.one([
        [0, 1],
        [0, 300],
        [100, 1_500],
      ] as const),
    };
    broker.setCut(chance.happens(0.4));
    this.#note(`central has a bad line ${JSON.stringify(broker.faults)}`);
  }

  async #healCentre(): Promise<void> {
    const { broker } = this.#world;
    broker.setCut(false);
    broker.faults = noCentralFaults;
    this.#note('central has a good line');
  }

  async #losePower(): Promise<void> {
    const messages = this.#world.chance.between(1, 5);
    this.#world.broker.losePower(messages);
    this.#note(`the broker lost its last ${messages} messages`);
  }

  async #deleteStream(): Promise<void> {
    this.#world.broker.deleteDown();
    this.#note('the stream down was deleted');
  }

  /** In the middle of whatever this turn has begun. */
  async #crashNode(): Promise<void> {
    const { chance } = this.#world;
    const { node } = this.#anyNode();
    if (chance.happens(0.6)) await new Promise<void>((resolve) => node.atNextDirectives(resolve));
    await this.#turns();
    if (node.life === undefined || this.#isClear) return;
    node.crash();
    this.#note(`${node.warehouse} crashed at ${node.store.outbox.head().sequence}`);
    this.#world.clock.after(chance.between(1, 8_000), () => {
      node.start();
      this.#note(`${node.warehouse} runs again`);
    });
  }

  async #crashCentral(): Promise<void> {
    const { broker, chance, central } = this.#world;
    if (chance.happens(0.6)) await new Promise<void>((resolve) => broker.atNextArrival(resolve));
    await this.#turns();
    if (central.life === undefined || this.#isClear) return;
    central.crash();
    this.#note('central crashed');
    this.#world.clock.after(chance.between(1, 20_000), () => {
      this.#world.start(central.start());
      this.#note('central runs again');
    });
  }

  /** Central's disk is copied, and some time later a copy takes its place: central has forgotten what happened since. */
  async #putCentralBack(): Promise<void> {
    const { chance, central, clock } = this.#world;
    this.#images.push(await central.image(chance.one(['backup', 'copy'] as const)));
    const made = this.#images.length;
    // Now and then one that was put back before, or an older one.
    const number = chance.happens(0.3) ? chance.between(1, made) : made;
    clock.after(chance.between(500, 60_000), () => this.#world.start(this.#restore(number)));
  }

  async #restore(number: number): Promise<void> {
    const { chance, central, promises, clock } = this.#world;
    const image = this.#images[number - 1];
    if (this.#isClear || image === undefined) return;
    central.crash();
    await central.putBack(image);
    promises.putBack(image);
    this.#note(`central was put back: ${image.kind} ${number}`);
    clock.after(chance.between(1, 10_000), () => {
      this.#world.start(central.start());
      this.#note('central runs again');
    });
  }

  async #setClock(): Promise<void> {
    const { chance } = this.#world;
    const { node } = this.#anyNode();
    const aheadMs = chance.one([0, 500, 60_000, -60_000, 3_600_000]);
    node.setClockAhead(aheadMs);
    this.#note(`the clock of ${node.warehouse} is ${aheadMs} ms ahead`);
  }

  async #turns(): Promise<void> {
    for (let turn = this.#world.chance.between(0, 3); turn > 0; turn -= 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #anyNode() {
    return this.#world.chance.one(this.#world.nodes);
  }

  #note(line: string): void {
    this.#world.trace.note(line);
  }
}
