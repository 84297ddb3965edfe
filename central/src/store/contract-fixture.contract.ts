import { must } from '@edgestock/shared/runtime/assert';
import { expect } from 'vitest';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import { type NodeLog, skuOf } from '../testing/node-log.ts';
import type { BatchOutcome, CentralReader, CentralStore } from './central-store.ts';

export type OpenedStore = {
  readonly store: CentralStore;
  /** A reader of the same data on a connection of its own. */
  readonly reader: CentralReader;
  /** The same data in a new life of the process. */
  reopen(): Promise<CentralStore>;
  /** Closes everything and gives back what it took. */
  close(): Promise<void>;
};

/** A store on fresh ground. */
export type OpenStore = () => Promise<OpenedStore>;

export const NOW = 1_800_000_000_000;

/** The store of the running test, and what every test does with it. */
export class ContractFixture {
  #opened: OpenedStore | undefined;

  get opened(): OpenedStore {
    return must(this.#opened, 'a test is running');
  }

  get store(): CentralStore {
    return this.opened.store;
  }

  async open(open: OpenStore): Promise<void> {
    this.#opened = await open();
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
}
