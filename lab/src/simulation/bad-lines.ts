import { noFaults } from '@edgestock/edge-node/testing/simulated-link';
import type { Action } from './actions.ts';
import { noCentralFaults } from './broker.ts';
import type { World } from './world.ts';

/** What happens to the lines between the nodes, the broker and central. */
export class BadLines {
  readonly #world: World;
  #isClear = false;

  constructor(world: World) {
    this.#world = world;
  }

  get actions(): readonly Action[] {
    return [
      { name: 'bad line', weight: 3, act: () => this.#spoilLine() },
      { name: 'cut line', weight: 3, act: () => this.#cutLine() },
      { name: 'flapping line', weight: 1, act: () => this.#flap() },
      { name: 'good line', weight: 4, act: () => this.#healLine() },
      { name: 'bad centre', weight: 1, act: () => this.#spoilCentre() },
      { name: 'good centre', weight: 2, act: () => this.#healCentre() },
    ];
  }

  clear(): void {
    const { nodes, broker } = this.#world;
    this.#isClear = true;
    broker.setCut(false);
    broker.faults = noCentralFaults;
    for (const { node } of nodes) {
      node.faults = noFaults;
      node.life?.link.setConnected(true);
    }
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
      brokerLoss: chance.one([0, 0.3]),
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

  /** Up and down, faster than anything that waits for it to last. */
  async #flap(): Promise<void> {
    const { chance, clock } = this.#world;
    const { node } = this.#anyNode();
    let left = chance.between(4, 16);
    this.#note(`the line of ${node.warehouse} flaps ${left} times`);
    const flap = () => {
      if (this.#isClear) return;
      node.life?.link.setConnected(left % 2 === 1);
      left -= 1;
      if (left > 0) clock.after(chance.between(20, 2_500), flap);
    };
    flap();
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

  #anyNode() {
    return this.#world.chance.one(this.#world.nodes);
  }

  #note(line: string): void {
    this.#world.trace.note(line);
  }
}
