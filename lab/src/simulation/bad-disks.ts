import { LedgerUnavailable } from '@edgestock/edge-node/ledger/ledger-unavailable';
import type { Action } from './actions.ts';
import type { AuditedImage, AuditedNode, Clone } from './audited-node.ts';
import { SimulatedNode } from './simulated-node.ts';
import type { World } from './world.ts';

/** What happens to the disks of nodes: put back to an earlier state, copied to another machine, lost. */
export class BadDisks {
  readonly #world: World;
  readonly #images = new Map<AuditedNode, AuditedImage[]>();
  #isClear = false;

  constructor(world: World) {
    this.#world = world;
  }

  get actions(): readonly Action[] {
    return [
      { name: 'disk copied', weight: 4, act: () => this.#copyAndPutBack() },
      { name: 'disk cloned', weight: 1.5, act: () => this.#clone() },
      { name: 'disk lost', weight: 1, act: () => this.#lose() },
    ];
  }

  clear(): void {
    this.#isClear = true;
  }

  /** Copied now, and put back some time later: what happened since is forgotten there. Now and then an older copy. */
  async #copyAndPutBack(): Promise<void> {
    const { chance, clock } = this.#world;
    const one = this.#anyNode();
    // Two machines that end one rejoin are one installation twice: nothing could tell them apart.
    if (one.node.isRejoining) return;
    const copied = one.image(chance.one(['backup', 'copy'] as const));
    this.#note(`the disk of ${one.warehouse} is copied at ${copied.image.sequence}: ${copied.image.kind}`);
    const images = [...(this.#images.get(one) ?? []), copied];
    this.#images.set(one, images);
    const image = chance.happens(0.7) ? copied : chance.one(images);
    clock.after(chance.between(200, 40_000), () => this.#putBack(one, image));
  }

  #putBack(one: AuditedNode, image: AuditedImage): void {
    const { chance, reached } = this.#world;
    if (this.#isClear) return;
    const { kind, sequence } = image.image;
    const highWater = chance.one(['now', 'then', 'nobody'] as const);
    one.putBack(image, highWater);
    reached.add(`disk put back: ${kind}`).add(`disk put back with high water of ${highWater}`);
    this.#note(`the disk of ${one.warehouse} is put back to ${sequence}: ${kind}, high water of ${highWater}`);
    this.#startSoon(one);
  }

  async #lose(): Promise<void> {
    const one = this.#anyNode();
    if (this.#isClear) return;
    one.loseDisk();
    this.#note(`the disk of ${one.warehouse} is lost`);
    this.#startSoon(one);
  }

  /** Both run on for a while, and people sell at both; then they stay with one of them, and the other is found and shut down. */
  async #clone(): Promise<void> {
    const { chance, clock, surroundings, reached } = this.#world;
    const one = this.#anyNode();
    if (this.#isClear || one.node.life === undefined || one.node.isRejoining) return;
    const { warehouse } = one;
    const hasHighWater = chance.happens(0.5);
    const clone = one.clone((folder) => new SimulatedNode(warehouse, surroundings, folder), { hasHighWater });
    this.#world.seconds.push(clone.node);
    this.#note(
      `${warehouse} runs a second time from a copy of its disk${hasHighWater ? '' : ', without its high water'}`,
    );
    this.#sellAt(clone);
    clock.after(chance.between(100, 15_000), () => {
      if (this.#isClear) return;
      this.#sellAt(clone);
    });
    clock.after(chance.between(100, 30_000), () => {
      const isMoving = !this.#isClear && chance.happens(0.5);
      const left = isMoving ? one.moveTo(clone) : clone.node;
      if (isMoving) this.#world.seconds.push(left);
      reached.add(isMoving ? 'people move to a clone' : 'a clone is left');
      this.#note(`${warehouse}: people ${isMoving ? 'work with the copy from now on' : 'stay with the original'}`);
      clock.after(chance.between(100, 20_000), () => {
        left.crash();
        this.#note(`the other ${warehouse} is shut down`);
      });
    });
  }

  #sellAt({ node }: Clone): void {
    const { life } = node;
    if (life === undefined) return;
    const lines = this.#world.someLines();
    const kind = this.#world.chance.one(['sale', 'receive'] as const);
    this.#note(`the copy of ${node.warehouse}: ${kind} ${JSON.stringify(lines)}`);
    const refused = (error: unknown) => {
      if (!(error instanceof LedgerUnavailable)) throw error;
    };
    this.#world.start(life.ledger.record({ type: 'record', kind, lines }).catch(refused));
  }

  #startSoon({ node }: AuditedNode): void {
    const { chance, clock } = this.#world;
    clock.after(chance.between(1, 8_000), () => {
      node.start();
      this.#note(`${node.warehouse} runs again`);
    });
  }

  #anyNode(): AuditedNode {
    return this.#world.chance.one(this.#world.nodes);
  }

  #note(line: string): void {
    this.#world.trace.note(line);
  }
}
