import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import type { OfferedStock } from '../store/central-store.ts';

/** Places of one set: a key has a place in the set of its hash, or none. */
const WAYS = 8;
/** Least bytes of a stock that are reckoned with: the table has a place for each so many bytes of the ring. */
const BYTES_PER_PLACE = 128;
/** Of a whole number that is exact in a double, seven bits in each byte. */
const NUMBER_BYTES_MAX = 8;
const NUMBERS_PER_WAREHOUSE = 6;
/** A stock that would take a larger part of the ring than this is not kept. */
const PART_MAX = 1 / 16;

/**
 * Stocks in memory as packed bytes, some 16 for each warehouse: a tenth of what they take as text or objects, and nothing that a
 * garbage collector has to look at. A memory that keeps half a million SKUs so is worth more than the pages of the store that would fit.
 *
 * The bytes are a ring, in which what was written longest ago is overwritten. A place counts on for ever, so that it tells by itself
 * whether it has been overwritten. Memory is taken from the system as it is first written, not before.
 */
export class StockRing {
  readonly #bytes: Uint8Array;
  /** Where the stock of a key begins, by sets; 0 = nowhere. */
  readonly #places: Float64Array;
  /** Eight more bits of the hash of each, so that mostly no other key is looked at. */
  readonly #tags: Uint8Array;
  readonly #sets: number;
  readonly #warehouses: WarehouseId[] = [];
  readonly #numbers = new Map<WarehouseId, number>();
  /** What was written before is gone, whether or not it was overwritten. */
  #begin = 1;
  /** Where the next stock is written. */
  #end = 1;
  /** In the bytes, while one stock is read or written. */
  #at = 0;

  constructor(bytesMax: number) {
    this.#bytes = new Uint8Array(bytesMax);
    this.#sets = 2 ** Math.ceil(Math.log2(Math.max(1, bytesMax / BYTES_PER_PLACE / WAYS)));
    this.#places = new Float64Array(this.#sets * WAYS);
    this.#tags = new Uint8Array(this.#sets * WAYS);
  }

  /** The stock kept for a key, which is of this SKU. */
  get(key: string, sku: Sku): OfferedStock | undefined {
    if (this.#find(key, hashOf(key)) < 0) return undefined;
    const revision = this.#read();
    const available = this.#read();
    const warehouses = [];
    for (let left = this.#read(); left > 0; left -= 1) {
      const named = this.#read();
      warehouses.push({
        warehouse: must(this.#warehouses[named >>> 1], 'a number that was given'),
        available: this.#readSigned(),
        onHand: this.#readSigned(),
        incoming: this.#readSigned(),
        version: this.#read(),
        sequence: this.#read(),
        isSuspect: (named & 1) === 1,
      });
    }
    return { sku, available, revision, warehouses };
  }

  /** At which revision the stock of a key is kept. */
  revisionOf(key: string): number | undefined {
    return this.#find(key, hashOf(key)) < 0 ? undefined : this.#read();
  }

  set(key: string, { revision, available, warehouses }: OfferedStock): void {
    const hash = hashOf(key);
    const slot = this.#slotFor(key, hash);
    const size = this.#bytes.length;
    const bytesMax = (1 + 3 + key.length + warehouses.length * NUMBERS_PER_WAREHOUSE) * NUMBER_BYTES_MAX;
    this.#places[slot] = 0;
    if (bytesMax > size * PART_MAX) return;
    // In one piece: what does not fit before the end of the bytes begins at their start.
    if ((this.#end % size) + bytesMax > size) this.#end += size - (this.#end % size);
    const place = this.#end;
    this.#at = place % size;
    this.#write(key.length);
    for (let index = 0; index < key.length; index += 1) this.#write(key.charCodeAt(index));
    this.#write(revision);
    this.#write(available);
    this.#write(warehouses.length);
    for (const stock of warehouses) {
      this.#write(this.#numberOf(stock.warehouse) * 2 + (stock.isSuspect ? 1 : 0));
      this.#writeSigned(stock.available);
      this.#writeSigned(stock.onHand);
      this.#writeSigned(stock.incoming);
      this.#write(stock.version);
      this.#write(stock.sequence);
    }
    this.#end += this.#at - (place % size);
    this.#places[slot] = place;
    this.#tags[slot] = tagOf(hash);
  }

  delete(key: string): void {
    const slot = this.#find(key, hashOf(key));
    if (slot >= 0) this.#places[slot] = 0;
  }

  clear(): void {
    this.#begin = this.#end;
  }

  /** The slot of a key that is kept, and then `#at` is behind the key; else -1. */
  #find(key: string, hash: number): number {
    const first = (hash & (this.#sets - 1)) * WAYS;
    const tag = tagOf(hash);
    for (let slot = first; slot < first + WAYS; slot += 1) {
      if (this.#tags[slot] === tag && this.#isLive(slot) && this.#isOf(key, this.#places[slot] ?? 0)) return slot;
    }
    return -1;
  }

  /** Its own, else one that is free or has been overwritten, else the oldest of its set. */
  #slotFor(key: string, hash: number): number {
    const own = this.#find(key, hash);
    if (own >= 0) return own;
    const first = (hash & (this.#sets - 1)) * WAYS;
    let oldest = first;
    for (let slot = first; slot < first + WAYS; slot += 1) {
      if ((this.#places[slot] ?? 0) < (this.#places[oldest] ?? 0)) oldest = slot;
    }
    return oldest;
  }

  #isLive(slot: number): boolean {
    const place = this.#places[slot] ?? 0;
    return place >= this.#begin && place >= this.#end - this.#bytes.length;
  }

  #isOf(key: string, place: number): boolean {
    this.#at = place % this.#bytes.length;
    if (this.#read() !== key.length) return false;
    for (let index = 0; index < key.length; index += 1) if (this.#read() !== key.charCodeAt(index)) return false;
    return true;
  }

  #numberOf(warehouse: WarehouseId): number {
    const known = this.#numbers.get(warehouse);
    if (known !== undefined) return known;
    this.#numbers.set(warehouse, this.#warehouses.length);
    return this.#warehouses.push(warehouse) - 1;
  }

  #read(): number {
    let byte = this.#bytes[this.#at++] ?? 0;
    let value = byte & 127;
    for (let unit = 128; byte > 127; unit *= 128) {
      byte = this.#bytes[this.#at++] ?? 0;
      value += (byte & 127) * unit;
    }
    return value;
  }

  #write(value: number): void {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#bytes[this.#at++] = (rest % 128) | 128;
    this.#bytes[this.#at++] = rest;
  }

  /** Small numbers of both signs are short. */
  #readSigned(): number {
    const value = this.#read();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #writeSigned(value: number): void {
    this.#write(value < 0 ? -2 * value - 1 : 2 * value);
  }
}

/** FNV-1a over the key, its high bits mixed into the low ones, by which sets are chosen. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

function tagOf(hash: number): number {
  return hash >>> 24;
}
