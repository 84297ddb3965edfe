import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseSku, parseWarehouseId } from '../inventory/ids.ts';
import { conditions, movementKinds } from '../inventory/movement.ts';
import { emptyQuantities } from '../inventory/position.ts';
import { DIGEST_BYTES, DIGESTED } from '../inventory/position-digest.ts';
import { must } from '../runtime/assert.ts';
import { chainHashOver, genesisHash } from './chain.ts';
import {
  decodeDelta,
  decodeDownBatch,
  decodeStateMessage,
  decodeUpBatch,
  encodeDelta,
  encodeDownBatch,
  encodeStateMessage,
  encodeUpBatch,
} from './codec.ts';
import type { Delta } from './delta.ts';
import type { Directive } from './directive.ts';
import { decodeDirective, encodeDirective } from './directive-codec.ts';
import { chunkHash, type SnapshotChunk, setAsideHolders, snapshotRoot } from './snapshot.ts';
import { decodeSnapshotChunk, encodeSnapshotChunk } from './snapshot-codec.ts';
import { downSubject, shardOf, snapshotSubject, stateSubject, upSubject } from './subjects.ts';
import { PROTOCOL_MAJOR, SCHEMA_MAX, SHARD_COUNT } from './version.ts';

/**
 * The wire, frozen. Nodes are updated months apart, so what was once sent must be read for ever. When a test here turns red,
 * the wire has changed: append fields only, raise SCHEMA_MAX, keep the golden bytes below as they are and add those of the
 * new schema.
 */

const warehouse = must(parseWarehouseId('BER1'), 'a warehouse id');
const sku = must(parseSku('SKU-1'), 'a SKU');
const state = { ...emptyQuantities, onHand: 40, unsellable: 2 };
const at = 1_795_476_000_000;

const sale: Delta = {
  kind: 2,
  sku,
  quantity: -2,
  version: 7,
  previous: 70_000,
  state,
  at,
  line: 0,
  details: { document: 'r-1', actor: 't' },
};
const everything: Delta = {
  ...sale,
  kind: 5,
  quantity: 5_000_000_000,
  state: { ...emptyQuantities, onHand: 1, unsellable: 2, reserved: 3, committed: 4, quota: 5, safetyStock: 6 },
  line: 300,
  details: {
    document: 'd',
    actor: 'a',
    reason: 'damaged',
    bin: 'A-1',
    lot: 'L',
    expiry: '2027-01-31',
    condition: 'sellable',
    toBin: 'B',
    toCondition: 'damaged',
    serials: ['s1', 's2'],
    counted: 0,
    atSequence: 9,
    occurredAt: at - 1,
  },
};

const allocation: Delta = {
  ...sale,
  kind: 15,
  quantity: 3,
  state: { ...state, committed: 3, quota: 6, granted: 20, allocated: 10, returned: 4 },
  details: { document: 'F-1' },
};

const goldenDeltas = [
  {
    name: 'schema 1: a sale',
    delta: sale,
    hex: '9902a5534b552d31fe07ce00011170922802cb427a20ab58d00000009303a3722d31a174',
  },
  {
    name: 'schema 1: every field',
    delta: everything,
    hex: '9905a5534b552d31cb41f2a05f2000000007ce0001117096010203040506cb427a20ab58d00000cd012c9ecd1fffa164a161a764616d61676564a3412d31a14caa323032372d30312d333100a1420192a27331a27332000901',
  },
];
const shipment: Delta = {
  ...sale,
  kind: 17,
  details: { document: 'T-1', otherWarehouse: must(parseWarehouseId('HAM1'), 'a warehouse id') },
};
const goldenDeltasOfSchema2 = [
  {
    name: 'an allocation',
    delta: allocation,
    hex: '990fa5534b552d310307ce0001117099280200030600140a04cb427a20ab58d00000009201a3462d31',
  },
  {
    name: 'a shipment to another warehouse',
    delta: shipment,
    hex: '9911a5534b552d31fe07ce00011170922802cb427a20ab58d000000093cd2001a3542d31a448414d31',
  },
];

const deltas = [encodeDelta(sale), encodeDelta(everything)];
const identity = { warehouse, epoch: 3, instance: '00112233445566778899aabbccddeeff' };
const batch = {
  ...identity,
  firstSequence: 1,
  lastSequence: 2,
  hashBefore: genesisHash,
  hashLast: chainHashOver(genesisHash, deltas),
  schema: 1,
  downAck: 0,
  deltas,
};
const stateMessage = { ...identity, asOfSequence: 2, schema: 1, rows: [{ sku, version: 7, sequence: 2, state, at }] };

