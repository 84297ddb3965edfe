import type { Applied } from '../../central-store.ts';
import type { AvailabilityWriter } from '../../tables/availability-table.ts';
import type { DownLogWriter } from '../../tables/down-table.ts';
import type { UnsettledTable } from '../../tables/epoch-table.ts';
import type { UnknownTaskTable } from '../../tables/order-table.ts';
import type { QuotaTable } from '../../tables/quota-table.ts';
import type { Tables } from '../../tables/tables.ts';
import { QuotaRecall } from '../catalogue/quota-recall.ts';
import { Holdings } from '../promises/holdings.ts';
import { QuotaReturns } from '../promises/quota-returns.ts';
import { TransferDesk } from '../transfers/transfer-desk.ts';
import { Backorders } from './backorders.ts';
import { DeficitCover } from './deficit-cover.ts';
import { OrderSagas } from './order-sagas.ts';

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
  readonly transfers: TransferDesk;

  constructor(tables: Tables) {
    this.unsettled = tables.unsettled;
    this.unknownTasks = tables.unknownTasks;
    this.availability = tables.availability;
    this.quota = tables.quota;
    this.downLog = tables.downLogWriter;
    this.returns = new QuotaReturns(this.downLog);
    this.recalls = new QuotaRecall(tables, this);
    this.sagas = new OrderSagas(tables, this);
    this.backorders = new Backorders(tables, this.sagas);
    this.deficits = new DeficitCover(tables, this);
    this.holdings = new Holdings(tables, this);
    this.transfers = new TransferDesk(tables, this);
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
  async serve(now: number): Promise<void> {
    const risen = this.availability.takeRisen();
    await this.deficits.coverShort(risen, now);
    await this.backorders.serve([...new Set([...risen, ...this.availability.takeRisen()])], now);
  }

  /** Writes what was collected; returns the answers that changed, the nodes whose logs grew, and those that know more than central. */
  async end(): Promise<Omit<Applied<never>, 'outcomes'>> {
    await this.returns.end();
    const ahead = this.availability.excluded();
    return { changes: await this.availability.end(), directed: await this.downLog.end(), ahead };
  }
}
