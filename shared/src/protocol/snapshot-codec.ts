import { conditions } from '../inventory/movement.ts';
import { quantitiesOf, stateFields } from './codec.ts';
import { wireLimits } from './limits.ts';
import { packed, sealed, unsealed } from './packing.ts';
import {
  compareSkus,
  type SnapshotChunk,
  type SnapshotExpiry,
  type SnapshotPlace,
  type SnapshotRow,
  type SnapshotSetAside,
  setAsideHolders,
} from './snapshot.ts';
import { PROTOCOL_MAJOR } from './version.ts';
import { arrayOf, conditionOf, integer, natural, skuOf, textOf, WireError, warehouseOf } from './wire-fields.ts';

/**
 * Chunks of a snapshot as arrays of fields, closed like every message by a CRC. What a row has several of lies flat in one
 * array, group by group: the wire nests no deeper.
 */
export function encodeSnapshotChunk(chunk: SnapshotChunk): Buffer {
  const { warehouse, epoch, instance, sequence, index, schema, rows } = chunk;
  return sealed([PROTOCOL_MAJOR, warehouse, epoch, instance, sequence, index, schema, rows.map(rowFields)]);
}

/** Bytes of a row within a chunk. */
export function snapshotRowBytes(row: SnapshotRow): number {
  return packed(rowFields(row)).length;
}

export function decodeSnapshotChunk(bytes: Uint8Array): SnapshotChunk {
  if (bytes.length > wireLimits.snapshotChunkBytesMax)
    throw new WireError(`a chunk of ${bytes.length} bytes is too long`);
  const [major, warehouse, epoch, instance, sequence, index, schema, rows] = unsealed(bytes, 9);
  if (major !== PROTOCOL_MAJOR) throw new WireError(`protocol major ${String(major)} is not ${PROTOCOL_MAJOR}`);
  const list = arrayOf(rows, 'rows');
  if (list.length > wireLimits.snapshotChunkRowsMax)
    throw new WireError(`${list.length} rows are too many for a chunk`);
  const chunk = {
    warehouse: warehouseOf(warehouse),
    epoch: natural(epoch, 'epoch'),
    instance: textOf(instance, 'instance'),
    sequence: natural(sequence, 'sequence'),
    index: natural(index, 'index'),
    schema: natural(schema, 'schema'),
    rows: list.map(rowOf),
  };
  for (const [at, row] of chunk.rows.entries()) checkRow(row, chunk.rows[at - 1], chunk.sequence);
  return chunk;
}

function checkRow(row: SnapshotRow, before: SnapshotRow | undefined, sequence: number): void {
  if (before !== undefined && compareSkus(before.sku, row.sku) > 0) {
    throw new WireError(`${row.sku} comes after ${before.sku}: the rows are out of order`);
  }
  if (row.version < 1 || row.sequence < 1 || row.sequence > sequence) {
    throw new WireError(`${row.sku} is of version ${row.version} at ${row.sequence}: not of a snapshot at ${sequence}`);
  }
}

function rowFields({ sku, version, sequence, state, places, expiries, setAsides }: SnapshotRow): unknown[] {
  return [
    sku,
    version,
    sequence,
    stateFields(state),
    places.flatMap(({ bin, lot, condition, quantity }) => [bin, lot, conditions.indexOf(condition), quantity]),
    expiries.flatMap(({ lot, expiry }) => [lot, expiry]),
    setAsides.flatMap(({ holder, document, quantity, otherWarehouse, released, shipped }) => [
      setAsideHolders.indexOf(holder),
      document,
      quantity,
      otherWarehouse ?? '',
      released,
      shipped,
    ]),
  ];
}

function rowOf(value: unknown): SnapshotRow {
  const [sku, version, sequence, state, places, expiries, setAsides] = arrayOf(value, 'row');
  return {
    sku: skuOf(sku),
    version: natural(version, 'version'),
    sequence: natural(sequence, 'sequence'),
    state: quantitiesOf(state),
    places: groupsOf(places, 4, 'places').map(placeOf),
    expiries: groupsOf(expiries, 2, 'expiries').map(expiryOf),
    setAsides: groupsOf(setAsides, 6, 'set-asides').map(setAsideOf),
  };
}

function placeOf([bin, lot, condition, quantity]: readonly unknown[]): SnapshotPlace {
  return {
    bin: textOf(bin, 'bin'),
    lot: textOf(lot, 'lot'),
    condition: conditionOf(condition),
    quantity: integer(quantity, 'quantity'),
  };
}

function expiryOf([lot, expiry]: readonly unknown[]): SnapshotExpiry {
  return { lot: textOf(lot, 'lot'), expiry: textOf(expiry, 'expiry') };
}

function setAsideOf([
  code,
  document,
  quantity,
  otherWarehouse,
  released,
  shipped,
]: readonly unknown[]): SnapshotSetAside {
  const holder = setAsideHolders[natural(code, 'holder')];
  if (holder === undefined) throw new WireError('what holds the units is not known');
  return {
    holder,
    document: textOf(document, 'document'),
    quantity: natural(quantity, 'quantity'),
    released: natural(released, 'released'),
    shipped: natural(shipped, 'shipped'),
    ...(otherWarehouse === '' ? {} : { otherWarehouse: warehouseOf(otherWarehouse) }),
  };
}

function groupsOf(value: unknown, size: number, name: string): readonly (readonly unknown[])[] {
  const fields = arrayOf(value, name);
  if (fields.length % size !== 0) throw new WireError(`${fields.length} fields of ${name} are no groups of ${size}`);
  const groups: unknown[][] = [];
  for (let from = 0; from < fields.length; from += size) groups.push(fields.slice(from, from + size));
  return groups;
}
