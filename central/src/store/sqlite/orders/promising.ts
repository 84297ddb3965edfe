import type { Database } from 'better-sqlite3';
import type { Applied } from '../../central-store.ts';
import { QuotaRecall } from '../catalogue/quota-recall.ts';
import { DownLogWriter } from '../down/down-log.ts';
import { UnsettledTable } from '../epochs/unsettled-table.ts';
import { AvailabilityWriter } from '../positions/availability-table.ts';
import { Holdings } from '../promises/holdings.ts';
import { PromiseSourcing } from '../promises/promise-sourcing.ts';
import { QuotaReturns } from '../promises/quota-returns.ts';
import { QuotaTable } from '../promises/quota-table.ts';
import { TransferDesk } from '../transfers/transfer-desk.ts';
import { Backorders } from './backorders.ts';
import { DeficitCover } from './deficit-cover.ts';
import { OrderSagas } from './order-sagas.ts';
import { UnknownTaskTable } from './unknown-task-table.ts';

/**
 * What every writing transaction shares, whatever brought it about: the answers, central's side of the quotas, who holds
 * them, and the logs down. `begin` and `end` enclose the transaction's work.
 */
export class Promising {
  readonly unsettled: UnsettledTable;
  readonly unknownTasks: UnknownTaskTable;
  readonly availability: AvailabilityWriter;
  readonly quota: QuotaTable;
  readonly downLog: DownLogWriter;
  readonly returns: QuotaReturns;
  readonly recalls: QuotaRecall;
  readonly sagas: OrderSagas;
  readonly deficits: DeficitCover;
  readonly backorders: Backorders;
  readonly holdings: Holdings;
  readonly sourcing: PromiseSourcing;
  readonly transfers: TransferDesk;

  constructor(database: Database) {
    this.unsettled = new UnsettledTable(database);
    this.unknownTasks = new UnknownTaskTable(database);
    this.availability = new AvailabilityWriter(database, this.unsettled);
    this.quota = new QuotaTable(database, this.availability, this.unsettled);
    this.downLog = new DownLogWriter(database);
    this.returns = new QuotaReturns(this.downLog);
    this.recalls = new QuotaRecall(database, this);
    this.sagas = new OrderSagas(database, this);
    this.backorders = new Backorders(database, this.sagas);
    this.deficits = new DeficitCover(database, this);
    this.holdings = new Holdings(database, this);
    this.sourcing = new PromiseSourcing(database, this.quota);
    this.transfers = new TransferDesk(database, this);
  }

  /** Forgets what a transaction that failed has left. */
  begin(): void {
    this.unsettled.begin();
    this.availability.begin();
    this.quota.begin();
    this.downLog.begin();
    this.returns.begin();
  }

  /**
   * Units that have come, or are promised to nobody any more, go to promises that no goods stand behind, and then to those who
   * wait: what was promised comes before what was only asked for.
   */
  serve(now: number): void {
    const risen = this.availability.takeRisen();
    this.deficits.coverShort(risen, now);
    this.backorders.serve([...new Set([...risen, ...this.availability.takeRisen()])], now);
  }

  /** Writes what was collected; returns the answers that changed, the nodes whose logs grew, and those that know more than central. */
  end(): Omit<Applied<never>, 'outcomes'> {
    this.returns.end();
    const ahead = this.availability.excluded();
    return { changes: this.availability.end(), directed: this.downLog.end(), ahead };
  }
}
