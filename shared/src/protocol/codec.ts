import type { Quantities } from '../inventory/position.ts';
import { DIGEST_BUCKETS, DIGEST_BYTES } from '../inventory/position-digest.ts';
import type { Delta, StateRow } from './delta.ts';
import { decodeDetails, encodeDetails } from './details-codec.ts';
import { wireLimits } from './limits.ts';
import type { DownBatch, StateMessage, StateRepair, UpBatch } from './message.ts';
import { packed, sealed, unpackArray, unsealed } from './packing.ts';
import { PROTOCOL_MAJOR } from './version.ts';
import { arrayOf, bytesOf, hashOf, integer, natural, skuOf, textOf, WireError, warehouseOf } from './wire-fields.ts';

export { WireError } from './wire-fields.ts';

/**
 * The messages of the wire as arrays of fields. A delta is encoded once, when it is recorded; those bytes are hashed, stored
 * and sent as they are, so that "canonical" needs no second definition. Every field that comes in is checked (`packing.ts` has
 * checked the bytes before).
 */

export function encodeDelta(delta: Delta): Buffer {
  const { state, details } = delta;
  const fields: unknown[] = [
    delta.kind,
    delta.sku,
    delta.quantity,
    delta.version,
    delta.previous,
    stateFields(state),
    delta.at,
    delta.line,
  ];
  const extras = encodeDetails(details, delta.at);
  if (extras.length > 0) fields.push(extras);
  return packed(fields);
}

export function decodeDelta(bytes: Uint8Array): Delta {
  if (bytes.length > wireLimits.deltaBytesMax) throw new WireError(`a delta of ${bytes.length} bytes is too long`);
  const fields = unpackArray(bytes, 8);
  const [kind, sku, quantity, version, previous, state, at, line, extras] = fields;
  const recordedAt = natural(at, 'at');
  return {
    kind: natural(kind, 'kind'),
    sku: skuOf(sku),
    quantity: integer(quantity, 'quantity'),
    version: natural(version, 'version'),
    previous: natural(previous, 'previous'),
    state: quantitiesOf(state),
    at: recordedAt,
    line: natural(line, 'line'),
    details: extras === undefined ? {} : decodeDetails(extras, recordedAt),
  };
}

export function encodeUpBatch(batch: UpBatch): Buffer {
  return sealed([
    PROTOCOL_MAJOR,
    batch.warehouse,
    batch.epoch,
    batch.instance,
    batch.firstSequence,
    batch.lastSequence,
    batch.hashBefore,
    batch.hashLast,
    batch.schema,
    batch.downAck,
    batch.deltas,
    ...(batch.digest === undefined ? [] : [batch.digest]),
  ]);
}

export function decodeUpBatch(bytes: Uint8Array): UpBatch {
  const [major, warehouse, epoch, instance, first, last, hashBefore, hashLast, schema, downAck, deltas, ...appended] =
    unsealed(bytes, 12);
  const [digest] = appended;
  checkMajor(major);
  const batch: UpBatch = {
    ...identityOf(warehouse, epoch, instance),
    firstSequence: natural(first, 'firstSequence'),
    lastSequence: natural(last, 'lastSequence'),
    hashBefore: hashOf(hashBefore, 'hashBefore'),
    hashLast: hashOf(hashLast, 'hashLast'),
    schema: natural(schema, 'schema'),
    downAck: natural(downAck, 'downAck'),
    deltas: arrayOf(deltas, 'deltas').map((delta) => bytesOf(delta, 'delta')),
    ...(digest === undefined || digest === null ? {} : { digest: digestOf(digest) }),
  };
  checkNumbering(batch, batch.deltas.length, wireLimits.batchDeltasMax);
  return batch;
}

export function encodeDownBatch(batch: DownBatch): Buffer {
  return sealed([
    PROTOCOL_MAJOR,
    batch.warehouse,
    batch.centralEpoch,
    batch.firstSequence,
    batch.lastSequence,
    batch.hashBefore,
    batch.hashLast,
    batch.schema,
    batch.directives,
  ]);
}

export function decodeDownBatch(bytes: Uint8Array): DownBatch {
  const [major, warehouse, epoch, first, last, hashBefore, hashLast, schema, directives] = unsealed(bytes, 10);
  checkMajor(major);
  const batch: DownBatch = {
    warehouse: warehouseOf(warehouse),
    centralEpoch: natural(epoch, 'centralEpoch'),
    firstSequence: natural(first, 'firstSequence'),
    lastSequence: natural(last, 'lastSequence'),
    hashBefore: hashOf(hashBefore, 'hashBefore'),
    hashLast: hashOf(hashLast, 'hashLast'),
    schema: natural(schema, 'schema'),
    directives: arrayOf(directives, 'directives').map((directive) => bytesOf(directive, 'directive')),
  };
  checkNumbering(batch, batch.directives.length, wireLimits.batchDirectivesMax);
  return batch;
}

