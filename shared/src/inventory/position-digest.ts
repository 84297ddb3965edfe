import { assert } from '../runtime/assert.ts';
import type { Sku, WarehouseId } from './ids.ts';
import type { Quantities } from './position.ts';

/**
 * What two copies of a warehouse's positions have in common, in 6 KiB: positions fall into buckets by their SKU, and each bucket is
 * the sum, modulo 2^48, of a hash of every position in it. A sum is kept up to date by taking the old hash off and adding the new
 * one, in any order; two copies that differ in one position differ in its bucket (but for 1 of 2^48). It finds mistakes and rot,
 * not malice: the hash (MurmurHash3, A. Appleby, in two lanes) is keyed by the warehouse and no secret.
 */
export const DIGEST_BUCKETS = 1_024;
const SUM_BYTES = 6;
export const DIGEST_BYTES = DIGEST_BUCKETS * SUM_BYTES;
const MODULUS = 2 ** (8 * SUM_BYTES);

/** What of a position both sides keep. */
export type DigestedPosition = { readonly version: number } & Quantities;

/** In the order in which they are hashed; a new one is a new version of the wire. */
export const DIGESTED = [
  'version',
  'onHand',
  'unsellable',
  'reserved',
  'committed',
  'quota',
  'safetyStock',
  'granted',
  'allocated',
  'returned',
] as const satisfies readonly (keyof DigestedPosition)[];

/** The bucket of a SKU: 0 to 1,023. */
export function bucketOf(sku: Sku): number {
  return finished(mixText(0, sku), sku.length) % DIGEST_BUCKETS;
}

export class PositionDigest {
  readonly #sums = new Float64Array(DIGEST_BUCKETS);
  readonly #keys: readonly [number, number];

  constructor(warehouse: WarehouseId) {
    this.#keys = [mixText(1, warehouse), mixText(2, warehouse)];
  }

  add(sku: Sku, position: DigestedPosition): void {
    this.#change(sku, this.#hash(sku, position));
  }

  remove(sku: Sku, position: DigestedPosition): void {
    this.#change(sku, MODULUS - this.#hash(sku, position));
  }

  sumOf(bucket: number): number {
    return this.#sums[bucket] ?? 0;
  }

  /** The sums in the order of their buckets, 6 bytes each, most significant first. */
  bytes(): Uint8Array {
    const bytes = Buffer.alloc(DIGEST_BYTES);
    for (const [bucket, sum] of this.#sums.entries()) bytes.writeUIntBE(sum, bucket * SUM_BYTES, SUM_BYTES);
    return bytes;
  }

  /** The buckets in which it is not what the bytes state. */
  differing(stated: Uint8Array): number[] {
    assert(stated.length === DIGEST_BYTES, () => `a digest has ${DIGEST_BYTES} bytes, not ${stated.length}`);
    const bytes = Buffer.from(stated.buffer, stated.byteOffset, stated.byteLength);
    const buckets: number[] = [];
    for (const [bucket, sum] of this.#sums.entries()) {
      if (bytes.readUIntBE(bucket * SUM_BYTES, SUM_BYTES) !== sum) buckets.push(bucket);
    }
    return buckets;
  }

  #change(sku: Sku, units: number): void {
    const bucket = bucketOf(sku);
    this.#sums[bucket] = ((this.#sums[bucket] ?? 0) + units) % MODULUS;
  }

  #hash(sku: Sku, position: DigestedPosition): number {
    const [high, low] = this.#keys;
    return (lane(high, sku, position) >>> 8) * 2 ** 24 + (lane(low, sku, position) >>> 8);
  }
}

function lane(key: number, sku: Sku, position: DigestedPosition): number {
  let hash = mixText(key, sku);
  for (const name of DIGESTED) hash = mixInteger(hash, position[name]);
  return finished(hash, sku.length);
}

/** Any safe integer, as its two halves. */
function mixInteger(hash: number, value: number): number {
  return mix(mix(hash, value | 0), Math.floor(value / 2 ** 32));
}

function mixText(hash: number, text: string): number {
  let mixed = hash;
  for (let index = 0; index < text.length; index += 1) mixed = mix(mixed, text.charCodeAt(index));
  return mixed;
}

function mix(hash: number, block: number): number {
  let scrambled = Math.imul(block, 0xcc9e2d51);
  scrambled = (scrambled << 15) | (scrambled >>> 17);
  scrambled = hash ^ Math.imul(scrambled, 0x1b873593);
  scrambled = (scrambled << 13) | (scrambled >>> 19);
  return (Math.imul(scrambled, 5) + 0xe6546b64) | 0;
}

function finished(hash: number, length: number): number {
  let last = hash ^ length;
  last = Math.imul(last ^ (last >>> 16), 0x85ebca6b);
  last = Math.imul(last ^ (last >>> 13), 0xc2b2ae35);
  return (last ^ (last >>> 16)) >>> 0;
}
