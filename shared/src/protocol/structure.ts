/**
 * A walk over msgpack bytes before anything is decoded: the wire holds arrays, integers, texts, bytes and nil, and nothing
 * else. Maps, extensions, single floats and booleans do not occur, so a decoder's treatment of them cannot be attacked.
 * Claimed lengths are held against the bytes that are there, so no message can make the reader allocate more than its size.
 */
const DEPTH_MAX = 4;

/** What is wrong with the bytes, or `undefined` when they are one well-formed value of this wire. */
export function checkStructure(bytes: Uint8Array): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length;
  // Items still due on each open level; index = depth.
  const due: number[] = [1];
  let at = 0;
  while (due.length > 0) {
    const depth = due.length - 1;
    const left = due[depth] ?? 0;
    if (left === 0) {
      due.pop();
      continue;
    }
    due[depth] = left - 1;
    if (at >= end) return 'the bytes end early';
    const type = bytes[at] ?? 0;
    at += 1;
    let items = -1;
    if (type <= 0x7f || type >= 0xe0 || type === 0xc0) continue;
    if (type >= 0x90 && type <= 0x9f) items = type & 0x0f;
    else if (type >= 0xa0 && type <= 0xbf) at += type & 0x1f;
    else {
      const size = headerBytes(type);
      if (size === 0) return `msgpack type 0x${type.toString(16)} does not occur on this wire`;
      if (at + size > end) return 'the bytes end early';
      if (type === 0xc4 || type === 0xd9) at += 1 + view.getUint8(at);
      else if (type === 0xc5 || type === 0xda) at += 2 + view.getUint16(at);
      else if (type === 0xc6 || type === 0xdb) at += 4 + view.getUint32(at);
      else if (type === 0xdc) items = view.getUint16(at);
      else if (type === 0xdd) items = view.getUint32(at);
      else at += size;
      if (items >= 0) at += size;
    }
    if (items > end - at) return 'an array claims more items than there are bytes';
    if (items >= 0) {
      if (due.length > DEPTH_MAX) return `nested deeper than ${DEPTH_MAX}`;
      due.push(items);
    }
  }
  return at === end ? undefined : at > end ? 'the bytes end early' : 'bytes follow the end of the value';
}

/** Bytes after the type byte that hold a length or a number; 0 for types that this wire does not know. */
function headerBytes(type: number): number {
  switch (type) {
    case 0xc4: // bin 8
    case 0xd9: // str 8
    case 0xcc: // uint 8
    case 0xd0: // int 8
      return 1;
    case 0xc5: // bin 16
    case 0xda: // str 16
    case 0xdc: // array 16
    case 0xcd: // uint 16
    case 0xd1: // int 16
      return 2;
    case 0xc6: // bin 32
    case 0xdb: // str 32
    case 0xdd: // array 32
    case 0xce: // uint 32
    case 0xd2: // int 32
      return 4;
    case 0xcb: // float 64: how whole numbers beyond 32 bits travel, exact up to 2^53; the fields refuse fractions
    case 0xcf: // uint 64
    case 0xd3: // int 64
      return 8;
    default:
      return 0;
  }
}
