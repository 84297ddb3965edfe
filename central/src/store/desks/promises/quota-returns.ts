import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import type { DownLogWriter } from '../../tables/down-table.ts';
import { directivePages } from '../down/directive-pages.ts';

/** Quota that one transaction gives back, collected: each node is told once, with the last total of each SKU. */
export class QuotaReturns {
  #totals = new Map<WarehouseId, Map<Sku, number>>();
  readonly #downLog: DownLogWriter;

  constructor(downLog: DownLogWriter) {
    this.#downLog = downLog;
  }

  begin(): void {
    this.#totals = new Map();
  }

  /** `total` is what was ever given back of the SKU. */
  tell(warehouse: WarehouseId, sku: Sku, total: number): void {
    const totals = this.#totals.get(warehouse) ?? new Map<Sku, number>();
    totals.set(sku, total);
    this.#totals.set(warehouse, totals);
  }

  async end(): Promise<void> {
    for (const [warehouse, totals] of this.#totals) {
      const lines = Array.from(totals, ([sku, total]) => ({ sku, total }));
      for (const page of directivePages(lines, (some) => encodeDirective({ kind: 'quota-return', lines: some }))) {
        await this.#downLog.append(warehouse, page);
      }
    }
  }
}
