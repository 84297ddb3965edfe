import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { PendingRecall, PolicyRecallTable } from '../../tables/policy-table.ts';
import { firstRow, type Session } from '../session.ts';

type RecallRow = { warehouse: WarehouseId; share_percent: number; safety_stock: number; after_sku: Sku | '' };

const RECALL = 'SELECT warehouse, share_percent, safety_stock, after_sku FROM policy_recall';

/** `PolicyRecallTable` on PostgreSQL. */
export class PostgresPolicyRecallTable implements PolicyRecallTable {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async get(warehouse: WarehouseId): Promise<PendingRecall | undefined> {
    const row = await firstRow<RecallRow>(this.#session, `${RECALL} WHERE warehouse = $1`, [warehouse]);
    return row && recallOf(row);
  }

  async first(): Promise<PendingRecall | undefined> {
    const row = await firstRow<RecallRow>(
      this.#session,
      `${RECALL} WHERE warehouse NOT IN (SELECT warehouse FROM unsettled) ORDER BY warehouse LIMIT 1`,
    );
    return row && recallOf(row);
  }

  async put({ warehouse, before, after }: PendingRecall): Promise<void> {
    await this.#session.send(
      `INSERT INTO policy_recall (warehouse, share_percent, safety_stock, after_sku) VALUES ($1, $2, $3, $4)
      ON CONFLICT (warehouse) DO UPDATE SET
        share_percent = excluded.share_percent, safety_stock = excluded.safety_stock, after_sku = excluded.after_sku`,
      [warehouse, before.sharePercent, before.safetyStock, after],
    );
  }

  async end(warehouse: WarehouseId): Promise<void> {
    await this.#session.send('DELETE FROM policy_recall WHERE warehouse = $1', [warehouse]);
  }
}

function recallOf(row: RecallRow): PendingRecall {
  const { warehouse, share_percent: sharePercent, safety_stock: safetyStock, after_sku: after } = row;
  return { warehouse, before: { sharePercent, safetyStock }, after };
}
