import { hash } from 'node:crypto';
import { parseWarehouseId } from '@edgestock/shared/inventory/ids';

/** Which warehouse a receipt belongs to; undefined when the file names one that cannot be an id. */
export type Destination = (line: { readonly store?: string; readonly receipt?: string }) => string | undefined;

/** The store column names the warehouse. */
export const byStore: Destination = ({ store = '' }) => parseWarehouseId(store.trim());

/**
 * A file without stores is spread over `warehouses`: all lines of a receipt go to one place, and the same receipt to the
 * same place each time. Which place says nothing about where the goods were.
 */
export function byReceipt(warehouses: readonly string[]): Destination {
  return ({ receipt = '' }) => warehouses[hash('sha256', receipt, 'buffer').readUInt32BE(0) % warehouses.length];
}

/** By store where the file has a column for it, else spread over `warehouses`. */
export function byStoreOrReceipt(warehouses: readonly string[]): Destination {
  const spread = byReceipt(warehouses);
  return (line) => (line.store === undefined ? spread(line) : byStore(line));
}

/** `W001`, `W002`, ... */
export function numberedWarehouses(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `W${String(index + 1).padStart(3, '0')}`);
}
