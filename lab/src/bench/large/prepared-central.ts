import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { STORE_FILE } from '@edgestock/central/store/sqlite/central-backup';
import { openCentralStore } from '@edgestock/central/store/sqlite/open-central-store';
import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { genesisHash } from '@edgestock/shared/protocol/chain';
import { SCHEMA_MAX, SCHEMA_MIN } from '@edgestock/shared/protocol/version';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { bulkLoad, SKU_ROWS } from './bulk-load.ts';
import { OPENING, openingEnd } from './opening-log.ts';

/**
 * Central's data directory with an assortment of any size in every warehouse, as it is once it has taken snapshots of nodes whose
 * logs were trimmed: states and answers, and no history. What is there already is used again.
 */
export async function prepareCentral(
  directory: string,
  { warehouses, skus }: { readonly warehouses: readonly string[]; readonly skus: number },
): Promise<void> {
  const path = join(directory, STORE_FILE);
  if (existsSync(path)) return;
  mkdirSync(directory, { recursive: true });
  const store = openCentralStore(path);
  const place = { epoch: 0, sequence: 0, hash: Buffer.from(genesisHash).toString('hex') };
  for (const warehouse of warehouses as readonly WarehouseId[]) {
    const request = {
      warehouse,
      instance: `prepared-${warehouse}`,
      place,
      schema: [SCHEMA_MIN, SCHEMA_MAX] as [number, number],
    };
    await store.enrol(warehouse, request, systemClock.now());
  }
  await store.close();
  const { onHand, granted, version, at } = OPENING;
  bulkLoad(path, {
    indexes: ['position_by_warehouse', 'availability_by_revision'],
    fill: (database) => {
      database
        .prepare(
          `INSERT INTO position (sku, warehouse, on_hand, unsellable, reserved, committed, quota, safety_stock, version, sequence,
            log_sequence, at, suspect, granted, allocated, returned_seen, returned, allocated_sent, held)
          ${SKU_ROWS} SELECT sku, warehouse, @onHand, 0, 0, 0, @granted, 0, @version, (number + 1) * @version,
            (number + 1) * @version, @at, 0, @granted, 0, 0, 0, 0, 0
          FROM skus CROSS JOIN (SELECT warehouse FROM node ORDER BY warehouse) ORDER BY number`,
        )
        .run({ skus, onHand, granted, version, at });
      database
        .prepare(
          `INSERT INTO availability (sku, channel, unspent, buffer, revision)
          ${SKU_ROWS} SELECT sku, channel.channel, @granted * @warehouses, buffer, number + 1 FROM skus CROSS JOIN channel
          ORDER BY number`,
        )
        .run({ skus, granted, warehouses: warehouses.length });
      database.prepare('UPDATE meta SET revision = ?').run(skus);
      const advance = database.prepare(
        'UPDATE node SET applied_up_to = ?, applied_hash = ?, applied_at = ?, last_delta_at = 0 WHERE warehouse = ?',
      );
      for (const warehouse of warehouses) {
        const { sequence, hash } = openingEnd(warehouse, skus);
        advance.run(sequence, hash, at, warehouse);
      }
    },
  });
}