const GOLDEN_BATCH =
  '9c01a44245523103d92030303131323233333434353536363737383839396161626263636464656566660102c4200000000000000000000000000000000000000000000000000000000000000000c42086f6b250b79d9af07d3b0a81923733ce6aba9b8295301141f2860f589890c37e010092c4249902a5534b552d31fe07ce00011170922802cb427a20ab58d00000009303a3722d31a174c4599905a5534b552d31cb41f2a05f2000000007ce0001117096010203040506cb427a20ab58d00000cd012c9ecd1fffa164a161a764616d61676564a3412d31a14caa323032372d30312d333100a1420192a27331a27332000901ce7cd24559';
const GOLDEN_STATE_MESSAGE =
  '9801a44245523103d920303031313232333334343535363637373838393961616262636364646565666602019195a5534b552d310702922802cb427a20ab58d00000ceb4b5c241';

const directives: readonly { readonly directive: Directive; readonly hex: string }[] = [
  {
    directive: { kind: 'allocate', task: 'F-1', order: 'O-1', lines: [{ sku, quantity: 3 }], dueAt: at },
    hex: '9501a3462d31a34f2d319192a5534b552d3103cb427a20ab58d00000',
  },
  {
    directive: { kind: 'release', task: 'F-1', lines: [{ sku, quantity: 2 }], reason: 'cancelled' },
    hex: '9402a3462d319192a5534b552d3102a963616e63656c6c6564',
  },
  { directive: { kind: 'quota-return', lines: [{ sku, total: 4 }] }, hex: '92039192a5534b552d3104' },
  {
    directive: { kind: 'grant-request', lines: [{ sku, quantity: 9 }], expiresAt: at },
    hex: '93049192a5534b552d3109cb427a20ab58d00000',
  },
  {
    directive: {
      kind: 'catalogue-upsert',
      items: [{ sku, name: 'Tea', barcodes: [{ barcode: '04006381333931', multiple: 12 }] }],
    },
    hex: '92059194a5534b552d31a3546561ae30343030363338313333333933310c',
  },
  { directive: { kind: 'policy', policy: { class: 'store', sharePercent: 50, safetyStock: 1 } }, hex: '9406013201' },
  { directive: { kind: 'sku-policy', rules: [{ sku, safetyStock: 2 }] }, hex: '92079193a5534b552d31c002' },
  {
    directive: {
      kind: 'transfer',
      transfer: {
        transfer: 'T-1',
        from: warehouse,
        to: must(parseWarehouseId('HAM1'), 'a warehouse id'),
        lines: [{ sku, shipped: 9, received: 5, damaged: 1, lost: 3 }],
        isClosed: true,
      },
    },
    hex: '9608a3542d31a442455231a448414d31019195a5534b552d3109050103',
  },
];
/** Beside the batch of all kinds, whose bytes are golden as a whole. */
const moreDirectives: typeof directives = [
  {
    directive: { kind: 'late-facts', late: 17, rows: [{ sequence: 41, delta: sale }] },
    hex: '930911919229c4249902a5534b552d31fe07ce00011170922802cb427a20ab58d00000009303a3722d31a174',
  },
  {
    directive: {
      kind: 'transfer',
      transfer: {
        transfer: 'T-1',
        from: warehouse,
        to: must(parseWarehouseId('HAM1'), 'a warehouse id'),
        // More came than was shipped.
        lines: [{ sku, shipped: 9, received: 10, damaged: 1, lost: -2 }],
        isClosed: true,
      },
    },
    hex: '9608a3542d31a442455231a448414d31019195a5534b552d31090a01fe',
  },
];
const downBatch = {
  warehouse,
  centralEpoch: 1,
  firstSequence: 1,
  lastSequence: directives.length,
  hashBefore: genesisHash,
  hashLast: chainHashOver(
    genesisHash,
    directives.map(({ directive }) => encodeDirective(directive)),
  ),
  schema: 2,
  directives: directives.map(({ directive }) => encodeDirective(directive)),
};
const GOLDEN_DOWN_BATCH =
  '9a01a442455231010108c4200000000000000000000000000000000000000000000000000000000000000000c420fda2fd98ff80ec334b84dd4d42c635acbe8412ce43e4177ed3a019cc28afeba10298c41c9501a3462d31a34f2d319192a5534b552d3103cb427a20ab58d00000c4199402a3462d319192a5534b552d3102a963616e63656c6c6564c40b92039192a5534b552d3104c41493049192a5534b552d3109cb427a20ab58d00000c41e92059194a5534b552d31a3546561ae30343030363338313333333933310cc4059406013201c40c92079193a5534b552d31c002c41d9608a3542d31a442455231a448414d31019195a5534b552d3109050103ce4e7effa3';

