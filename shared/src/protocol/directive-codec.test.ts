import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { parseWarehouseId, type WarehouseId } from '../inventory/ids.ts';
import { arbitraryDelta, arbitrarySku } from '../testing/arbitraries.ts';
import { type Directive, warehouseClasses } from './directive.ts';
import { decodeDirective, encodeDirective } from './directive-codec.ts';
import { packed } from './packing.ts';
import { WireError } from './wire-fields.ts';

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 24 });
const units = fc.maxSafeNat();
const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 6 });
const quantities = list(fc.record({ sku: arbitrarySku, quantity: units }));
const warehouse: fc.Arbitrary<WarehouseId> = fc
  .constantFrom('BER1', 'HAM-2', 'x')
  .map(parseWarehouseId)
  .filter((id) => id !== undefined);
const percent = fc.nat(100);

const directive: fc.Arbitrary<Directive> = fc.oneof(
  fc.record(
    { kind: fc.constant('allocate' as const), task: text, order: text, lines: quantities, dueAt: units },
    { requiredKeys: ['kind', 'task', 'order', 'lines'] },
  ),
  fc.record({ kind: fc.constant('release' as const), task: text, lines: quantities, reason: text }),
  fc.record({
    kind: fc.constant('quota-return' as const),
    lines: list(fc.record({ sku: arbitrarySku, total: units })),
  }),
  fc.record({ kind: fc.constant('grant-request' as const), lines: quantities, expiresAt: units }),
  fc.record({
    kind: fc.constant('catalogue-upsert' as const),
    items: list(
      fc.record(
        { sku: arbitrarySku, name: text, barcodes: list(fc.record({ barcode: text, multiple: units })) },
        { requiredKeys: ['sku', 'barcodes'] },
      ),
    ),
  }),
  fc.record({
    kind: fc.constant('policy' as const),
    policy: fc.record({ class: fc.constantFrom(...warehouseClasses), sharePercent: percent, safetyStock: units }),
  }),
  fc.record({
    kind: fc.constant('sku-policy' as const),
    rules: list(fc.record({ sku: arbitrarySku, sharePercent: percent, safetyStock: units }, { requiredKeys: ['sku'] })),
  }),
  fc.record({
    kind: fc.constant('transfer' as const),
    transfer: fc.record({
      transfer: text,
      from: warehouse,
      to: warehouse,
      isClosed: fc.boolean(),
      lines: list(
        fc.record({ sku: arbitrarySku, shipped: units, received: units, damaged: units, lost: fc.maxSafeInteger() }),
      ),
    }),
  }),
  fc.record({
    kind: fc.constant('late-facts' as const),
    late: units,
    rows: list(fc.record({ sequence: units, delta: arbitraryDelta })),
  }),
);

describe('a directive on the wire', () => {
  test.prop([directive])('is read as it was written', (written) => {
    expect(decodeDirective(encodeDirective(written))).toEqual(written);
  });

  test.prop([directive, fc.nat(), fc.nat(255)])(
    'is read, refused or unknown when a byte is damaged, never a crash',
    (written, at, byte) => {
      const bytes = encodeDirective(written);
      bytes[at % bytes.length] = byte;
      try {
        decodeDirective(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    },
  );

  it('of a kind that this release does not know is told as unknown', () => {
    expect(decodeDirective(packed([99, 'whatever']))).toBeUndefined();
  });

  it('of a later release may have more fields', () => {
    expect(decodeDirective(packed([6, 1, 50, 0, 'new']))).toEqual({
      kind: 'policy',
      policy: { class: 'store', sharePercent: 50, safetyStock: 0 },
    });
  });

  it.each([
    ['a share above all', [6, 1, 101, 0]],
    ['a class nobody knows', [6, 9, 50, 0]],
    ['a fraction of a unit', [2, 'F', [['A', 1.5]], 'x']],
    ['too many lines', [3, Array.from({ length: 501 }, () => ['A', 1])]],
    ['a barcode without a multiple', [5, [['A', null, '1']]]],
    ['a late fact that is no movement', [9, 1, [[1, Buffer.from([0x90])]]]],
  ])('is refused with %s', (_, fields) => {
    expect(() => decodeDirective(packed(fields))).toThrow(WireError);
  });
});
