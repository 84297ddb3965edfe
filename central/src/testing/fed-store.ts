import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSku, parseWarehouseId, type Sku, type WarehouseId } from '@edgestock/shared/inventory/ids';
import { type MovementKind, movementKinds } from '@edgestock/shared/inventory/movement';
import { emptyPosition, type Position } from '@edgestock/shared/inventory/position';
import { chainHash, genesisHash } from '@edgestock/shared/protocol/chain';
import { encodeDelta, encodeUpBatch } from '@edgestock/shared/protocol/codec';
import type { Delta } from '@edgestock/shared/protocol/delta';
import type { UpBatch } from '@edgestock/shared/protocol/message';
import { SCHEMA_MAX, SCHEMA_MIN } from '@edgestock/shared/protocol/version';
import { must } from '@edgestock/shared/runtime/assert';
import type { ChangeNotice } from '../store/central-store.ts';
import { openCentralReader, openCentralStore } from '../store/sqlite/open-central-store.ts';

export const sku = (text: string): Sku => must(parseSku(text), `${text} is not a SKU`);
export const warehouse = (text: string): WarehouseId => must(parseWarehouseId(text), `${text} is not a warehouse`);

/** A node as far as its log goes: it makes the deltas and batches that a real one would send. */
export class PaperNode {
  readonly id: WarehouseId;
  readonly instance: string;
  sequence = 0;
  hash: Uint8Array = genesisHash;
  readonly #positions = new Map<Sku, Position>();

  constructor(id: string) {
    this.id = warehouse(id);
    this.instance = `paper-${id}`;
  }

  /** One movement of each line, as one batch. `quantity` is the signed change on hand. */
  batch(lines: readonly { sku: string; quantity: number; kind?: MovementKind; at?: number }[]): PaperBatch {
    const firstSequence = this.sequence + 1;
    const hashBefore = this.hash;
    const deltas: Delta[] = [];
    const hashes: Uint8Array[] = [];
    const bytes = lines.map((line, index) => {
      const delta = this.#delta(line, index);
      const encoded = encodeDelta(delta);
      this.hash = chainHash(this.hash, encoded);
      hashes.push(this.hash);
      deltas.push(delta);
      return encoded;
    });
    const batch: UpBatch = {
      warehouse: this.id,
      epoch: 1,
      instance: this.instance,
      firstSequence,
      lastSequence: this.sequence,
      hashBefore,
      hashLast: this.hash,
      schema: SCHEMA_MAX,
      downAck: 0,
      deltas: bytes,
    };
    return { batch, bytes: encodeUpBatch(batch), hashes, deltas };
  }

  enrolRequest() {
    const place = { epoch: 1, sequence: this.sequence, hash: Buffer.from(this.hash).toString('hex') };
    const schema: [number, number] = [SCHEMA_MIN, SCHEMA_MAX];
    return { warehouse: this.id, instance: this.instance, place, schema };
  }

  #delta(line: { sku: string; quantity: number; kind?: MovementKind; at?: number }, index: number): Delta {
    const id = sku(line.sku);
    const before = this.#positions.get(id) ?? emptyPosition;
    this.sequence += 1;
    const after = {
      ...before,
      onHand: before.onHand + line.quantity,
      version: before.version + 1,
      sequence: this.sequence,
    };
    this.#positions.set(id, after);
    const { version, sequence: _, ...state } = after;
    return {
      kind: movementKinds[line.kind ?? (line.quantity < 0 ? 'sale' : 'receive')].code,
      sku: id,
      quantity: line.quantity,
      version,
      previous: before.sequence,
      state,
      at: line.at ?? 1_795_000_000_000,
      line: index,
      details: {},
    };
  }
}

export type PaperBatch = {
  readonly batch: UpBatch;
  readonly bytes: Uint8Array;
  readonly hashes: readonly Uint8Array[];
  readonly deltas: readonly Delta[];
};

/** A real store in a folder of its own, fed through its port by paper nodes, and read through a second connection. */
export class FedStore {
  readonly directory = mkdtempSync(join(tmpdir(), 'edgestock-central-'));
  readonly path = join(this.directory, 'central.db');
  readonly store = openCentralStore(this.path);
  readonly opened = openCentralReader(this.path);
  readonly nodes = new Map<string, PaperNode>();

  get reader() {
    return this.opened.reader;
  }

  /** Records movements at a warehouse, which is enrolled at its first; returns what changed. */
  async move(
    id: string,
    lines: readonly { sku: string; quantity: number; kind?: MovementKind; at?: number }[],
    now = 1_795_000_000_000,
  ): Promise<readonly ChangeNotice[]> {
    let node = this.nodes.get(id);
    if (node === undefined) {
      node = new PaperNode(id);
      this.nodes.set(id, node);
      await this.store.enrol(node.id, node.enrolRequest(), now);
    }
    const { batch, bytes, hashes, deltas } = node.batch(lines);
    const entries = deltas.map((delta) => ({ kind: 'delta' as const, delta }));
    const [outcome] = await this.store.applyBatches([{ batch, bytes, hashes, entries }], now);
    if (outcome?.outcome !== 'applied') throw new Error(`the batch was not applied: ${JSON.stringify(outcome)}`);
    return outcome.changed;
  }

  /** A heartbeat of the warehouse: it has committed and sent what it has. */
  async hear(id: string, now: number): Promise<void> {
    const node = must(this.nodes.get(id), `${id} has no node`);
    const { sequence } = node;
    const spoken = { committed: sequence, sent: sequence, skewMs: 0, schemaMin: SCHEMA_MIN, schemaMax: SCHEMA_MAX };
    await this.store.recordHeard([{ warehouse: node.id, at: now, ...spoken }]);
  }

  async close(): Promise<void> {
    this.opened.close();
    await this.store.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