/** What schema 3 appended: a digest, whose bytes are frozen beside its code, and what a message repairs. */
const digest = Buffer.alloc(DIGEST_BYTES, 'digest');
const batchWithDigest = { ...batch, schema: 3, digest };
const repairMessage = { ...stateMessage, schema: 3, repair: { bucket: 1_023, isWhole: true } };
/** SHA-256 of its 6 KiB. */
const GOLDEN_BATCH_WITH_DIGEST = '8b78ca0bff1a77302db6e7e22ab605c39d453afe934e9085ce99678cfdc8c96d';
const GOLDEN_REPAIR_MESSAGE =
  '9901a44245523103d920303031313232333334343535363637373838393961616262636364646565666602039195a5534b552d310702922802cb427a20ab58d0000092cd03ff01ce2c1fe2ea';

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));

const snapshotChunk: SnapshotChunk = {
  ...{ warehouse, epoch: 2, instance: 'a1b2c3d4e5f60718', sequence: 70_000, index: 3, schema: 3 },
  rows: [
    {
      ...{ sku, version: 7, sequence: 69_999, state: { ...state, committed: 3, granted: 9 } },
      places: [
        { bin: '', lot: '', condition: 'sellable', quantity: 38 },
        { bin: 'A-1', lot: 'L', condition: 'damaged', quantity: 2 },
      ],
      expiries: [{ lot: 'L', expiry: '2027-01-31' }],
      setAsides: [
        { holder: 'task', document: 'O-1.1', quantity: 2, released: 1, shipped: 4 },
        {
          ...{ holder: 'transfer', document: 'X-1', quantity: 1, released: 0, shipped: 0 },
          otherWarehouse: must(parseWarehouseId('HAM1'), 'an id'),
        },
      ],
    },
  ],
};
const GOLDEN_SNAPSHOT_CHUNK =
  '9901a44245523102b061316232633364346535663630373138ce0001117003039197a5534b552d3107ce0001116f972802000300000998a0a00026a3412d31a14c010292a14caa323032372d30312d33319c02a54f2d312e3102a0010403a3582d3101a448414d310000ce6b3d3d0b';
const GOLDEN_SNAPSHOT_ROOT = 'b8265f0e0727a1e03cdd7290222b28dcf5c2b3eeb708e9d33b66161fb1e37c85';

