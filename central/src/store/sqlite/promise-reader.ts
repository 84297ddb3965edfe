import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuPolicy } from '@edgestock/shared/protocol/directive';
import type { Database, Statement } from 'better-sqlite3';
import type { Channel, ChannelRecord } from '../../rules/channel.ts';
import type { Order } from '../../rules/order.ts';
import type { CentralItem, WarehouseSettings } from '../../rules/promise-command.ts';
import type { Reservation } from '../../rules/reservation.ts';
import type { TransferRecord } from '../../rules/transfer.ts';
import type { DownHead, DownSlice, PromiseAt, PromiseReader, PromiseStats, UnknownTask } from '../promise-store.ts';
import type { UnderWay } from '../transfer-reader.ts';
import { SqliteCatalogueReader } from './catalogue/catalogue-table.ts';
import { SqliteChannelReader } from './catalogue/channel-table.ts';
import { SqlitePolicyReader } from './catalogue/policy-table.ts';
import { SqliteDownLog } from './down/down-log.ts';
import { SqliteOrderFinder } from './orders/order-finder.ts';
import { SqliteOrderReader } from './orders/order-table.ts';
import { SqliteUnknownTaskTable } from './orders/unknown-task-table.ts';
import { SqliteHoldReader } from './promises/hold-table.ts';
import { SqliteReservationReader } from './promises/reservation-table.ts';
import { SqliteTransferTable } from './transfers/transfer-table.ts';

/** What central has promised and instructed, on one SQLite connection. */
export class SqlitePromiseReader implements PromiseReader {
  protected readonly database: Database;
  /** Several reads that see one committed state. */
  protected readonly snapshot: <T>(read: () => T) => T;
  readonly #reservations: SqliteReservationReader;
  readonly #orders: SqliteOrderReader;
  readonly #openOrders: SqliteOrderFinder;
  readonly #channels: SqliteChannelReader;
  readonly #policies: SqlitePolicyReader;
  readonly #catalogue: SqliteCatalogueReader;
  readonly #downLog: SqliteDownLog;
  readonly #holds: SqliteHoldReader;
  readonly #transfers: SqliteTransferTable;
  readonly #unknownTasks: SqliteUnknownTaskTable;
  readonly #oversold: Statement<[], { positions: number }>;

  constructor(database: Database) {
    this.database = database;
    const run = database.transaction((read: () => unknown) => read());
    this.snapshot = <T>(read: () => T) => run.deferred(read) as T;
    this.#reservations = new SqliteReservationReader(database);
    this.#orders = new SqliteOrderReader(database);
    this.#openOrders = new SqliteOrderFinder(database);
    this.#channels = new SqliteChannelReader(database);
    this.#policies = new SqlitePolicyReader(database);
    this.#catalogue = new SqliteCatalogueReader(database);
    this.#downLog = new SqliteDownLog(database);
    this.#holds = new SqliteHoldReader(database);
    this.#transfers = new SqliteTransferTable(database);
    this.#unknownTasks = new SqliteUnknownTaskTable(database);
    // In the words of its index, or it would read every position.
    this.#oversold = database.prepare(`
      SELECT count(*) AS positions FROM position WHERE granted - returned - allocated_sent - held < 0
        AND warehouse NOT IN (SELECT warehouse FROM unsettled)`);
  }

  async reservation(id: string): Promise<Reservation | undefined> {
    return this.snapshot(() => this.#reservations.get(id));
  }

  async reservations(options: Parameters<PromiseReader['reservations']>[0]): Promise<readonly Reservation[]> {
    return this.snapshot(() => this.#reservations.latest(options));
  }

  async order(id: string): Promise<Order | undefined> {
    return this.snapshot(() => this.#orders.get(id));
  }

  async orders(options: Parameters<PromiseReader['orders']>[0]): Promise<readonly Order[]> {
    return this.snapshot(() => this.#orders.latest(options));
  }

  async channels(): Promise<readonly ChannelRecord[]> {
    return this.snapshot(() => this.#channels.all());
  }

  async settings(warehouse: WarehouseId): Promise<WarehouseSettings | undefined> {
    return this.#policies.settings(warehouse);
  }

  async skuPolicies(warehouse: WarehouseId, after: Sku | undefined, limit: number): Promise<readonly SkuPolicy[]> {
    return this.#policies.rules(warehouse, after, limit);
  }

  async buffers(
    channel: Channel,
    after: Sku | undefined,
    limit: number,
  ): Promise<readonly { readonly sku: Sku; readonly buffer: number }[]> {
    return this.#channels.buffers(channel, after, limit);
  }

  async item(sku: Sku): Promise<CentralItem | undefined> {
    return this.snapshot(() => this.#catalogue.get(sku));
  }

  async items(after: Sku | undefined, limit: number): Promise<readonly CentralItem[]> {
    return this.snapshot(() => this.#catalogue.page(after, limit));
  }

  async promisesAt(warehouse: WarehouseId, sku: Sku, limit: number): Promise<readonly PromiseAt[]> {
    return this.snapshot(() => {
      const holds = this.#holds.newestAt(warehouse, sku, limit);
      const held = holds.map(({ kind, id, quantity }): PromiseAt => ({ kind, id, quantity }));
      const allocated = this.#openOrders.openUnits(warehouse, sku, limit - held.length);
      return [...held, ...allocated.map((one): PromiseAt => ({ kind: 'allocation', ...one }))];
    });
  }

  async transfersNamed(id: string): Promise<readonly TransferRecord[]> {
    return this.snapshot(() => this.#transfers.named(id));
  }

  async transfers(options: Parameters<PromiseReader['transfers']>[0]): Promise<readonly TransferRecord[]> {
    return this.snapshot(() => this.#transfers.latest(options));
  }

  async underWayTo(warehouse: WarehouseId, sku: Sku, limit: number): Promise<readonly UnderWay[]> {
    return this.#transfers.underWayTo(warehouse, sku, limit);
  }

  async unknownTasks(
    after: Pick<UnknownTask, 'warehouse' | 'task'> | undefined,
    limit: number,
  ): Promise<readonly UnknownTask[]> {
    return this.snapshot(() => this.#unknownTasks.open(after, limit));
  }

  async unknownTask(warehouse: WarehouseId, task: string): Promise<UnknownTask | undefined> {
    return this.snapshot(() => this.#unknownTasks.get(warehouse, task));
  }

  async promiseStats(): Promise<PromiseStats> {
    return this.snapshot(() => ({
      reservationsHeld: this.#reservations.held(),
      orders: this.#openOrders.openByState(),
      oversold: this.#oversold.get()?.positions ?? 0,
      unknownTasks: this.#unknownTasks.openCount(),
    }));
  }

  async downHead(warehouse: WarehouseId): Promise<DownHead | undefined> {
    return this.#downLog.head(warehouse);
  }

  async downHashAt(warehouse: WarehouseId, sequence: number): Promise<Uint8Array | undefined> {
    return this.#downLog.hashAt(warehouse, sequence);
  }

  async directivesAfter(
    warehouse: WarehouseId,
    sequence: number,
    limits: { readonly directivesMax: number; readonly bytesMax: number },
  ): Promise<DownSlice | undefined> {
    return this.snapshot(() => this.#downLog.after(warehouse, sequence, limits));
  }
}
