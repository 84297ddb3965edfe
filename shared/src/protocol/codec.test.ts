import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sku, WarehouseId } from '../inventory/ids.ts';
import { emptyQuantities } from '../inventory/position.ts';
import { arbitraryDelta, arbitraryQuantities } from '../testing/arbitraries.ts';
import { chainHashOver, genesisHash } from './chain.ts';
import {
  decodeDelta,
  decodeStateMessage,
  decodeUpBatch,
  encodeDelta,
  encodeStateMessage,
  encodeUpBatch,
  WireError,
} from './codec.ts';
import { wireLimits } from './limits.ts';

const identity = { warehouse: 'BER1' as WarehouseId, epoch: 1, instance: 'a1b2c3d4e5f60718' };
const sale = { document: '31198705046', actor: 'till-1' };

function batchOf(deltas: readonly Uint8Array[]) {
  return {
    ...identity,
    firstSequence: 1,
    lastSequence: deltas.length,
    hashBefore: genesisHash,
    hashLast: chainHashOver(genesisHash, deltas),
    schema: 1,
    downAck: 0,
    deltas,
  };
}

describe('the codec', () => {
  it('gives back every delta that it took', () => {
    fc.assert(
      fc.property(arbitraryDelta, (delta) => {
        expect(decodeDelta(encodeDelta(delta))).toEqual(delta);
      }),
    );
  });

  it('gives back every batch that it took, delta bytes unchanged', () => {
    fc.assert(
      fc.property(fc.array(arbitraryDelta, { minLength: 1, maxLength: 20 }), (deltas) => {
        const batch = batchOf(deltas.map((delta) => new Uint8Array(encodeDelta(delta))));
        const back = decodeUpBatch(encodeUpBatch(batch));
        expect({ ...back, deltas: back.deltas.map((bytes) => Buffer.from(bytes).toString('hex')) }).toEqual({
          ...batch,
          hashBefore: Buffer.from(batch.hashBefore),
          hashLast: Buffer.from(batch.hashLast),
          deltas: batch.deltas.map((bytes) => Buffer.from(bytes).toString('hex')),
        });
      }),
    );
  });

  it('gives back every state message that it took', () => {
    const row = fc.record({
      sku: fc.constant('A-1' as Sku),
      version: fc.nat(),
      sequence: fc.nat(),
      state: arbitraryQuantities,
      at: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), (rows) => {
        const message = { ...identity, asOfSequence: 7, schema: 1, rows };
        expect(decodeStateMessage(encodeStateMessage(message))).toEqual(message);
      }),
    );
  });

  it('refuses every single flipped bit by its CRC', () => {
    const bytes = encodeUpBatch(batchOf([encodeDelta(sample(1))]));
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const damaged = new Uint8Array(bytes);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => decodeUpBatch(damaged)).toThrow(WireError);
    }
  });

  it('answers any bytes with a value or a WireError, never with a crash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        for (const decode of [decodeUpBatch, decodeStateMessage, decodeDelta]) {
          try {
            decode(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(WireError);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('answers a well-formed delta with one byte replaced the same way', () => {
    fc.assert(
      fc.property(arbitraryDelta, fc.nat(), fc.nat({ max: 255 }), (delta, place, value) => {
        const bytes = new Uint8Array(encodeDelta(delta));
        bytes[place % bytes.length] = value;
        try {
          decodeDelta(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['a map', [0x81, 0x01, 0x02]],
    ['an extension', [0xd4, 0x72, 0x40]],
    ['a boolean', [0xc3]],
    ['arrays nested without end', Array.from({ length: 10_000 }, () => 0x91)],
    ['an array that claims four billion items', [0xdd, 0xff, 0xff, 0xff, 0xff]],
    ['bytes that claim more than there are', [0xc6, 0x7f, 0xff, 0xff, 0xff]],
    ['nothing', []],
  ])('refuses %s before it decodes anything', (_name, bytes) => {
    expect(() => decodeDelta(Uint8Array.from(bytes))).toThrow(WireError);
  });

  it('refuses a fraction where a whole number is due (P10)', () => {
    const half = Buffer.from('cb3fe0000000000000', 'hex');
    const bytes = encodeDelta({ ...sample(2), kind: 2, sku: 'A' as Sku, quantity: 0 });
    // 9x kind, a1 'A', then the quantity.
    const damaged = Buffer.concat([bytes.subarray(0, 4), half, bytes.subarray(5)]);
    expect(bytes[4]).toBe(0);
    expect(() => decodeDelta(damaged)).toThrow('quantity is not a whole number');
  });

  it('refuses sequences that do not number the deltas', () => {
    const batch = batchOf([encodeDelta(sample(1))]);
    expect(() => decodeUpBatch(encodeUpBatch({ ...batch, lastSequence: 2 }))).toThrow('do not number');
  });

  it('ignores fields that a newer minor version has appended', () => {
    const bytes = encodeDelta(sample(3));
    expect((bytes[0] ?? 0) & 0xf0).toBe(0x90);
    const appended = Buffer.concat([bytes, Buffer.from([0x07])]);
    appended[0] = (appended[0] ?? 0) + 1;
    expect(decodeDelta(appended)).toEqual(decodeDelta(bytes));
  });

  it('costs at most 60 bytes per sale in a full batch (N6)', () => {
    const deltas = Array.from({ length: wireLimits.batchDeltasMax }, (_, index) =>
      encodeDelta({
        kind: 2,
        sku: `10${75_313 + index}` as Sku,
        quantity: -1,
        version: 12 + index,
        previous: 345_600 + index,
        state: { ...emptyQuantities, onHand: 240 },
        at: 1_795_476_631_512 + index,
        line: 0,
        details: sale,
      }),
    );
    expect(encodeUpBatch(batchOf(deltas)).length / deltas.length).toBeLessThanOrEqual(60);
  });
});

function sample(seed: number) {
  const [delta] = fc.sample(arbitraryDelta, { seed, numRuns: 1 });
  if (delta === undefined) throw new Error('a sample is never empty');
  return delta;
}
