import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseSku, parseWarehouseId } from '../inventory/ids.ts';
import { conditions, movementKinds } from '../inventory/movement.ts';
import { must } from '../runtime/assert.ts';
import { chainHashOver, genesisHash } from './chain.ts';
import {
  decodeDelta,
  decodeStateMessage,
  decodeUpBatch,
  encodeDelta,
  encodeStateMessage,
  encodeUpBatch,
} from './codec.ts';
import type { Delta } from './delta.ts';
import { shardOf, stateSubject, upSubject } from './subjects.ts';
import { PROTOCOL_MAJOR, SCHEMA_MAX, SHARD_COUNT } from './version.ts';

/**
 * The wire, frozen. Nodes are updated months apart, so what was once sent must be read for ever. When a test here turns red,
 * the wire has changed: append fields only, raise SCHEMA_MAX, keep the golden bytes below as they are and add those of the
 * new schema.
 */

const warehouse = must(parseWarehouseId('BER1'), 'a warehouse id');
const sku = must(parseSku('SKU-1'), 'a SKU');
const state = { onHand: 40, unsellable: 2, reserved: 0, committed: 0, quota: 0, safetyStock: 0 };
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
  state: { onHand: 1, unsellable: 2, reserved: 3, committed: 4, quota: 5, safetyStock: 6 },
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

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));

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
    });
    expect(new Set(Object.values(movementKinds).map(({ code }) => code)).size).toBe(Object.keys(movementKinds).length);
    expect(conditions.slice(0, 4)).toEqual(['sellable', 'damaged', 'hold', 'expired']);
  });

  it('keeps the subjects and the shard of a node, which brokers and consumers were set up for', () => {
    expect([upSubject(warehouse), stateSubject(warehouse), shardOf(warehouse)]).toEqual([
      'edgestock.v1.up.5.BER1',
      'edgestock.v1.state.5.BER1',
      5,
    ]);
  });

  it('has one schema hash per version: a change of any of these is a new version', () => {
    const schema = JSON.stringify([
      PROTOCOL_MAJOR,
      SCHEMA_MAX,
      SHARD_COUNT,
      GOLDEN_BATCH,
      GOLDEN_STATE_MESSAGE,
      conditions,
      movementKinds,
    ]);
    expect({
      version: `${PROTOCOL_MAJOR}.${SCHEMA_MAX}`,
      hash: createHash('sha256').update(schema).digest('hex').slice(0, 16),
    }).toEqual({
      version: '1.1',
      hash: 'cf1c5b5bb541d6af',
    });
  });
});
