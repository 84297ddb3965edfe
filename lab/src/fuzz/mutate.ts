import { crc32 } from 'node:zlib';
import type { Chance } from '../simulation/chance.ts';

const TRAILER_BYTES = 5;
/** Types, lengths and numbers at which readers of msgpack go wrong. */
const SPITEFUL = [
  0x00, 0x7f, 0x80, 0x90, 0x9f, 0xa0, 0xc0, 0xc1, 0xc4, 0xc6, 0xc7, 0xcb, 0xcf, 0xd3, 0xd6, 0xdb, 0xdd, 0xdf, 0xff,
];

/** Bytes as a bad disk, a bad line or a bad person makes them of good ones. */
export function mutated(bytes: Uint8Array, others: readonly Uint8Array[], chance: Chance): Buffer {
  let result: Buffer = Buffer.from(bytes);
  for (let times = chance.one([1, 1, 1, 2, 4]); times > 0; times -= 1) result = once(result, others, chance);
  return result;
}

function once(bytes: Buffer, others: readonly Uint8Array[], chance: Chance): Buffer {
  const at = chance.between(0, Math.max(0, bytes.length - 1));
  const to = chance.between(at, bytes.length);
  switch (chance.one(['bit', 'byte', 'spite', 'cut', 'drop', 'repeat', 'splice', 'grow', 'length'] as const)) {
    case 'bit':
      bytes[at] = (bytes[at] ?? 0) ^ (1 << chance.between(0, 7));
      return bytes;
    case 'byte':
      bytes[at] = chance.between(0, 255);
      return bytes;
    case 'spite':
      bytes[at] = chance.one(SPITEFUL);
      return bytes;
    case 'cut':
      return bytes.subarray(0, at);
    case 'drop':
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)]);
    case 'repeat':
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)]);
    case 'splice': {
      const other = chance.one(others);
      const from = chance.between(0, other.length);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from), bytes.subarray(to)]);
    }
    case 'grow':
      return Buffer.concat([bytes, Buffer.alloc(chance.between(1, 64), chance.between(0, 255))]);
    case 'length': {
      // An array, a text or bytes that claim to be longer than any message.
      const claim = Buffer.from([chance.one([0xdd, 0xdb, 0xc6]), chance.one([0x00, 0x7f, 0xff]), 0xff, 0xff, 0xff]);
      return Buffer.concat([bytes.subarray(0, at), claim, bytes.subarray(at)]);
    }
  }
}

/** The same with a checksum that fits: not damaged, but meant so. */
export function resealed(bytes: Buffer): Buffer {
  const body = bytes.subarray(0, Math.max(1, bytes.length - TRAILER_BYTES));
  const trailer = Buffer.alloc(TRAILER_BYTES, 0xce);
  trailer.writeUInt32BE(crc32(body), 1);
  return Buffer.concat([body, trailer]);
}

const ODD_VALUES: readonly { readonly odd: unknown }[] = [
  ...[null, true, '', 'x', 0, -1, 1.5, 1e300, 2 ** 53, [], {}, [[[[]]]], '\u0000', '9'.repeat(5_000)],
  ...[{ __proto__: { polluted: true } }, { toString: 1 }, 'BER1', '0'.repeat(64), [1, 2, 3]],
].map((odd) => ({ odd }));

/** JSON text with one of its values replaced, left out or added, or with its characters damaged. */
export function mutatedJson(value: unknown, chance: Chance): string {
  const text = JSON.stringify(chance.happens(0.8) ? replaced(value, chance) : value);
  if (chance.happens(0.6)) return text;
  return mutated(Buffer.from(text), [Buffer.from('{"a":[1,"__proto__"]}')], chance).toString('utf8');
}

function replaced(value: unknown, chance: Chance): unknown {
  if (typeof value !== 'object' || value === null || chance.happens(0.15)) return chance.one(ODD_VALUES).odd;
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return items.length === 0
      ? [chance.one(ODD_VALUES).odd]
      : items.map((item) => (chance.happens(0.5) ? replaced(item, chance) : item));
  }
  const entries = Object.entries(value);
  const name = entries.length === 0 || chance.happens(0.1) ? 'new' : chance.one(entries)[0];
  if (chance.happens(0.15)) return Object.fromEntries(entries.filter(([key]) => key !== name));
  return { ...value, [name]: replaced(Reflect.get(value, name), chance) };
}
