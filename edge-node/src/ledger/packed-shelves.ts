import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Position } from '@edgestock/shared/inventory/position';
import { assert } from '@edgestock/shared/runtime/assert';
import type { PlacedQuantity, Shelf } from '../rules/shelf.ts';

/** What only a commit changes of a shelf. */
export type KeptShelf = Pick<Shelf, 'position' | 'balances'>;

/** Members of a position. */
const NUMBERS = 11;
const VERSION = 9;
const INT32_MAX = 2 ** 31 - 1;

/**
 * Shelves of so many SKUs. Nearly all have their units in one place without a name, and quantities and places of the log of 31 bits:
 * these are eleven numbers in one array. As objects they took ten times the room, each outlived the young generation, and was garbage
 * of the old one by its next movement: 40 MiB of it before anybody collected that, with 60,000 SKUs asked for in turn.
 */
export class PackedShelves {
  readonly #slots = new Map<Sku, number>();
  readonly #numbers: Int32Array;
  /** The rest: a slot without a version stands for one of these. */
  readonly #others = new Map<Sku, KeptShelf>();
  readonly #skusMax: number;

  constructor(skusMax: number) {
    this.#skusMax = skusMax;
    this.#numbers = new Int32Array(skusMax * NUMBERS);
  }

  has(sku: Sku): boolean {
    return this.#slots.has(sku);
  }

  isFull(): boolean {
    return this.#slots.size >= this.#skusMax;
  }

  clear(): void {
    this.#slots.clear();
    this.#others.clear();
  }

  get(sku: Sku): KeptShelf | undefined {
    const slot = this.#slots.get(sku);
    if (slot === undefined) return undefined;
    const position = this.#positionAt(slot);
    return position === undefined
      ? this.#others.get(sku)
      : { position, balances: [placedWithoutName(position.onHand)] };
  }

  position(sku: Sku): Position | undefined {
    const slot = this.#slots.get(sku);
    if (slot === undefined) return undefined;
    return this.#positionAt(slot) ?? this.#others.get(sku)?.position;
  }

  /** The position must have a version. */
  set(sku: Sku, kept: KeptShelf): void {
    let slot = this.#slots.get(sku);
    if (slot === undefined) {
      slot = this.#slots.size;
      assert(slot < this.#skusMax, 'there is room for another SKU');
      this.#slots.set(sku, slot);
    }
    if (isPlain(kept)) {
      this.#pack(slot, kept.position);
      this.#others.delete(sku);
    } else {
      this.#numbers[slot * NUMBERS + VERSION] = 0;
      this.#others.set(sku, kept);
    }
  }

  #pack(slot: number, position: Position): void {
    const numbers = this.#numbers;
    let at = slot * NUMBERS;
    numbers[at++] = position.onHand;
    numbers[at++] = position.unsellable;
    numbers[at++] = position.reserved;
    numbers[at++] = position.committed;
    numbers[at++] = position.quota;
    numbers[at++] = position.safetyStock;
    numbers[at++] = position.granted;
    numbers[at++] = position.allocated;
    numbers[at++] = position.returned;
    numbers[at++] = position.version;
    numbers[at++] = position.sequence;
  }

  #positionAt(slot: number): Position | undefined {
    const at = slot * NUMBERS;
    const number = (member: number) => this.#numbers[at + member] ?? 0;
    const version = number(VERSION);
    if (version === 0) return undefined;
    return {
      onHand: number(0),
      unsellable: number(1),
      reserved: number(2),
      committed: number(3),
      quota: number(4),
      safetyStock: number(5),
      granted: number(6),
      allocated: number(7),
      returned: number(8),
      version,
      sequence: number(10),
    };
  }
}

function placedWithoutName(quantity: number): PlacedQuantity {
  return { bin: '', lot: '', condition: 'sellable', quantity };
}

function isPlain({ position, balances }: KeptShelf): boolean {
  const [only] = balances;
  if (only === undefined || balances.length > 1 || only.quantity !== position.onHand) return false;
  if (only.bin !== '' || only.lot !== '' || only.condition !== 'sellable') return false;
  return Object.values(position).every((number) => Math.abs(number) <= INT32_MAX);
}
