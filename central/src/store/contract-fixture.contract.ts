import type { Directive } from '@edgestock/shared/protocol/directive';
import { decodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { must } from '@edgestock/shared/runtime/assert';
import { expect } from 'vitest';
import { type Channel, DEFAULT_CHANNEL, parseChannel } from '../rules/channel.ts';
import type { PromiseCommand, PromiseOutcome } from '../rules/promise-command.ts';
import { NodeLog, skuOf, warehouseOf } from '../testing/node-log.ts';
import type { BatchOutcome, CentralReader, CentralStore } from './central-store.ts';
import type { PromiseReader, PromiseStore } from './promise-store.ts';

/** The whole port. */
type Store = CentralStore & PromiseStore;

export type OpenedStore = {
  readonly store: Store;
  /** A reader of the same data on a connection of its own. */
  readonly reader: CentralReader & PromiseReader;
  /** The same data in a new life of the process. */
  reopen(): Promise<Store>;
  /** Copies the data; what comes back puts the copy in its place, in a new epoch and a new life of the process. */
  backUp(): Promise<() => Promise<Store>>;
  /** Closes everything and gives back what it took. */
  close(): Promise<void>;
};

/** A store on fresh ground. */
export type OpenStore = () => Promise<OpenedStore>;

export const NOW = 1_800_000_000_000;

/** The store of the running test, and what every test does with it. */
export class ContractFixture {
  #open: OpenStore | undefined;
  #opened: OpenedStore | undefined;

  get opened(): OpenedStore {
    return must(this.#opened, 'a test is running');
  }

  get store(): Store {
    return this.opened.store;
  }

  async open(open: OpenStore): Promise<void> {
    this.#open = open;
    this.#opened = await open();
  }

  /** Another store on fresh ground, for a property's next run. */
  async renew(): Promise<void> {
    await this.opened.close();
    this.#opened = await this.#open?.();
  }

  readonly available = async (sku: string, from: CentralReader = this.store): Promise<number> =>
    (await from.availability(skuOf(sku), DEFAULT_CHANNEL)).available;

  readonly enrolled = async (log: NodeLog): Promise<NodeLog> => {
    const outcome = await this.store.enrol(log.warehouse, log.enrolRequest(), NOW);
    expect(outcome).toMatchObject({ outcome: 'enrolled' });
    return log;
  };

  /** Applies one batch of the log. */
  readonly apply = async (log: NodeLog, first: number, last: number, now = NOW): Promise<BatchOutcome> => {
    const { outcomes } = await this.store.applyBatches([log.verified(first, last)], now);
    return must(outcomes[0], 'one batch has one outcome');
  };

  /** A node that has so many of each SKU and has granted central all of them. */
  readonly stocked = async (warehouse: string, stock: Readonly<Record<string, number>>): Promise<NodeLog> => {
    const log = await this.enrolled(new NodeLog(warehouse));
    for (const [sku, quantity] of Object.entries(stock)) log.record(sku, quantity);
    await this.apply(log, 1, log.head);
    return log;
  };

  /** The outcome of one command. */
  readonly promise = async (command: PromiseCommand, now = NOW): Promise<PromiseOutcome> => {
    const { outcomes } = await this.store.promise([command], now);
    return must(outcomes[0], 'one command has one outcome');
  };

  /** Units central holds at each warehouse that has the SKU. */
  readonly held = async (sku: string): Promise<readonly (readonly [string, number])[]> => {
    const { warehouses } = await this.store.availability(skuOf(sku), DEFAULT_CHANNEL);
    return warehouses.map(({ warehouse, atCentral }) => [warehouse, atCentral.held] as const);
  };

  /** What a node was told, in order. */
  readonly directives = async (warehouse: string): Promise<readonly (Directive | undefined)[]> => {
    const slice = await this.store.directivesAfter(warehouseOf(warehouse), 0, { directivesMax: 1_000, bytesMax: 1e9 });
    return (slice?.directives ?? []).map(decodeDirective);
  };
}

type Reserve = Extract<PromiseCommand, { readonly command: 'reserve' }>;

/** Reserves for a minute, all or nothing. */
export function reserve(id: string, lines: Readonly<Record<string, number>>, change: Partial<Reserve> = {}): Reserve {
  return {
    command: 'reserve',
    id,
    channel: DEFAULT_CHANNEL,
    owner: 'cart-1',
    expiresAt: NOW + 60_000,
    ttlSeconds: 60,
    lines: Object.entries(lines).map(([sku, quantity]) => ({ sku: skuOf(sku), quantity })),
    isPartial: false,
    ...change,
  };
}

export const channelOf = (text: string): Channel => must(parseChannel(text), 'a channel id');
