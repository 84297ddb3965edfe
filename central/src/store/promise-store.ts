import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuPolicy } from '@edgestock/shared/protocol/directive';
import type { Channel, ChannelRecord } from '../rules/channel.ts';
import type { Order, OrderState } from '../rules/order.ts';
import type { CentralItem, PromiseCommand, PromiseOutcome, WarehouseSettings } from '../rules/promise-command.ts';
import type { Reservation, ReservationState } from '../rules/reservation.ts';
import type { Applied } from './central-store.ts';
import type { TransferReader } from './transfer-reader.ts';

/**
 * The half of the store's port by which central promises. The same terms as for the rest: every write is one durable
 * transaction and may be repeated, and a directive is written into its node's log in the transaction that decided it.
 */
export interface PromiseStore extends PromiseReader {
  /**
   * Carries out commands in the order given, all in one transaction; `outcomes[i]` belongs to `commands[i]`. Each is decided
   * on what the ones before it left, so callers that arrive together cannot promise one unit twice (P3); and one that is
   * refused changes nothing of the others.
   */
  promise(commands: readonly PromiseCommand[], now: number): Promise<Applied<PromiseOutcome>>;

  /** How far nodes have carried out their logs; never moves backwards within one life of central. */
  recordCarriedOut(cursors: readonly { readonly warehouse: WarehouseId; readonly sequence: number }[]): Promise<void>;

  /**
   * Drops from the logs down what nobody needs any more (see `DownTrim`), at most so many directives over all nodes. Of the
   * end of what is gone the chain hash stays.
   */
  trimDirectives(now: number, rowsMax: number): Promise<DownTrim>;
}

export interface PromiseReader extends TransferReader {
  /** As stored: whether its time is over is for `stateAt` to say. */
  reservation(id: string): Promise<Reservation | undefined>;
  /** Latest first; `before` pages on. `held` only while their time is not over at `now`; one that is over is `expired` once swept. */
  reservations(options: {
    readonly state?: ReservationState;
    readonly channel?: Channel;
    readonly owner?: string;
    readonly before?: { readonly createdAt: number; readonly id: string };
    readonly now: number;
    readonly limit: number;
  }): Promise<readonly Reservation[]>;
  order(id: string): Promise<Order | undefined>;
  /** Latest first; `before` pages on. Of a warehouse: those of which something was ever allocated there. */
  orders(options: {
    readonly state?: OrderState;
    readonly warehouse?: WarehouseId;
    readonly before?: { readonly placedAt: number; readonly id: string };
    readonly limit: number;
  }): Promise<readonly Order[]>;

  /** All of them; there are few. The default one always exists. */
  channels(): Promise<readonly ChannelRecord[]>;
  settings(warehouse: WarehouseId): Promise<WarehouseSettings | undefined>;
  skuPolicies(warehouse: WarehouseId, after: Sku | undefined, limit: number): Promise<readonly SkuPolicy[]>;
  buffers(
    channel: Channel,
    after: Sku | undefined,
    limit: number,
  ): Promise<readonly { readonly sku: Sku; readonly buffer: number }[]>;
  item(sku: Sku): Promise<CentralItem | undefined>;
  /** Items after a SKU, in the order of their SKUs. */
  items(after: Sku | undefined, limit: number): Promise<readonly CentralItem[]>;

  /** Who holds units of a position, then what is allocated there and not shipped; the newest of each first, at most so many. */
  promisesAt(warehouse: WarehouseId, sku: Sku, limit: number): Promise<readonly PromiseAt[]>;

  /**
   * Tasks that nodes have and no order of this central (it was restored from a backup), as long as there is something left to
   * ship; in the order of warehouse and task.
   */
  unknownTasks(
    after: Pick<UnknownTask, 'warehouse' | 'task'> | undefined,
    limit: number,
  ): Promise<readonly UnknownTask[]>;
  unknownTask(warehouse: WarehouseId, task: string): Promise<UnknownTask | undefined>;

  promiseStats(): Promise<PromiseStats>;

  /** The end of a node's log down; sequence 0 and the genesis hash before the first directive. `undefined` = not enrolled. */
  downHead(warehouse: WarehouseId): Promise<DownHead | undefined>;
  /** The chain hash at a place of that log; `undefined` where it does not hold it. */
  downHashAt(warehouse: WarehouseId, sequence: number): Promise<Uint8Array | undefined>;
  /** The next directives after a place, at least one when there is one. */
  directivesAfter(
    warehouse: WarehouseId,
    sequence: number,
    limits: { readonly directivesMax: number; readonly bytesMax: number },
  ): Promise<DownSlice | undefined>;
}

/**
 * What a trim came to. A node's log keeps what the node has not carried out, and of the rest what was carried out in the last
 * `directivesKeptMs`, but no more than `directivesKeptMax`: a catalogue that changes every hour does not fill the disk.
 */
export type DownTrim = { readonly trimmed: number; readonly isMore: boolean };

/** Units of one position that somebody was promised. */
export type PromiseAt = {
  readonly kind: 'reservation' | 'order' | 'allocation';
  /** Of the reservation or the order; of an allocation the task. */
  readonly id: string;
  readonly quantity: number;
};

/** Units that a node was told to ship by a central that this one does not remember. Who ordered them, only the shop knows. */
export type UnknownTask = {
  readonly warehouse: WarehouseId;
  readonly task: string;
  readonly heardAt: number;
  /** When an operator had it given up; absent = nobody has. */
  readonly releasedAt?: number;
  readonly lines: readonly {
    readonly sku: Sku;
    /** `quantity = shipped + givenUp + still to be shipped`. */
    readonly quantity: number;
    readonly shipped: number;
    readonly givenUp: number;
  }[];
};

/** Cheap enough for every scrape. */
export type PromiseStats = {
  readonly reservationsHeld: number;
  /** Orders that are not finished, by state. */
  readonly orders: Readonly<Record<string, number>>;
  /** Positions of which more was promised than granted (P3): must be zero. Of settled warehouses: of the others nobody knows yet. */
  readonly oversold: number;
  /** Tasks that nodes have to ship and that belong to no order. */
  readonly unknownTasks: number;
};

export type DownHead = {
  readonly sequence: number;
  readonly hash: Uint8Array;
  /** How far the node is known to have carried them out. */
  readonly carriedOut: number;
};

/** Consecutive directives as they are stored, ready to be sent. */
export type DownSlice = {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly hashBefore: Uint8Array;
  readonly hashLast: Uint8Array;
  readonly directives: readonly Uint8Array[];
};
