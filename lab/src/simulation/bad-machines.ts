import { movementKinds } from '@edgestock/shared/inventory/movement';
import { chainHash } from '@edgestock/shared/protocol/chain';
import { encodeDelta, encodeUpBatch } from '@edgestock/shared/protocol/codec';
import { upSubject } from '@edgestock/shared/protocol/subjects';
import { SCHEMA_MAX } from '@edgestock/shared/protocol/version';
import type { Action } from './actions.ts';
import { SimulatedNode } from './simulated-node.ts';
import { skus, type World } from './world.ts';

const DAY_MS = 24 * 3_600_000;
/** Both ways, from what a time service does to a clock that was set by hand. */
const CLOCKS_AHEAD_MS = [0, 500, -2_000, 60_000, -60_000, 3_600_000, DAY_MS, -DAY_MS];

/** What happens to the machines that nodes and central run on. */
export class BadMachines {
  readonly #world: World;
  #isClear = false;

  constructor(world: World) {
    this.#world = world;
  }

  get actions(): readonly Action[] {
    return [
      { name: 'node crash', weight: 3, act: () => this.#crashNode() },
      { name: 'central crash', weight: 3, act: () => this.#crashCentral() },
      { name: 'central rots', weight: 0.5, act: () => this.#rot() },
      { name: 'clock set', weight: 1, act: () => this.#setClock() },
      { name: 'clock of central set', weight: 0.5, act: () => this.#setCentralClock() },
      { name: 'disk full', weight: 0.7, act: () => this.#fillDisk() },
      { name: 'disk of central full', weight: 0.7, act: () => this.#fillCentralDisk() },
      { name: 'an earlier machine', weight: 0.5, act: () => this.#sendStraggler() },
      { name: 'a second installation', weight: 0.3, act: () => this.#startSecond() },
    ];
  }

  async clear(): Promise<void> {
    const { nodes, central } = this.#world;
    this.#isClear = true;
    for (const { node } of nodes) {
      node.setFull(false);
      node.start();
      node.setClockAhead(0);
    }
    central.setFull(false);
    central.setClockAhead(0);
    await central.start();
  }

  /** In the middle of whatever this turn has begun. */
  async #crashNode(): Promise<void> {
    const { chance } = this.#world;
    const { node } = this.#anyNode();
    if (chance.happens(0.6)) await new Promise<void>((resolve) => node.atNextDirectives(resolve));
    await this.#turns();
    if (node.life === undefined || this.#isClear) return;
    const head = node.store.outbox.head().sequence;
    node.crash();
    this.#note(`${node.warehouse} crashed at ${head}`);
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

  /** A number on central's disk is no longer what was written, and central comes upon it in its next life. */
  async #rot(): Promise<void> {
    const { central, chance } = this.#world;
    const { node, audit } = this.#anyNode();
    if (central.life === undefined || this.#isClear) return;
    const [sku, units] = [chance.one(skus), chance.one([-1, 1, 40])];
    if (!central.rot({ warehouse: node.warehouse, sku, units })) return;
    audit.quotas.rotted(sku);
    this.#note(`a position of ${node.warehouse} rotted at central by ${units}`);
    central.crash();
    await central.start();
  }

  async #setClock(): Promise<void> {
    const { node } = this.#anyNode();
    const aheadMs = this.#world.chance.one(CLOCKS_AHEAD_MS);
    node.setClockAhead(aheadMs);
    this.#note(`the clock of ${node.warehouse} is ${aheadMs} ms ahead`);
  }

  async #setCentralClock(): Promise<void> {
    const aheadMs = this.#world.chance.one(CLOCKS_AHEAD_MS);
    this.#world.central.setClockAhead(aheadMs);
    this.#note(`the clock of central is ${aheadMs} ms ahead`);
  }

  async #fillDisk(): Promise<void> {
    const { chance, clock } = this.#world;
    const { node } = this.#anyNode();
    node.setFull(true);
    this.#note(`the disk of ${node.warehouse} is full`);
    clock.after(chance.between(100, 20_000), () => {
      node.setFull(false);
      this.#note(`the disk of ${node.warehouse} has room again`);
    });
  }

  async #fillCentralDisk(): Promise<void> {
    const { chance, clock, central } = this.#world;
    central.setFull(true);
    this.#note('the disk of central is full');
    clock.after(chance.between(100, 20_000), () => {
      central.setFull(false);
      this.#note('the disk of central has room again');
    });
  }

  /** Somebody installs a warehouse a second time, and sells there: nothing of that may ever be taken for the first one. */
  async #startSecond(): Promise<void> {
    const { chance, clock } = this.#world;
    const { node } = this.#anyNode();
    // Whoever enrols first owns the warehouse.
    if ((await this.#world.central.store.warehouse(node.warehouse)) === undefined) return;
    const second = new SimulatedNode(node.warehouse, this.#world.surroundings);
    this.#world.seconds.push(second);
    this.#note(`${node.warehouse} is installed a second time`);
    const lines = this.#world.someLines().map((line) => ({ ...line, quantity: line.quantity + 7 }));
    this.#world.start(second.life?.ledger.record({ type: 'record', kind: 'receive', lines }) ?? Promise.resolve());
    clock.after(chance.between(100, 20_000), () => {
      second.crash();
      this.#note(`the second installation of ${node.warehouse} is gone`);
    });
  }

  /**
   * What a machine wrote that was replaced: it goes on where central stands, so that nothing but its epoch and its instance tells
   * that it is of another life of the warehouse.
   */
  async #sendStraggler(): Promise<void> {
    const { chance, central, broker, clock } = this.#world;
    const { node, audit } = this.#anyNode();
    const { warehouse } = node;
    const record = await central.store.warehouse(warehouse);
    if (record === undefined) return;
    const sku = chance.one(skus);
    const { version, sequence: previous, ...state } = audit.position(sku);
    const quantity = chance.between(1, 5);
    const delta = encodeDelta({
      ...{ kind: movementKinds.receive.code, sku, quantity, version: version + 1, previous, at: clock.now(), line: 0 },
      ...{ state: { ...state, onHand: state.onHand + quantity }, details: {} },
    });
    const { appliedUpTo, appliedHash, epoch } = record;
    const bytes = encodeUpBatch({
      ...{ warehouse, epoch, instance: 'an-earlier-machine', downAck: 0, schema: SCHEMA_MAX, deltas: [delta] },
      ...{ firstSequence: appliedUpTo + 1, lastSequence: appliedUpTo + 1 },
      ...{ hashBefore: appliedHash, hashLast: chainHash(appliedHash, delta) },
    });
    broker.farEnd().deliver(upSubject(warehouse), bytes);
    this.#note(`an earlier machine of ${warehouse} goes on at ${appliedUpTo}`);
  }

  /** In the same turn, some turns later, or while a slow disk is at work. */
  async #turns(): Promise<void> {
    const { chance, clock } = this.#world;
    for (let turn = chance.between(0, 3); turn > 0; turn -= 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    await clock.sleep(chance.one([0, 1, 5, 30]));
  }

  #anyNode() {
    return this.#world.chance.one(this.#world.nodes);
  }

  #note(line: string): void {
    this.#world.trace.note(line);
  }
}
