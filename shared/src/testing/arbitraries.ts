import fc from 'fast-check';
import { parseSku, parseWarehouseId, type Sku } from '../inventory/ids.ts';
import { conditions, type MovementDetails, movementKinds } from '../inventory/movement.ts';
import type { Quantities } from '../inventory/position.ts';
import type { Delta } from '../protocol/delta.ts';
import { must } from '../runtime/assert.ts';

/** Whole numbers of every size a balance may have, small ones often. */
export const arbitraryQuantity = fc.oneof(fc.integer({ min: -300, max: 300 }), fc.maxSafeInteger());

export const arbitrarySku: fc.Arbitrary<Sku> = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .map((text) => parseSku(text))
  .filter((sku) => sku !== undefined);

export const arbitraryQuantities: fc.Arbitrary<Quantities> = fc.record({
  onHand: arbitraryQuantity,
  unsellable: arbitraryQuantity,
  reserved: arbitraryQuantity,
  committed: arbitraryQuantity,
  quota: arbitraryQuantity,
  safetyStock: arbitraryQuantity,
  granted: fc.maxSafeNat(),
  allocated: fc.maxSafeNat(),
  returned: fc.maxSafeNat(),
});

/** Any time of the four-digit years. */
const arbitraryTime = fc.integer({ min: 0, max: 253_402_300_799_999 });

const arbitraryWarehouse = fc.constantFrom('BER1', 'x-_9').map((id) => must(parseWarehouseId(id), 'a warehouse id'));

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 24 });

export const arbitraryDetails: fc.Arbitrary<MovementDetails> = fc.record(
  {
    document: text,
    actor: text,
    reason: text,
    bin: text,
    lot: text,
    expiry: fc.constant('2027-01-31'),
    condition: fc.constantFrom(...conditions),
    toBin: text,
    toCondition: fc.constantFrom(...conditions),
    serials: fc.array(text, { maxLength: 5 }),
    counted: arbitraryQuantity,
    atSequence: fc.nat(),
    occurredAt: arbitraryTime,
    otherWarehouse: arbitraryWarehouse,
  },
  { requiredKeys: [] },
);

export const arbitraryDelta: fc.Arbitrary<Delta> = fc.record({
  kind: fc.constantFrom(...Object.values(movementKinds).map(({ code }) => code)),
  sku: arbitrarySku,
  quantity: arbitraryQuantity,
  version: fc.nat(),
  previous: fc.maxSafeInteger().map(Math.abs),
  state: arbitraryQuantities,
  at: arbitraryTime,
  line: fc.nat({ max: 1_000 }),
  details: arbitraryDetails,
});
