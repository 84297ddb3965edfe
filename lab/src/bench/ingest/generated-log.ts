import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { movementKinds } from '@edgestock/shared/inventory/movement';
import { emptyPosition, type Position } from '@edgestock/shared/inventory/position';
import { chainHash, genesisHash } from '@edgestock/shared/protocol/chain';
import { encodeDelta, encodeUpBatch } from '@edgestock/shared/protocol/codec';
import type { StateRow } from '@edgestock/shared/protocol/delta';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import { SCHEMA_MAX } from '@edgestock/shared/protocol/version';

export const NODES = 10;

/** How large a round is, and over how many SKUs of each node the deltas go. */
export type RoundSize = { readonly batchesPerNode: number; readonly skusPerNode: number };

export function deltasOfRound({ batchesPerNode }: RoundSize): number {
  return NODES * batchesPerNode * wireLimits.batchDeltasMax;
}

const OPENING_UNITS = 1_000_000;
const FIRST_AT = 1_795_000_000_000;

/** A batch as it comes from the wire, and the rows it comes to. */
export type GeneratedBatch = {
  readonly warehouse: WarehouseId;
  readonly bytes: Uint8Array;
  readonly rows: readonly StateRow[];
};

/** The log of one node, going on and on: first everything is received, then sold piece by piece. The same in every process. */
class GeneratedLog {
  readonly warehouse: WarehouseId;
  readonly instance: string;
  readonly #positions = new Map<Sku, Position>();
  readonly #skus: number;
  #sequence = 0;
  #hash: Uint8Array = genesisHash;

  constructor(index: number, skus: number) {
    this.#skus = skus;
    this.warehouse = `BENCH${index}` as WarehouseId;
    this.instance = `instance-of-bench-${index}-000`;
  }

  batch(): GeneratedBatch {
    const hashBefore = this.#hash;
    const firstSequence = this.#sequence + 1;
    const rows: StateRow[] = [];
    const deltas: Uint8Array[] = [];
    while (deltas.length < wireLimits.batchDeltasMax) {
      const { row, delta } = this.#sell();
      rows.push(row);
      deltas.push(delta);
      this.#hash = chainHash(this.#hash, delta);
    }
    const bytes = encodeUpBatch({
      warehouse: this.warehouse,
      epoch: 1,
      instance: this.instance,
      firstSequence,
      lastSequence: this.#sequence,
      hashBefore,
      hashLast: this.#hash,
      schema: SCHEMA_MAX,
      downAck: 0,
      deltas,
    });
    return { warehouse: this.warehouse, bytes, rows };
  }

  #sell(): { readonly row: StateRow; readonly delta: Uint8Array } {
    // A stride without a common divisor: every SKU once before any comes again, in an order without neighbours.
    const sku = `SKU-${String((this.#sequence * 2_743) % this.#skus).padStart(6, '0')}` as Sku;
    const { version, sequence: previous, ...state } = this.#positions.get(sku) ?? emptyPosition;
    this.#sequence += 1;
    const sequence = this.#sequence;
    const isOpening = previous === 0;
    const quantity = isOpening ? OPENING_UNITS : -1;
    const after: Position = { ...state, onHand: state.onHand + quantity, version: version + 1, sequence };
    this.#positions.set(sku, after);
    const { version: _version, sequence: _sequence, ...stateAfter } = after;
    const at = FIRST_AT + sequence;
    const delta = encodeDelta({
      kind: movementKinds[isOpening ? 'receive' : 'sale'].code,
      sku,
      quantity,
      version: after.version,
      previous,
      state: stateAfter,
      at,
      line: 0,
      details: { document: `T1/R-${sequence}`, actor: 'T1' },
    });
    return { row: { sku, version: after.version, sequence, state: stateAfter, at }, delta };
  }
}

/** The logs of all nodes of the bench. */
export class GeneratedLogs {
  readonly nodes: readonly { readonly warehouse: WarehouseId; readonly instance: string }[];
  readonly #logs: readonly GeneratedLog[];

  readonly #batchesPerNode: number;

  constructor({ batchesPerNode, skusPerNode }: RoundSize) {
    this.#batchesPerNode = batchesPerNode;
    this.#logs = Array.from({ length: NODES }, (_, index) => new GeneratedLog(index + 1, skusPerNode));
    this.nodes = this.#logs;
  }

  /** The next batches of every node, in turns between the nodes. */
  round(): readonly GeneratedBatch[] {
    return Array.from({ length: this.#batchesPerNode }, () => this.#logs.map((log) => log.batch())).flat();
  }
}