describe('the frozen wire', () => {
  it.each(goldenDeltas)('reads and writes the golden bytes of $name', ({ delta, hex }) => {
    expect(decodeDelta(bytesOf(hex))).toEqual(delta);
    expect(hexOf(encodeDelta(delta))).toBe(hex);
  });

  it('reads and writes the golden bytes of a batch', () => {
    const read = decodeUpBatch(bytesOf(GOLDEN_BATCH));
    expect({
      ...read,
      hashBefore: hexOf(read.hashBefore),
      hashLast: hexOf(read.hashLast),
      deltas: read.deltas.map(hexOf),
    }).toEqual({
      ...batch,
      hashBefore: hexOf(batch.hashBefore),
      hashLast: hexOf(batch.hashLast),
      deltas: goldenDeltas.map(({ hex }) => hex),
    });
    expect(hexOf(encodeUpBatch(batch))).toBe(GOLDEN_BATCH);
  });

  it('reads and writes the golden bytes of a state message', () => {
    expect(decodeStateMessage(bytesOf(GOLDEN_STATE_MESSAGE))).toEqual(stateMessage);
    expect(hexOf(encodeStateMessage(stateMessage))).toBe(GOLDEN_STATE_MESSAGE);
  });

  it.each(goldenDeltasOfSchema2)('reads and writes the golden bytes of schema 2: $name', ({ delta, hex }) => {
    expect(decodeDelta(bytesOf(hex))).toEqual(delta);
    expect(hexOf(encodeDelta(delta))).toBe(hex);
  });

  it.each([...directives, ...moreDirectives])(
    'reads and writes the golden bytes of the directive $directive.kind',
    ({ directive, hex }) => {
      expect(decodeDirective(bytesOf(hex))).toEqual(directive);
      expect(hexOf(encodeDirective(directive))).toBe(hex);
    },
  );

  it('reads and writes the golden bytes of a batch down', () => {
    const read = decodeDownBatch(bytesOf(GOLDEN_DOWN_BATCH));
    expect({ ...read, hashBefore: hexOf(read.hashBefore), hashLast: hexOf(read.hashLast), directives: [] }).toEqual({
      ...downBatch,
      hashBefore: hexOf(downBatch.hashBefore),
      hashLast: hexOf(downBatch.hashLast),
      directives: [],
    });
    expect(read.directives.map(hexOf)).toEqual(directives.map(({ hex }) => hex));
    expect(hexOf(encodeDownBatch(downBatch))).toBe(GOLDEN_DOWN_BATCH);
  });

  it('reads and writes the golden bytes of schema 3: a batch with a digest', () => {
    const bytes = encodeUpBatch(batchWithDigest);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(GOLDEN_BATCH_WITH_DIGEST);
    expect(decodeUpBatch(bytes)).toEqual(batchWithDigest);
  });

  it('reads and writes the golden bytes of schema 3: a message that repairs', () => {
    expect(decodeStateMessage(bytesOf(GOLDEN_REPAIR_MESSAGE))).toEqual(repairMessage);
    expect(hexOf(encodeStateMessage(repairMessage))).toBe(GOLDEN_REPAIR_MESSAGE);
  });

  it('keeps every code that was ever given', () => {
    const codes = Object.fromEntries(
      Object.entries(movementKinds).map(([kind, { code, change }]) => [kind, `${code} ${change}`]),
    );
    expect(codes).toMatchObject({
      receive: '1 in',
      sale: '2 out',
      return: '3 in',
      adjust: '4 signed',
      move: '5 none',
      scrap: '6 out',
      found: '7 in',
      count: '8 signed',
      reserve: '9 aside',
      release: '10 aside',
      commit: '11 aside',
      uncommit: '12 aside',
      grant: '13 aside',
      reclaim: '14 aside',
      allocate: '15 aside',
      ship: '16 out',
      'transfer-ship': '17 out',
      'transfer-receive': '18 in',
      'transfer-lost': '19 aside',
      'safety-stock': '20 aside',
    });
    expect(new Set(Object.values(movementKinds).map(({ code }) => code)).size).toBe(Object.keys(movementKinds).length);
    expect(conditions.slice(0, 4)).toEqual(['sellable', 'damaged', 'hold', 'expired']);
  });

  it('keeps the subjects and the shard of a node, which brokers and consumers were set up for', () => {
    expect([upSubject(warehouse), stateSubject(warehouse), downSubject(warehouse), shardOf(warehouse)]).toEqual([
      'edgestock.v1.up.5.BER1',
      'edgestock.v1.state.5.BER1',
      'edgestock.v1.down.5.BER1',
      5,
    ]);
  });

  it('reads the chunk of a snapshot, and writes it like that', () => {
    expect(encodeSnapshotChunk(snapshotChunk).toString('hex')).toBe(GOLDEN_SNAPSHOT_CHUNK);
    expect(decodeSnapshotChunk(Buffer.from(GOLDEN_SNAPSHOT_CHUNK, 'hex'))).toEqual(snapshotChunk);
    expect(setAsideHolders.slice(0, 4)).toEqual(['held', 'confirmed', 'task', 'transfer']);
    const hashes = [chunkHash(Buffer.from(GOLDEN_SNAPSHOT_CHUNK, 'hex'))];
    const root = snapshotRoot({ ...snapshotChunk, hash: genesisHash, rows: 1 }, hashes);
    expect(root.toString('hex')).toBe(GOLDEN_SNAPSHOT_ROOT);
    expect(snapshotSubject(warehouse)).toBe('edgestock.v1.snapshot.BER1');
  });

  it('has one schema hash per version: a change of any of these is a new version', () => {
    const schema = JSON.stringify([
      PROTOCOL_MAJOR,
      SCHEMA_MAX,
      SHARD_COUNT,
      GOLDEN_BATCH,
      GOLDEN_STATE_MESSAGE,
      GOLDEN_DOWN_BATCH,
      GOLDEN_BATCH_WITH_DIGEST,
      GOLDEN_REPAIR_MESSAGE,
      DIGESTED,
      conditions,
      movementKinds,
    ]);
    expect({
      version: `${PROTOCOL_MAJOR}.${SCHEMA_MAX}`,
      hash: createHash('sha256').update(schema).digest('hex').slice(0, 16),
    }).toEqual({
      version: '1.3',
      hash: '3b4e6889a49c7495',
    });
  });
});
