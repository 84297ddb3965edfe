import { parseSku, parseWarehouseId, type Sku, type WarehouseId } from '../inventory/ids.ts';
import { type Condition, conditions } from '../inventory/movement.ts';
import { HASH_BYTES } from './chain.ts';
import { wireLimits } from './limits.ts';

/** What came in is not a message of this wire: damaged, malformed, or not what it says. The sender's mistake, never a crash here. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

export function arrayOf(value: unknown, name: string): unknown[] {
  if (!Array.isArray(value)) throw new WireError(`${name} is not an array`);
  return value;
}

export function integer(value: unknown, name: string): number {
  if (!Number.isSafeInteger(value)) throw new WireError(`${name} is not a whole number`);
  return value as number;
}

export function natural(value: unknown, name: string): number {
  const number = integer(value, name);
  if (number < 0) throw new WireError(`${name} is negative`);
  return number;
}

export function textOf(value: unknown, name: string): string {
  if (typeof value !== 'string' || value.length > wireLimits.textBytesMax)
    throw new WireError(`${name} is not a short text`);
  return value;
}

export function bytesOf(value: unknown, name: string): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new WireError(`${name} is not bytes`);
  return value;
}

export function hashOf(value: unknown, name: string): Uint8Array {
  const bytes = bytesOf(value, name);
  if (bytes.length !== HASH_BYTES) throw new WireError(`${name} has ${bytes.length} bytes`);
  return bytes;
}

export function skuOf(value: unknown): Sku {
  const sku = typeof value === 'string' ? parseSku(value) : undefined;
  if (sku === undefined) throw new WireError('the SKU is malformed');
  return sku;
}

export function warehouseOf(value: unknown): WarehouseId {
  const warehouse = parseWarehouseId(textOf(value, 'warehouse'));
  if (warehouse === undefined) throw new WireError('the warehouse id is malformed');
  return warehouse;
}

export function conditionOf(value: unknown): Condition {
  const condition = conditions[natural(value, 'condition')];
  if (condition === undefined) throw new WireError('the condition is not known');
  return condition;
}

export function serialsOf(value: unknown): string[] {
  const serials = arrayOf(value, 'serials');
  if (serials.length > wireLimits.serialsPerLineMax) throw new WireError(`${serials.length} serials are too many`);
  return serials.map((serial) => textOf(serial, 'serial'));
}
