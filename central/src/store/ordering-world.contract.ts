import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { decodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { must } from '@edgestock/shared/runtime/assert';
import { expect } from 'vitest';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import type { Order } from '../rules/order.ts';
import type { PromiseCommand, PromiseOutcome } from '../rules/promise-command.ts';
import { linesOf } from '../testing/order-fixture.ts';
import { unitsOfOrder } from '../testing/order-in-words.ts';
import { PlayedNode } from '../testing/played-node.ts';
import { NOW, type OpenedStore, type OpenStore } from './contract-fixture.contract.ts';

export const PAYMENT_MS = 60_000;

/** The store of the running test, its nodes, and its clock. */
export class OrderingWorld {
  #opened: OpenedStore | undefined;
  #store: OpenedStore['store'] | undefined;
  nodes: PlayedNode[] = [];
  now = NOW;

  get store(): OpenedStore['store'] {
    return must(this.#store, 'a test is running');
  }

  async open(open: OpenStore): Promise<void> {
    this.#opened = await open();
    this.#store = this.#opened.store;
    this.nodes = [];
    this.now = NOW;
  }

  async reopen(): Promise<void> {
    this.#store = await must(this.#opened, 'a test is running').reopen();
  }

  /** What comes back has central forget everything since; its nodes hear of it as they come. */
  async backUp(): Promise<() => Promise<void>> {
    const putBack = await must(this.#opened, 'a test is running').backUp();
    return async () => {
      this.#store = await putBack();
    };
  }

  /** The node takes up the present epoch, says where it stands, and sends what central lacks. */
  async hearAgain(node: PlayedNode): Promise<void> {
    await node.takeUpEpoch(this.store, this.now);
    await node.tell(this.store, this.now);
  }

  async close(): Promise<void> {
    await this.#opened?.close();
  }

  /** `W1 A5`: a node that has received so much and told central, which wants all of it granted. */
  async node(stock: string): Promise<PlayedNode> {
    const [warehouse = '', ...lines] = stock.split(' ');
    const node = await new PlayedNode(warehouse).enrol(this.store, this.now);
    await this.promise(policyOf(node.log.warehouse, 100));
    for (const { sku, quantity } of linesOf(lines.join(' '))) node.receive(sku, quantity);
    await node.tell(this.store, this.now);
    this.nodes.push(node);
    return node;
  }

  async promise(command: PromiseCommand): Promise<PromiseOutcome> {
    const { outcomes } = await this.store.promise([command], this.now);
    return must(outcomes[0], 'one command has one outcome');
  }

  place(id: string, lines: string, change: Partial<Extract<PromiseCommand, { command: 'place-order' }>> = {}) {
    return this.promise(placing(id, lines, { paymentDueAt: this.now + PAYMENT_MS, ...change }));
  }

  pay(order: string, result: 'authorised' | 'failed' = 'authorised') {
    return this.promise({ command: 'pay', order, result });
  }

  cancel(order: string) {
    return this.promise({ command: 'cancel', order, reason: 'changed her mind' });
  }

  sweep() {
    return this.promise({ command: 'sweep', limit: 100 });
  }

  /** Nodes hear central and tell it what they did, until nothing is left to say. */
  async settle(): Promise<void> {
    for (let rounds = 0; ; rounds += 1) {
      expect(rounds).toBeLessThan(20);
      const before = await this.#places();
      for (const node of this.nodes) {
        await node.hear(this.store);
        await node.tell(this.store, this.now);
      }
      if (before === (await this.#places())) return;
    }
  }

  /** How far both logs of every node have got. */
  async #places(): Promise<string> {
    const places: string[] = [];
    for (const { log, carriedOut } of this.nodes) {
      const head = await this.store.downHead(log.warehouse);
      places.push(`${log.head} ${carriedOut} of ${head?.sequence}`);
    }
    return places.join();
  }

  /** Kinds of directives in a node's log, in order. */
  async told({ log }: PlayedNode): Promise<readonly string[]> {
    const limits = { directivesMax: 1_000, bytesMax: 1e9 };
    const slice = await this.store.directivesAfter(log.warehouse, 0, limits);
    return (slice?.directives ?? []).map((bytes) => must(decodeDirective(bytes), 'a directive of this release').kind);
  }

  async order(id: string): Promise<Order> {
    return must(await this.store.order(id), 'the order is there');
  }

  async units(id: string): Promise<readonly string[]> {
    return unitsOfOrder(await this.order(id));
  }

  async available(sku: string): Promise<number> {
    const [line] = linesOf(`${sku}1`);
    return (await this.store.availability(must(line, 'a line').sku, DEFAULT_CHANNEL)).available;
  }

  async why(id: string): Promise<readonly string[]> {
    return (await this.order(id)).history.map((step) => step.why);
  }
}

export function policyOf(warehouse: WarehouseId, sharePercent: number): PromiseCommand {
  return {
    command: 'set-policy',
    warehouse,
    settings: { class: 'store', sharePercent, safetyStock: 0, priority: 100 },
  };
}

export function placing(
  id: string,
  lines: string,
  change: Partial<Extract<PromiseCommand, { command: 'place-order' }>> = {},
) {
  return {
    command: 'place-order',
    id,
    channel: DEFAULT_CHANNEL,
    owner: 'customer',
    lines: linesOf(lines),
    paymentDueAt: NOW + PAYMENT_MS,
    paymentTtlSeconds: PAYMENT_MS / 1_000,
    onShortage: 'refuse',
    ...change,
  } as const satisfies PromiseCommand;
}
