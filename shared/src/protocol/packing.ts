import { crc32 } from 'node:zlib';
import { Packr, Unpackr } from 'msgpackr';
import { wireLimits } from './limits.ts';
import { checkStructure } from './structure.ts';
import { arrayOf, WireError } from './wire-fields.ts';

/**
 * Values as bytes and back: msgpack arrays without map keys; a message is closed by a CRC-32 of everything before it. What
 * comes in is checked in this order: size, CRC, structure (no maps, no extensions, bounded depth and counts), and only then
 * decoded. A sender's mistake is a `WireError`, never a crash.
 */
const options = { useRecords: false, structuredClone: false, mapsAsObjects: false, variableMapSize: true } as const;
const packr = new Packr(options);
const unpackr = new Unpackr(options);

/** Marker of the CRC element: msgpack uint32, so that its place and size are fixed. */
const UINT32 = 0xce;
const TRAILER_BYTES = 5;

export function packed(fields: readonly unknown[]): Buffer {
  return packr.pack(fields);
}

export function sealed(fields: readonly unknown[]): Buffer {
  const bytes = packr.pack([...fields, 0xffffffff]);
  const body = bytes.subarray(0, bytes.length - TRAILER_BYTES);
  bytes.writeUInt32BE(crc32(body), bytes.length - TRAILER_BYTES + 1);
  return bytes;
}

/** Checks size, CRC and structure, and only then decodes: the fields without the CRC, which `fieldsMin` counts. A newer minor version may have appended some. */
export function unsealed(bytes: Uint8Array, fieldsMin: number): unknown[] {
  if (bytes.length > wireLimits.messageBytesMax) throw new WireError(`a message of ${bytes.length} bytes is too long`);
  const trailer = bytes.length - TRAILER_BYTES;
  if (trailer < 1 || bytes[trailer] !== UINT32) throw new WireError('the message does not end in a CRC');
  const stated = new DataView(bytes.buffer, bytes.byteOffset + trailer + 1, 4).getUint32(0);
  if (crc32(bytes.subarray(0, trailer)) !== stated)
    throw new WireError('the CRC does not match: the bytes were damaged');
  return unpackArray(bytes, fieldsMin).slice(0, -1);
}

export function unpackArray(bytes: Uint8Array, fieldsMin: number): unknown[] {
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
