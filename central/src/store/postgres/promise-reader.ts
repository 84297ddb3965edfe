import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuPolicy } from '@edgestock/shared/protocol/directive';
import type { Channel, ChannelRecord } from '../../rules/channel.ts';
import type { Order } from '../../rules/order.ts';
import type { CentralItem, WarehouseSettings } from '../../rules/promise-command.ts';
import type { Reservation } from '../../rules/reservation.ts';
import type { TransferRecord } from '../../rules/transfer.ts';
import type { DownHead, DownSlice, PromiseAt, PromiseReader, PromiseStats, UnknownTask } from '../promise-store.ts';
import type { UnderWay } from '../transfer-reader.ts';
import { PostgresCatalogueReader } from './catalogue/catalogue-table.ts';
import { PostgresChannelReader } from './catalogue/channel-table.ts';
import { PostgresPolicyReader } from './catalogue/policy-table.ts';
import { PostgresDownLog } from './down/down-log.ts';
import { PostgresOrderFinder } from './orders/order-finder.ts';
import { PostgresOrderReader } from './orders/order-table.ts';
import { PostgresUnknownTaskTable } from './orders/unknown-task-table.ts';
import { PostgresHoldReader } from './promises/hold-table.ts';
import { PostgresReservationReader } from './promises/reservation-table.ts';
import { firstRow, type PostgresDatabase, type Session } from './session.ts';
import { PostgresTransferTable } from './transfers/transfer-table.ts';

/** What central has promised and instructed, in PostgreSQL. Almost every answer is one statement, and so of one state. */
export class PostgresPromiseReader implements PromiseReader {
  protected readonly database: Pick<PostgresDatabase, 'reads' | 'snapshot'>;
  readonly #reservations: PostgresReservationReader;
  readonly #orders: PostgresOrderReader;
  readonly #channels: PostgresChannelReader;
  readonly #policies: PostgresPolicyReader;
  readonly #catalogue: PostgresCatalogueReader;
  readonly #downLog: PostgresDownLog;
  readonly #transfers: PostgresTransferTable;
  readonly #unknownTasks: PostgresUnknownTaskTable;

  constructor(database: Pick<PostgresDatabase, 'reads' | 'snapshot'>) {
    this.database = database;
    const { reads } = database;
    this.#reservations = new PostgresReservationReader(reads);
    this.#orders = new PostgresOrderReader(reads);
    this.#channels = new PostgresChannelReader(reads);
    this.#policies = new PostgresPolicyReader(reads);
    this.#catalogue = new PostgresCatalogueReader(reads);
    this.#downLog = new PostgresDownLog(reads);
    this.#transfers = new PostgresTransferTable(reads);
    this.#unknownTasks = new PostgresUnknownTaskTable(reads);
  }

  reservation(id: string): Promise<Reservation | undefined> {
    return this.#reservations.get(id);
  }

  reservations(options: Parameters<PromiseReader['reservations']>[0]): Promise<readonly Reservation[]> {
    return this.#reservations.latest(options);
  }

  order(id: string): Promise<Order | undefined> {
    return this.#orders.get(id);
  }

  orders(options: Parameters<PromiseReader['orders']>[0]): Promise<readonly Order[]> {
    return this.#orders.latest(options);
  }

  channels(): Promise<readonly ChannelRecord[]> {
    return this.#channels.all();
  }

  settings(warehouse: WarehouseId): Promise<WarehouseSettings | undefined> {
    return this.#policies.settings(warehouse);
  }

  skuPolicies(warehouse: WarehouseId, after: Sku | undefined, limit: number): Promise<readonly SkuPolicy[]> {
    return this.#policies.rules(warehouse, after, limit);
  }

  buffers(
    channel: Channel,
    after: Sku | undefined,
    limit: number,
  ): Promise<readonly { readonly sku: Sku; readonly buffer: number }[]> {
    return this.#channels.buffers(channel, after, limit);
  }

  item(sku: Sku): Promise<CentralItem | undefined> {
    return this.#catalogue.get(sku);
  }

  items(after: Sku | undefined, limit: number): Promise<readonly CentralItem[]> {
    return this.#catalogue.page(after, limit);
  }

  promisesAt(warehouse: WarehouseId, sku: Sku, limit: number): Promise<readonly PromiseAt[]> {
    return this.database.snapshot(async (session) => {
      const holds = await new PostgresHoldReader(session).newestAt(warehouse, sku, limit);
      const held = holds.map(({ kind, id, quantity }): PromiseAt => ({ kind, id, quantity }));
      const allocated = await new PostgresOrderFinder(session).openUnits(warehouse, sku, limit - held.length);
      return [...held, ...allocated.map((one): PromiseAt => ({ kind: 'allocation', ...one }))];
    });
  }

  transfersNamed(id: string): Promise<readonly TransferRecord[]> {
    return this.#transfers.named(id);
  }

  transfers(options: Parameters<PromiseReader['transfers']>[0]): Promise<readonly TransferRecord[]> {
    return this.#transfers.latest(options);
  }

  underWayTo(warehouse: WarehouseId, sku: Sku, limit: number): Promise<readonly UnderWay[]> {
    return this.#transfers.underWayTo(warehouse, sku, limit);
  }

  unknownTasks(
    after: Pick<UnknownTask, 'warehouse' | 'task'> | undefined,
    limit: number,
  ): Promise<readonly UnknownTask[]> {
    return this.#unknownTasks.open(after, limit);
  }

  unknownTask(warehouse: WarehouseId, task: string): Promise<UnknownTask | undefined> {
    return this.#unknownTasks.get(warehouse, task);
  }

  promiseStats(): Promise<PromiseStats> {
    return this.database.snapshot(async (session) => ({
      reservationsHeld: await new PostgresReservationReader(session).held(),
      orders: await new PostgresOrderFinder(session).openByState(),
      oversold: await oversoldPositions(session),
      unknownTasks: await new PostgresUnknownTaskTable(session).openCount(),
    }));
  }

  downHead(warehouse: WarehouseId): Promise<DownHead | undefined> {
    return this.#downLog.head(warehouse);
  }

  downHashAt(warehouse: WarehouseId, sequence: number): Promise<Uint8Array | undefined> {
    return this.#downLog.hashAt(warehouse, sequence);
  }

  directivesAfter(
    warehouse: WarehouseId,
    sequence: number,
    limits: { readonly directivesMax: number; readonly bytesMax: number },
  ): Promise<DownSlice | undefined> {
    return this.#downLog.after(warehouse, sequence, limits);
  }
}

/** In the words of its index, or it would read every position. */
async function oversoldPositions(session: Session): Promise<number> {
  const row = await firstRow<{ positions: number }>(
    session,
    `SELECT count(*) AS positions FROM position WHERE granted - returned - allocated_sent - held < 0
      AND warehouse NOT IN (SELECT warehouse FROM unsettled)`,
  );
  return row?.positions ?? 0;
}
