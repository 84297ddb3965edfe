import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { chainHash } from '@edgestock/shared/protocol/chain';
import { decodeUpBatch, WireError } from '@edgestock/shared/protocol/codec';
import { readableDelta } from '@edgestock/shared/protocol/readable-delta';
import { sameHash } from '../../../rules/same-hash.ts';
import type { LateFact, LateFactMovement, QuarantineRecord } from '../../central-store.ts';
import type { BatchLog } from '../../tables/batch-log.ts';
import type { QuarantineTable } from '../../tables/quarantine-table.ts';

/** Reads one of the things that were put aside, and what it says. */
export class LateFactReader {
  readonly #quarantine: Pick<QuarantineTable, 'get'>;
  readonly #log: Pick<BatchLog, 'hashAt'>;

  constructor(tables: {
    readonly quarantine: Pick<QuarantineTable, 'get'>;
    readonly batchLog: Pick<BatchLog, 'hashAt'>;
  }) {
    this.#quarantine = tables.quarantine;
    this.#log = tables.batchLog;
  }

  async find(id: number): Promise<LateFact | undefined> {
    const record = await this.#quarantine.get(id);
    return record && { record, movements: await this.#movementsOf(record) };
  }

  async #movementsOf({
    reason,
    bytes,
    warehouse,
    firstSequence = 0,
  }: QuarantineRecord): Promise<LateFact['movements']> {
    // A single one was put aside out of a batch that was applied: its node has it, and so has the log.
    if (reason === 'delta') return [{ sequence: firstSequence, delta: readableDelta(bytes), bytes, isInLog: true }];
    try {
      const batch = decodeUpBatch(bytes);
      let hash = batch.hashBefore;
      const hashes = batch.deltas.map((delta) => {
        hash = chainHash(hash, delta);
        return hash;
      });
      const common = await this.#commonWith(warehouse, batch.firstSequence, hashes);
      return batch.deltas.map((delta, index): LateFactMovement => {
        return {
          sequence: batch.firstSequence + index,
          delta: readableDelta(delta),
          bytes: delta,
          isInLog: index < common,
        };
      });
    } catch (error) {
      if (error instanceof WireError) return undefined;
      throw error;
    }
  }

  /** How many of consecutive places, from their first, have the history that the log has: histories that part stay apart. */
  async #commonWith(warehouse: WarehouseId, first: number, hashes: readonly Uint8Array[]): Promise<number> {
    let common = 0;
    let beyond = hashes.length + 1;
    while (beyond - common > 1) {
      const middle = Math.floor((common + beyond) / 2);
      const [known, own] = [await this.#log.hashAt(warehouse, first + middle - 1), hashes[middle - 1]];
      if (known !== undefined && own !== undefined && sameHash(known, own)) common = middle;
      else beyond = middle;
    }
    return common;
  }
}
