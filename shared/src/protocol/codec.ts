import { crc32 } from 'node:zlib';
import { Packr, Unpackr } from 'msgpackr';
import { parseWarehouseId } from '../inventory/ids.ts';
import type { Quantities } from '../inventory/position.ts';
import type { Delta, StateRow } from './delta.ts';
import { decodeDetails, encodeDetails } from './details-codec.ts';
import { wireLimits } from './limits.ts';
import type { StateMessage, UpBatch } from './message.ts';
import { checkStructure } from './structure.ts';
import { PROTOCOL_MAJOR } from './version.ts';
import { arrayOf, bytesOf, hashOf, integer, natural, skuOf, textOf, WireError } from './wire-fields.ts';

export { WireError } from './wire-fields.ts';

/**
 * The bytes of the wire: msgpack arrays without map keys, closed by a CRC-32 of everything before it.
 * A delta is encoded once, when it is recorded; those bytes are hashed, stored and sent as they are, so that "canonical"
 * needs no second definition. What comes in is checked in this order: size, CRC, structure (no maps, no extensions, bounded
 * depth and counts), then every field. A sender's mistake is a `WireError`, never a crash.
 */

const options = { useRecords: false, structuredClone: false, mapsAsObjects: false, variableMapSize: true } as const;
const packr = new Packr(options);
const unpackr = new Unpackr(options);

/** Marker of the CRC element: msgpack uint32, so that its place and size are fixed. */
const UINT32 = 0xce;
const TRAILER_BYTES = 5;

export function encodeDelta(delta: Delta): Buffer {
  const { state, details } = delta;
  const fields: unknown[] = [
    delta.kind,
    delta.sku,
    delta.quantity,
    delta.version,
    delta.previous,
    withoutTrailing(
      [state.onHand, state.unsellable, state.reserved, state.committed, state.quota, state.safetyStock],
      0,
    ),
    delta.at,
    delta.line,
  ];
  const extras = encodeDetails(details, delta.at);
  if (extras.length > 0) fields.push(extras);
  return packr.pack(fields);
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
  ]);
}

export function decodeUpBatch(bytes: Uint8Array): UpBatch {
  const [major, warehouse, epoch, instance, first, last, hashBefore, hashLast, schema, downAck, deltas] = unsealed(
    bytes,
    12,
  );
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
  };
  if (batch.deltas.length === 0 || batch.deltas.length > wireLimits.batchDeltasMax) {
    throw new WireError(`a batch of ${batch.deltas.length} deltas is out of bounds`);
  }
  if (batch.firstSequence < 1 || batch.lastSequence - batch.firstSequence + 1 !== batch.deltas.length) {
    throw new WireError(
      `sequences ${batch.firstSequence}-${batch.lastSequence} do not number ${batch.deltas.length} deltas`,
    );
  }
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
    message.rows.map(({ sku, version, sequence, state, at }) => [
      sku,
      version,
      sequence,
      withoutTrailing(
        [state.onHand, state.unsellable, state.reserved, state.committed, state.quota, state.safetyStock],
        0,
      ),
      at,
    ]),
  ]);
}

export function decodeStateMessage(bytes: Uint8Array): StateMessage {
  const [major, warehouse, epoch, instance, asOf, schema, rows] = unsealed(bytes, 8);
  checkMajor(major);
  const list = arrayOf(rows, 'rows');
  if (list.length === 0 || list.length > wireLimits.stateRowsMax)
    throw new WireError(`${list.length} state rows are out of bounds`);
  return {
    ...identityOf(warehouse, epoch, instance),
    asOfSequence: natural(asOf, 'asOfSequence'),
    schema: natural(schema, 'schema'),
    rows: list.map(stateRowOf),
  };
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

function quantitiesOf(value: unknown): Quantities {
  const values = arrayOf(value, 'state');
  const [onHand = 0, unsellable = 0, reserved = 0, committed = 0, quota = 0, safetyStock = 0] = values;
  return {
    onHand: integer(onHand, 'onHand'),
    unsellable: integer(unsellable, 'unsellable'),
    reserved: integer(reserved, 'reserved'),
    committed: integer(committed, 'committed'),
    quota: integer(quota, 'quota'),
    safetyStock: integer(safetyStock, 'safetyStock'),
  };
}

function sealed(fields: unknown[]): Buffer {
  const bytes = packr.pack([...fields, 0xffffffff]);
  const body = bytes.subarray(0, bytes.length - TRAILER_BYTES);
  bytes.writeUInt32BE(crc32(body), bytes.length - TRAILER_BYTES + 1);
  return bytes;
}

/** Checks size, CRC and structure, and only then decodes. A newer minor version may have appended fields: they are ignored. */
function unsealed(bytes: Uint8Array, fieldsMin: number): unknown[] {
  if (bytes.length > wireLimits.messageBytesMax) throw new WireError(`a message of ${bytes.length} bytes is too long`);
  const trailer = bytes.length - TRAILER_BYTES;
  if (trailer < 1 || bytes[trailer] !== UINT32) throw new WireError('the message does not end in a CRC');
  const stated = new DataView(bytes.buffer, bytes.byteOffset + trailer + 1, 4).getUint32(0);
  if (crc32(bytes.subarray(0, trailer)) !== stated)
    throw new WireError('the CRC does not match: the bytes were damaged');
  return unpackArray(bytes, fieldsMin);
}

function unpackArray(bytes: Uint8Array, fieldsMin: number): unknown[] {
  const fault = checkStructure(bytes);
  if (fault !== undefined) throw new WireError(fault);
  let value: unknown;
  try {
    value = unpackr.unpack(bytes);
  } catch (cause) {
    throw new WireError('the bytes are not msgpack', { cause });
  }
  const fields = arrayOf(value, 'message');
  if (fields.length < fieldsMin) throw new WireError(`${fields.length} fields where at least ${fieldsMin} are due`);
  return fields;
}

function identityOf(warehouse: unknown, epoch: unknown, instance: unknown) {
  const id = parseWarehouseId(textOf(warehouse, 'warehouse'));
  if (id === undefined) throw new WireError('the warehouse id is malformed');
  return { warehouse: id, epoch: natural(epoch, 'epoch'), instance: textOf(instance, 'instance') };
}

function checkMajor(value: unknown): void {
  if (value !== PROTOCOL_MAJOR) throw new WireError(`protocol major ${String(value)} is not ${PROTOCOL_MAJOR}`);
}

function withoutTrailing<T>(values: T[], absent: T): T[] {
  let length = values.length;
  while (length > 0 && values[length - 1] === absent) length -= 1;
  return length === values.length ? values : values.slice(0, length);
}
