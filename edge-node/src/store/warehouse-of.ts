import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import Database from 'better-sqlite3';

/** The warehouse that a data directory belongs to; `undefined` when no node has used it yet. Reads only, and needs no lock. */
export function warehouseOf(dataDir: string): WarehouseId | undefined {
  const path = join(dataDir, 'edge.sqlite');
  if (!existsSync(path)) return undefined;
  const database = new Database(path, { readonly: true });
  try {
    return database.prepare<[], { warehouse: WarehouseId }>('SELECT warehouse FROM node WHERE id = 1').get()?.warehouse;
  } finally {
    database.close();
  }
}
