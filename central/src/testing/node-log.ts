import { parseSku, parseWarehouseId, type Sku, type WarehouseId } from '@edgestock/shared/inventory/ids';
import { movementKinds } from '@edgestock/shared/inventory/movement';
import { emptyPosition, type Position } from '@edgestock/shared/inventory/position';
import { withSetAsides } from '@edgestock/shared/inventory/set-asides';
import { chainHash, genesisHash } from '@edgestock/shared/protocol/chain';
import { encodeDelta, encodeStateMessage, encodeUpBatch } from '@edgestock/shared/protocol/codec';
import type { EnrolRequest, HeartbeatRequest } from '@edgestock/shared/protocol/control';
import type { Delta, StateRow } from '@edgestock/shared/protocol/delta';
import type { StateMessage, UpBatch } from '@edgestock/shared/protocol/message';
import { must } from '@edgestock/shared/runtime/assert';
import { verifyBatch } from '../ingest/verify-batch.ts';
import type { VerifiedBatch } from '../rules/verified-batch.ts';

export const skuOf = (text: string): Sku => must(parseSku(text), 'a SKU');
export const warehouseOf = (text: string): WarehouseId => must(parseWarehouseId(text), 'a warehouse id');

/** What a node replicates, without the node: a log of movements with its chain, and the positions it comes to. */
export class NodeLog {
  readonly warehouse: WarehouseId;
  readonly instance: string;
  epoch: number;
  /** How far it says that it has carried out central's log. */
  downAck = 0;
  readonly deltas: Uint8Array[] = [];
  /** `hashes[n]` is the chain hash after sequence n. */
  readonly hashes: Uint8Array[] = [genesisHash];
  readonly positions = new Map<Sku, Position & { at: number }>();

  constructor(warehouse: string, options: { instance?: string; epoch?: number } = {}) {
    this.warehouse = warehouseOf(warehouse);
    this.instance = options.instance ?? `instance-${warehouse}`;
    this.epoch = options.epoch ?? 1;
  }

  get head(): number {
    return this.deltas.length;
  }

  /** The same log until now, going its own way from here: what a restored backup or a cloned disk does. */
  fork(): NodeLog {
    const other = new NodeLog(this.warehouse, { instance: this.instance, epoch: this.epoch });
    other.deltas.push(...this.deltas);
    other.hashes.push(...this.hashes.slice(1));
    for (const [sku, position] of this.positions) other.positions.set(sku, position);
    return other;
  }

  /**
   * Changes a position by so many units, and grants central all that comes in; `overrides` make deltas that no node would
   * write. It does not hear central: what central gives back it goes on counting as its quota.
   */
  record(sku: string, change: number, overrides: Partial<Delta> = {}): number {
    const id = skuOf(sku);
    const before = this.positions.get(id) ?? { ...emptyPosition, at: 0 };
    const { version, sequence: previous, at: _, ...quantities } = before;
    const sequence = this.head + 1;
    const delta: Delta = {
      kind: change < 0 ? movementKinds.sale.code : movementKinds.receive.code,
      sku: id,
      quantity: change,
      version: version + 1,
      previous,
      state: {
        ...quantities,
        onHand: quantities.onHand + change,
        quota: quantities.quota + Math.max(0, change),
        granted: quantities.granted + Math.max(0, change),
      },
      at: 1_700_000_000_000 + sequence,
      line: 0,
      details: {},
      ...overrides,
    };
    this.positions.set(id, { ...delta.state, version: delta.version, sequence, at: delta.at });
    this.append(encodeDelta(delta));
    return sequence;
  }

  /** Goods come of which central is granted nothing yet. */
  stock(sku: string, units: number): number {
    const { version: _, sequence: __, ...quantities } = this.positions.get(skuOf(sku)) ?? emptyPosition;
    return this.record(sku, units, { state: { ...quantities, onHand: quantities.onHand + units } });
  }

  /** Grants central units of what there is. */
  grant(sku: string, units: number): number {
    const { version: _, sequence: __, ...quantities } = this.positions.get(skuOf(sku)) ?? emptyPosition;
    const state = withSetAsides(quantities, 'grant', units);
    return this.record(sku, 0, { kind: movementKinds.grant.code, quantity: units, state });
  }

  append(bytes: Uint8Array): void {
    this.deltas.push(bytes);
    this.hashes.push(chainHash(must(this.hashes.at(-1), 'a hash'), bytes));
  }

  batch(firstSequence: number, lastSequence: number): UpBatch {
    return {
      warehouse: this.warehouse,
      epoch: this.epoch,
      instance: this.instance,
      firstSequence,
      lastSequence,
      hashBefore: must(this.hashes[firstSequence - 1], 'a hash'),
      hashLast: must(this.hashes[lastSequence], 'a hash'),
      schema: 1,
      downAck: this.downAck,
      deltas: this.deltas.slice(firstSequence - 1, lastSequence),
    };
  }

  bytes(firstSequence: number, lastSequence: number): Uint8Array {
    return encodeUpBatch(this.batch(firstSequence, lastSequence));
  }

  verified(firstSequence: number, lastSequence: number): VerifiedBatch {
    const verification = verifyBatch(this.warehouse, this.bytes(firstSequence, lastSequence));
    if (verification.outcome === 'rejected') throw new Error(verification.fault);
    return verification.value;
  }

  stateMessage(skus: readonly Sku[] = [...this.positions.keys()]): StateMessage {
    const rows = skus.map((sku): StateRow => {
      const { version, sequence, at, ...state } = must(this.positions.get(sku), 'a position');
      return { sku, version, sequence, state, at };
    });
    return {
      warehouse: this.warehouse,
      epoch: this.epoch,
      instance: this.instance,
      asOfSequence: this.head,
      schema: 1,
      rows,
    };
  }

  stateBytes(skus?: readonly Sku[]): Uint8Array {
    return encodeStateMessage(this.stateMessage(skus));
  }

  place(sequence = this.head) {
    return { epoch: this.epoch, sequence, hash: Buffer.from(must(this.hashes[sequence], 'a hash')).toString('hex') };
  }

  enrolRequest(place = this.place()): EnrolRequest {
    return { warehouse: this.warehouse, instance: this.instance, place, schema: [1, 1] };
  }

  heartbeatRequest(change: Partial<HeartbeatRequest> = {}): HeartbeatRequest {
    return { ...this.enrolRequest(), sent: this.head, applied: 0, clock: 1_700_000_000_000, ...change };
  }
}
