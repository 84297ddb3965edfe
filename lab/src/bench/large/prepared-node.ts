import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DATABASE_FILE } from '@edgestock/edge-node/store/edge-backup';
import { EdgeStore } from '@edgestock/edge-node/store/edge-store';
import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { bulkLoad, SKU_ROWS } from './bulk-load.ts';
import { OPENING, openingEnd } from './opening-log.ts';

/**
 * A node's data directory with an assortment of any size, as it is once central has applied the opening stock and the log of it was
 * trimmed. What is there already is used again. A million positions take 3 s so, and a minute through the ledger.
 */
export function prepareNode(
  directory: string,
  { warehouse, skus }: { readonly warehouse: string; readonly skus: number },
): void {
  const path = join(directory, DATABASE_FILE);
  if (existsSync(path)) return;
  const dataDir = directory;
  const store = EdgeStore.open({
    dataDir,
    warehouse: warehouse as WarehouseId,
    clock: systemClock,
    random: systemRandom,
  });
  const end = openingEnd(warehouse, skus);
  store.transaction(() => {
    store.node.adoptEpoch(1);
    store.node.setHead(end, end.sequence);
    store.node.setCheckpoint(end);
  });
  store.close();
  const { onHand, granted, version, at } = OPENING;
  const values = { skus, onHand, granted, version, at };
  bulkLoad(path, {
    indexes: [],
    fill: (database) => {
      database
        .prepare(
          `INSERT INTO item (sku, name, is_listed, updated_at) ${SKU_ROWS} SELECT sku, NULL, 0, @at FROM skus ORDER BY number`,
        )
        .run(values);
      database
        .prepare(
          `INSERT INTO position (sku, on_hand, unsellable, reserved, committed, quota, safety_stock, version, sequence,
            changed_at, granted, allocated, returned)
          ${SKU_ROWS} SELECT sku, @onHand, 0, 0, 0, @granted, 0, @version, (number + 1) * @version, @at, @granted, 0, 0
          FROM skus ORDER BY number`,
        )
        .run(values);
      for (const table of ['balance', 'checkpoint_balance']) {
        database
          .prepare(
            `INSERT INTO ${table} (sku, bin, lot, condition, quantity)
            ${SKU_ROWS} SELECT sku, '', '', 0, @onHand FROM skus ORDER BY number`,
          )
          .run(values);
      }
    },
  });
}
