import type { Command } from '@edgestock/edge-node/ledger/command';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import type { Action } from './actions.ts';
import type { AuditedNode } from './audited-node.ts';
import type { ShopFloor } from './shop-floor.ts';
import { underWay } from './transfer-audit.ts';
import type { World } from './world.ts';

type Planned = { readonly id: string; readonly from: AuditedNode; readonly to: AuditedNode };

/** Goods between the warehouses: planned, sent, and received in pieces, by people who know of the van and not of the network. */
export class Transports {
  readonly #world: World;
  readonly #floor: ShopFloor;
  readonly #planned: Planned[] = [];
  readonly #unloading = new Set<string>();

  constructor(world: World, floor: ShopFloor) {
    this.#world = world;
    this.#floor = floor;
  }

  get actions(): readonly Action[] {
    return [
      { name: 'plan transfer', weight: 5, act: () => this.#plan() },
      { name: 'send transfer', weight: 6, act: () => this.#send() },
      { name: 'receive transfer', weight: 5, act: () => this.#receive() },
      { name: 'close transfer', weight: 9, act: () => this.#close() },
    ];
  }

  async #plan(): Promise<unknown> {
    const { chance, nodes } = this.#world;
    const [from, to] = [chance.one(nodes), chance.one(nodes)];
    if (from === to) return undefined;
    const id = `van-${this.#planned.length + 1}`;
    from.audit.transferIds.add(id);
    this.#planned.push({ id, from, to });
    const lines = this.#world.someLines();
    const fingerprint = JSON.stringify(lines);
    const command: Command = { type: 'plan-transfer', id, to: to.node.warehouse, lines, fingerprint };
    return this.#floor.say(from, command, 'plans', (life) => life.lastUnits.beforePromise(lines));
  }

  async #send(): Promise<unknown> {
    const planned = this.#any();
    if (planned === undefined) return undefined;
    const { id, from } = planned;
    const command: Command = this.#world.chance.happens(0.85)
      ? { type: 'ship-transfer', id, fingerprint: 'all' }
      : { type: 'cancel-transfer', id };
    return this.#floor.say(from, command, 'loads');
  }

  /** Only what was loaded comes off the van; the receiving dock need not have heard of it. */
  async #receive(): Promise<unknown> {
    const { chance } = this.#world;
    const planned = this.#any((one) => underWay(one).length > 0);
    if (planned === undefined) return undefined;
    const { id, from, to } = planned;
    // One van is unloaded by one crew at a time, which counts what is still on it.
    if (this.#unloading.has(id)) return undefined;
    for (const { audit } of [from, to]) audit.check();
    const isAll = chance.happens(0.6);
    const lines = underWay(planned).map(
      ({ sku, quantity }): SkuQuantity => ({ sku, quantity: isAll ? quantity : chance.between(1, quantity) }),
    );
    if (lines.length === 0) return undefined;
    const command: Command = { type: 'receive-transfer', id, from: from.node.warehouse, lines, isLast: isAll };
    this.#unloading.add(id);
    await this.#floor.say(to, command, 'unloads');
    this.#unloading.delete(id);
    return undefined;
  }

  async #close(): Promise<unknown> {
    const planned = this.#any((one) => underWay(one).length > 0);
    if (planned === undefined) return undefined;
    const { id, to } = planned;
    return this.#floor.say(to, { type: 'close-transfer', id, reason: 'shrinkage', actor: 'ana' }, 'closes');
  }

  /** One of the last, of which something can be said. */
  #any(isMeant: (planned: Planned) => boolean = () => true): Planned | undefined {
    const { chance } = this.#world;
    const some = this.#planned.filter(isMeant);
    return some.length === 0 ? undefined : chance.one(some.slice(-4));
  }
}
