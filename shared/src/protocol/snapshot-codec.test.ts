import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sku, WarehouseId } from '../inventory/ids.ts';
import { conditions } from '../inventory/movement.ts';
import { emptyQuantities } from '../inventory/position.ts';
import { arbitraryQuantities, arbitrarySku } from '../testing/arbitraries.ts';
import { genesisHash } from './chain.ts';
import { WireError } from './codec.ts';
import { wireLimits } from './limits.ts';
import { sealed } from './packing.ts';
import {
  chunkHash,
  compareSkus,
  type SnapshotChunk,
  type SnapshotRow,
  setAsideHolders,
  snapshotManifest,
  snapshotRoot,
} from './snapshot.ts';
import { decodeSnapshotChunk, encodeSnapshotChunk, snapshotRowBytes } from './snapshot-codec.ts';

const identity = { warehouse: 'BER1' as WarehouseId, epoch: 1, instance: 'a1b2c3d4e5f60718' };

function rowOf(sku: string, change: Partial<SnapshotRow> = {}): SnapshotRow {
  const state = { ...emptyQuantities, onHand: 5 };
  return {
    ...{ sku: sku as Sku, version: 2, sequence: 7, state, places: [], expiries: [], setAsides: [] },
    ...change,
  };
}

function chunkOf(rows: readonly SnapshotRow[]): SnapshotChunk {
  return { ...identity, sequence: 9, index: 0, schema: 1, rows };
}

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const arbitraryRow: fc.Arbitrary<SnapshotRow> = fc.record({
  sku: arbitrarySku,
  version: fc.integer({ min: 1 }),
  sequence: fc.integer({ min: 1, max: 9 }),
  state: arbitraryQuantities,
  places: fc.array(
    fc.record({ bin: text, lot: text, condition: fc.constantFrom(...conditions), quantity: fc.maxSafeInteger() }),
    { maxLength: 4 },
  ),
  expiries: fc.array(fc.record({ lot: text, expiry: text }), { maxLength: 3 }),
  setAsides: fc.array(
    fc.record(
      {
        holder: fc.constantFrom(...setAsideHolders),
        document: text,
        quantity: fc.maxSafeNat(),
        released: fc.nat(),
        shipped: fc.nat(),
        otherWarehouse: fc.constant('HAM1' as WarehouseId),
      },
      { requiredKeys: ['holder', 'document', 'quantity', 'released', 'shipped'] },
    ),
    { maxLength: 3 },
  ),
});

describe('a chunk of a snapshot', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(arbitraryRow, { maxLength: 20 }), (rows) => {
        const chunk = chunkOf(rows.toSorted((a, b) => compareSkus(a.sku, b.sku)));
        expect(decodeSnapshotChunk(encodeSnapshotChunk(chunk))).toEqual(chunk);
      }),
    );
  });

  it('is refused with any byte damaged or cut off', () => {
    const bytes = encodeSnapshotChunk(chunkOf([rowOf('A'), rowOf('B')]));
    for (let at = 0; at < bytes.length; at += 1) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      expect(() => decodeSnapshotChunk(damaged)).toThrow(WireError);
      expect(() => decodeSnapshotChunk(bytes.subarray(0, at))).toThrow(WireError);
    }
  });

  it('is refused when its rows are out of order, or not of its place', () => {
    const refused = (rows: readonly SnapshotRow[]) =>
      expect(() => decodeSnapshotChunk(encodeSnapshotChunk(chunkOf(rows)))).toThrow(WireError);
    refused([rowOf('B'), rowOf('A')]);
    refused([rowOf('A', { sequence: 10 })]);
    refused([rowOf('A', { version: 0 })]);
    // By code point, as the databases sort: not by the halves that JavaScript compares.
    const [last, astral] = ['\uffee', '\u{1f600}'];
    expect(decodeSnapshotChunk(encodeSnapshotChunk(chunkOf([rowOf(last), rowOf(astral)]))).rows).toHaveLength(2);
    refused([rowOf(astral), rowOf(last)]);
  });

  it('is refused when it is too large, has too many rows, or groups that are none', () => {
    const fields = (rows: unknown[]) => sealed([1, 'BER1', 1, 'a1b2c3d4e5f60718', 9, 0, 1, rows]);
    const row = ['A', 2, 7, [5], [], [], []];
    expect(decodeSnapshotChunk(fields([row])).rows).toEqual([rowOf('A')]);
    const many = Array.from({ length: wireLimits.snapshotChunkRowsMax + 1 }, () => row);
    expect(() => decodeSnapshotChunk(fields(many))).toThrow('too many');
    expect(() => decodeSnapshotChunk(fields([['A', 2, 7, [5], ['bin', 'lot', 0], [], []]]))).toThrow('no groups');
    expect(() => decodeSnapshotChunk(fields([['A', 2, 7, [5], [], [], [9, 'o', 1, '', 0, 0]]]))).toThrow('not known');
    expect(() => decodeSnapshotChunk(Buffer.alloc(wireLimits.snapshotChunkBytesMax + 1))).toThrow('too long');
  });

  it('has room for the largest row after it has closed', () => {
    const long = 'x'.repeat(wireLimits.textBytesMax);
    const place = { bin: long, lot: long, condition: 'sellable', quantity: 2 ** 40 } as const;
    const places = Array.from({ length: wireLimits.snapshotDetailsPerRowMax }, () => place);
    const bytes = snapshotRowBytes(rowOf('A', { places }));
    expect(wireLimits.snapshotChunkBytes + bytes).toBeLessThan(wireLimits.snapshotChunkBytesMax);
  });
});

describe('the root of a snapshot', () => {
  const facts = { ...identity, sequence: 9, hash: genesisHash, rows: 3 };
  const hashes = ['a', 'b'].map((text) => chunkHash(Buffer.from(text)));
  const rootOf = (change: object = {}, of = hashes) => snapshotRoot({ ...facts, ...change }, of).toString('hex');

  it('changes with whose it is, its place, its size, and with any chunk, and with their order', () => {
    const others = [
      ...[{ warehouse: 'HAM1' }, { epoch: 2 }, { instance: 'another' }, { sequence: 8 }, { rows: 4 }].map((change) =>
        rootOf(change),
      ),
      rootOf({ hash: Buffer.alloc(32, 1) }),
      rootOf({}, hashes.toReversed()),
      rootOf({}, hashes.slice(1)),
      rootOf({}, [...hashes, chunkHash(Buffer.from('c'))]),
    ];
    expect(new Set([rootOf(), ...others]).size).toBe(others.length + 1);
  });

  it('belongs to a manifest within bounds', () => {
    const manifest = { ...{ epoch: 1, sequence: 9, hash: '0'.repeat(64), rows: 3, chunks: 2 }, root: rootOf(), at: 1 };
    expect(snapshotManifest.safeParse(manifest).success).toBe(true);
    for (const change of [
      { chunks: 0 },
      { chunks: wireLimits.snapshotChunksMax + 1 },
      { rows: wireLimits.snapshotRowsMax + 1 },
      { sequence: 0 },
      { epoch: 0 },
      { root: 'x' },
    ])
      expect(snapshotManifest.safeParse({ ...manifest, ...change }).success).toBe(false);
  });
});
