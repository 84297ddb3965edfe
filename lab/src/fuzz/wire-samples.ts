import { parseSku, parseWarehouseId } from '@edgestock/shared/inventory/ids';
import { movementKinds } from '@edgestock/shared/inventory/movement';
import { emptyQuantities } from '@edgestock/shared/inventory/position';
import { chainHashOver, genesisHash } from '@edgestock/shared/protocol/chain';
import {
  decodeDelta,
  encodeDelta,
  encodeDownBatch,
  encodeStateMessage,
  encodeUpBatch,
} from '@edgestock/shared/protocol/codec';
import type {
  EnrolRequest,
  HeartbeatReply,
  HeartbeatRequest,
  LastUnitsRequest,
} from '@edgestock/shared/protocol/control';
import type { Delta } from '@edgestock/shared/protocol/delta';
import type { Directive } from '@edgestock/shared/protocol/directive';
import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { must } from '@edgestock/shared/runtime/assert';

/** Good messages of every kind, from which bad ones are made. */
export type MessageKind = 'up' | 'state' | 'down' | 'delta' | 'directive';

export const warehouse = must(parseWarehouseId('BER1'), 'a warehouse id');
const sku = must(parseSku('A-1'), 'a SKU');
const identity = { warehouse, epoch: 1, instance: 'a1b2c3d4e5f60718' };
const at = 1_700_000_000_000;

const kinds = Object.values(movementKinds).map(({ code }) => code);
const deltas = kinds.map((kind, index): Buffer => {
  const delta: Delta = {
    ...{ kind, sku, quantity: index - 7, version: index + 1, previous: index, at: at + index, line: 0 },
    state: { ...emptyQuantities, onHand: 300_000 * index, reserved: index, granted: index, quota: index },
    details:
      index % 3 === 0
        ? {
            document: `receipt-${index}`,
            bin: 'B1',
            lot: 'L1',
            expiry: '2027-01-31',
            condition: 'damaged',
            serials: ['s1'],
          }
        : index % 3 === 1
          ? { counted: 3, atSequence: 2, occurredAt: at - 5, actor: 'ana' }
          : { reason: 'theft', otherWarehouse: warehouse, toBin: 'B2', toCondition: 'hold' },
  };
  return encodeDelta(delta);
});

const directiveList: readonly Directive[] = [
  { kind: 'allocate', task: 't1', order: 'o1', lines: [{ sku, quantity: 3 }], dueAt: at },
  { kind: 'release', task: 't1', lines: [{ sku, quantity: 1 }], reason: 'cancelled' },
  { kind: 'quota-return', lines: [{ sku, total: 70_000 }] },
  { kind: 'grant-request', lines: [{ sku, quantity: 2 }], expiresAt: at },
  { kind: 'catalogue-upsert', items: [{ sku, name: 'Äpfel', barcodes: [{ barcode: '4006381333931', multiple: 6 }] }] },
  { kind: 'policy', policy: { class: 'store', sharePercent: 50, safetyStock: 1 } },
  { kind: 'sku-policy', rules: [{ sku, sharePercent: 0 }] },
  {
    kind: 'transfer',
    transfer: {
      ...{ transfer: 'van-1', from: warehouse, to: must(parseWarehouseId('HAM1'), 'a warehouse id'), isClosed: false },
      lines: [{ sku, shipped: 4, received: 1, damaged: 1, lost: -1 }],
    },
  },
  {
    kind: 'late-facts',
    late: 17,
    rows: deltas.slice(0, 3).map((bytes, index) => ({ sequence: 70_000 + index, delta: decodeDelta(bytes) })),
  },
];
const directives = directiveList.map(encodeDirective);

const chained = (entries: readonly Uint8Array[]) => ({
  ...{ firstSequence: 1, lastSequence: entries.length },
  ...{ hashBefore: genesisHash, hashLast: chainHashOver(genesisHash, entries), schema: 2 },
});

export const samples: readonly { readonly kind: MessageKind; readonly bytes: Uint8Array }[] = [
  { kind: 'up', bytes: encodeUpBatch({ ...identity, ...chained(deltas), downAck: 7, deltas }) },
  {
    kind: 'up',
    bytes: encodeUpBatch({ ...identity, ...chained(deltas.slice(0, 1)), downAck: 0, deltas: deltas.slice(0, 1) }),
  },
  { kind: 'down', bytes: encodeDownBatch({ warehouse, centralEpoch: 1, ...chained(directives), directives }) },
  {
    kind: 'state',
    bytes: encodeStateMessage({
      ...{ ...identity, asOfSequence: 9, schema: 2 },
      rows: [1, 2, 3].map((version) => ({
        sku,
        version,
        sequence: version,
        state: { ...emptyQuantities, onHand: 5 },
        at,
      })),
    }),
  },
  ...deltas.map((bytes) => ({ kind: 'delta' as const, bytes })),
  ...directives.map((bytes) => ({ kind: 'directive' as const, bytes })),
];

const place = { epoch: 0, sequence: 0, hash: Buffer.from(genesisHash).toString('hex') };
const enrol: EnrolRequest = { warehouse, instance: identity.instance, place, schema: [1, 2] };
const heartbeat: HeartbeatRequest = {
  ...{ warehouse, instance: identity.instance, place: { ...place, epoch: 1 }, sent: 0, applied: 0, schema: [1, 2] },
  ...{ clock: at, down: { centralEpoch: 1, sequence: 0, hash: place.hash, need: true } },
};
const lastUnits: LastUnitsRequest = { warehouse, instance: identity.instance, lines: [{ sku, quantity: 1 }] };
const reply: HeartbeatReply = {
  ...{ applied: 3, hash: place.hash, centralEpoch: 1, schema: [1, 2], time: at, need: 4, window: 20_000 },
  ...{ fence: { epoch: 1, reason: 'a fork' }, wanted: [sku] },
};
export const controlSamples = { enrol, heartbeat, lastUnits, reply } as const;
