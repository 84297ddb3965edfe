import { CentralUnheard, RejoinRefused } from '@edgestock/edge-node/rejoin/rejoin';
import { endsWithRecognition } from '@edgestock/edge-node/rules/restored';
import type { Action } from './actions.ts';
import type { AuditedNode } from './audited-node.ts';
import type { ShopFloor } from './shop-floor.ts';
import type { World } from './world.ts';

const EXCEPTIONS_MAX = 1_000;

/** Whoever looks after nodes that say they need somebody: lets them rejoin, and has counted what may be missing. */
export class Operator {
  readonly #world: World;
  readonly #floor: ShopFloor;

  constructor(world: World, floor: ShopFloor) {
    this.#world = world;
    this.#floor = floor;
  }

  get actions(): readonly Action[] {
    return [
      { name: 'let rejoin', weight: 8, act: () => this.#letRejoin() },
      { name: 'count what may be missing', weight: 3, act: () => this.#countMissing(this.#anyNode()) },
    ];
  }

  /** Does all that somebody has to do; whatever is not answered now is done the next time. */
  async attend(): Promise<void> {
    for (const one of this.#world.nodes) {
      if (needsRejoin(one)) await this.#rejoin(one);
      else await this.#countMissing(one);
    }
  }

  /** Also, now and then, a node that needs none of it. */
  async #letRejoin(): Promise<void> {
    const { chance, nodes } = this.#world;
    const needing = nodes.filter(needsRejoin);
    if (needing.length > 0) await this.#rejoin(chance.one(needing));
    else if (chance.happens(0.1)) await this.#rejoin(this.#anyNode());
  }

  /** As the command does it: looks, and has done what it has seen. */
  async #rejoin(one: AuditedNode): Promise<void> {
    const { chance, trace, reached } = this.#world;
    const { node } = one;
    const { life } = node;
    if (life === undefined) return;
    try {
      const known = await life.rejoin.look();
      if (node.life !== life || one.node !== node) return;
      const recount = chance.happens(0.2) ? ('all' as const) : undefined;
      one.rejoins();
      life.rejoin.begin({ sawEpoch: known.epoch, recount });
      reached.add('rejoin');
      trace.note(`${node.warehouse} is to rejoin after ${known.applied} in epoch ${known.epoch + 1}`);
    } catch (error) {
      if (!(error instanceof CentralUnheard || error instanceof RejoinRefused)) throw error;
      trace.note(`${node.warehouse} cannot rejoin: ${error.message}`);
    }
  }

  async #countMissing(one: AuditedNode): Promise<void> {
    const { chance } = this.#world;
    const { life, store } = one.node;
    if (life === undefined) return;
    for (const { kind, sku } of store.exceptions.openAfter(0, EXCEPTIONS_MAX)) {
      if (kind !== 'recount') continue;
      const counted = Math.max(0, one.audit.position(sku).onHand + chance.between(-1, 1));
      await this.#floor.say(one, { type: 'count', lines: [{ sku, counted }] }, 'counts what may be missing:');
    }
  }

  #anyNode(): AuditedNode {
    return this.#world.chance.one(this.#world.nodes);
  }
}

/** What the node itself says: it was refused or fenced, or knows that something is lost. One that is under way goes on. */
function needsRejoin({ node }: AuditedNode): boolean {
  const { life, store } = node;
  const phase = life?.rejoin.status()?.phase;
  if (life === undefined || (phase !== undefined && phase !== 'failed')) return false;
  const { state } = life.replication.status();
  const isLossProven = store.restored !== undefined && !endsWithRecognition(store.restored.kind);
  return state === 'refused' || state === 'fenced' || isLossProven;
}