export function encodeStateMessage(message: StateMessage): Buffer {
  return sealed([
    PROTOCOL_MAJOR,
    message.warehouse,
    message.epoch,
    message.instance,
    message.asOfSequence,
    message.schema,
    message.rows.map(({ sku, version, sequence, state, at }) => [sku, version, sequence, stateFields(state), at]),
    ...(message.repair === undefined ? [] : [[message.repair.bucket, message.repair.isWhole ? 1 : 0]]),
  ]);
}

export function decodeStateMessage(bytes: Uint8Array): StateMessage {
  const [major, warehouse, epoch, instance, asOf, schema, rows, ...appended] = unsealed(bytes, 8);
  checkMajor(major);
  const list = arrayOf(rows, 'rows');
  const repair = repairOf(appended[0]);
  // That a bucket is empty at the node is worth saying.
  const isEmpty = list.length === 0 && repair === undefined;
  if (isEmpty || list.length > wireLimits.stateRowsMax)
    throw new WireError(`${list.length} state rows are out of bounds`);
  return {
    ...identityOf(warehouse, epoch, instance),
    asOfSequence: natural(asOf, 'asOfSequence'),
    schema: natural(schema, 'schema'),
    rows: list.map(stateRowOf),
    ...(repair === undefined ? {} : { repair }),
  };
}

function digestOf(value: unknown): Uint8Array {
  const digest = bytesOf(value, 'digest');
  if (digest.length !== DIGEST_BYTES) throw new WireError(`a digest of ${digest.length} bytes is none`);
  return digest;
}

function repairOf(value: unknown): StateRepair | undefined {
  if (value === undefined || value === null) return undefined;
  const [bucket, isWhole] = arrayOf(value, 'repair');
  const repair = { bucket: natural(bucket, 'bucket'), isWhole: natural(isWhole, 'isWhole') === 1 };
  if (repair.bucket >= DIGEST_BUCKETS) throw new WireError(`${repair.bucket} is no bucket`);
  return repair;
}

function stateRowOf(value: unknown): StateRow {
  const [sku, version, sequence, state, at] = arrayOf(value, 'state row');
  return {
    sku: skuOf(sku),
    version: natural(version, 'version'),
    sequence: natural(sequence, 'sequence'),
    state: quantitiesOf(state),
    at: natural(at, 'at'),
  };
}

/** In the order of their arrival in the protocol: schema 1 ended with the safety stock. */
export function stateFields(state: Quantities): unknown[] {
  const { onHand, unsellable, reserved, committed, quota, safetyStock, granted, allocated, returned } = state;
  return withoutTrailing(
    [onHand, unsellable, reserved, committed, quota, safetyStock, granted, allocated, returned],
    0,
  );
}

export function quantitiesOf(value: unknown): Quantities {
  const values = arrayOf(value, 'state');
  const [onHand = 0, unsellable = 0, reserved = 0, committed = 0, quota = 0, safetyStock = 0] = values;
  const [granted = 0, allocated = 0, returned = 0] = values.slice(6);
  return {
    onHand: integer(onHand, 'onHand'),
    unsellable: integer(unsellable, 'unsellable'),
    reserved: integer(reserved, 'reserved'),
    committed: integer(committed, 'committed'),
    quota: integer(quota, 'quota'),
    safetyStock: integer(safetyStock, 'safetyStock'),
    granted: natural(granted, 'granted'),
    allocated: natural(allocated, 'allocated'),
    returned: natural(returned, 'returned'),
  };
}

function identityOf(warehouse: unknown, epoch: unknown, instance: unknown) {
  return {
    warehouse: warehouseOf(warehouse),
    epoch: natural(epoch, 'epoch'),
    instance: textOf(instance, 'instance'),
  };
}

/** A batch holds at least one entry, and its sequences number them. */
function checkNumbering(
  batch: { readonly firstSequence: number; readonly lastSequence: number },
  entries: number,
  entriesMax: number,
): void {
  const { firstSequence, lastSequence } = batch;
  if (entries === 0 || entries > entriesMax) throw new WireError(`a batch of ${entries} entries is out of bounds`);
  if (firstSequence < 1 || lastSequence - firstSequence + 1 !== entries) {
    throw new WireError(`sequences ${firstSequence}-${lastSequence} do not number ${entries} entries`);
  }
}

function checkMajor(value: unknown): void {
  if (value !== PROTOCOL_MAJOR) throw new WireError(`protocol major ${String(value)} is not ${PROTOCOL_MAJOR}`);
}

function withoutTrailing<T>(values: T[], absent: T): T[] {
  let length = values.length;
  while (length > 0 && values[length - 1] === absent) length -= 1;
  return length === values.length ? values : values.slice(0, length);
}
