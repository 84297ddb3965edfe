import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { chainHash, genesisHash } from '@edgestock/shared/protocol/chain';
import type { Directive } from '@edgestock/shared/protocol/directive';
import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { must } from '@edgestock/shared/runtime/assert';
import type { DownHead, DownSlice, PromiseReader } from '../store/promise-store.ts';

type Log = { readonly directives: Uint8Array[]; readonly hashes: Uint8Array[]; carriedOut: number };

/** Central's logs down, on maps: what a store keeps of them, as far as sending needs it. */
export class InMemoryDownLogs implements Pick<PromiseReader, 'directivesAfter' | 'downHead' | 'downHashAt'> {
  readonly #logs = new Map<WarehouseId, Log>();

  enrol(warehouse: WarehouseId): void {
    this.#logs.set(warehouse, { directives: [], hashes: [genesisHash], carriedOut: 0 });
  }

  append(warehouse: WarehouseId, directive: Directive): number {
    const log = this.#log(warehouse);
    const bytes = encodeDirective(directive);
    log.directives.push(bytes);
    log.hashes.push(chainHash(must(log.hashes.at(-1), 'a hash'), bytes));
    return log.directives.length;
  }

  hashAt(warehouse: WarehouseId, sequence: number): string {
    return Buffer.from(must(this.#log(warehouse).hashes[sequence], 'a hash')).toString('hex');
  }

  recordCarriedOut(warehouse: WarehouseId, sequence: number): void {
    this.#log(warehouse).carriedOut = sequence;
  }

  async downHead(warehouse: WarehouseId): Promise<DownHead | undefined> {
    const log = this.#logs.get(warehouse);
    if (log === undefined) return undefined;
    const hash = must(log.hashes.at(-1), 'a hash');
    return { sequence: log.directives.length, hash, carriedOut: log.carriedOut };
  }

  async downHashAt(warehouse: WarehouseId, sequence: number): Promise<Uint8Array | undefined> {
    return this.#logs.get(warehouse)?.hashes[sequence];
  }

  async directivesAfter(
    warehouse: WarehouseId,
    sequence: number,
    limits: { readonly directivesMax: number },
  ): Promise<DownSlice | undefined> {
    const log = this.#log(warehouse);
    const directives = log.directives.slice(sequence, sequence + limits.directivesMax);
    if (directives.length === 0) return undefined;
    const lastSequence = sequence + directives.length;
    return {
      firstSequence: sequence + 1,
      lastSequence,
      hashBefore: must(log.hashes[sequence], 'a hash'),
      hashLast: must(log.hashes[lastSequence], 'a hash'),
      directives,
    };
  }

  #log(warehouse: WarehouseId): Log {
    return must(this.#logs.get(warehouse), 'an enrolled warehouse');
  }
}
