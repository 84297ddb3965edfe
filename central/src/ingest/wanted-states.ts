import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import type { Clock } from '@edgestock/shared/runtime/clock';
import { centralLimits } from '../limits.ts';
import type { CentralReader } from '../store/central-store.ts';

/** How far a node's suspect SKUs have been asked for. */
type Asked = { readonly afterSku: Sku | undefined; readonly atMs: number };

const notYet: Asked = { afterSku: undefined, atMs: Number.NEGATIVE_INFINITY };

/**
 * Which states central asks a node for again: those of SKUs of which a delta could not be applied. The node's state is whole,
 * so that one message repairs what history here cannot. Remembers only which nodes have such SKUs, so that a heartbeat of any
 * other costs a look-up in memory; the SKUs are read, by an index that holds nothing else, when they are named.
 */
export class WantedStates {
  readonly #reader: CentralReader;
  readonly #clock: Clock;
  readonly #asked = new Map<WarehouseId, Asked>();

  constructor(reader: CentralReader, clock: Clock) {
    this.#reader = reader;
    this.#clock = clock;
  }

  /** Takes over which nodes have suspect SKUs. */
  async load(): Promise<void> {
    for (const warehouse of await this.#reader.suspectWarehouses()) this.suspect(warehouse);
  }

  /** A delta of the node was put aside: it may have suspect SKUs now. */
  suspect(warehouse: WarehouseId): void {
    // A new object in any case: a question that is being put just now must not end in forgetting this.
    this.#asked.set(warehouse, { ...(this.#asked.get(warehouse) ?? notYet) });
  }

  /**
   * SKUs to name to the node now; none when it has no suspect ones or was asked a moment ago. Goes on where the last question
   * ended, and then from the start: a state that cannot be taken over must not keep others from being asked for.
   */
  async take(warehouse: WarehouseId): Promise<readonly Sku[]> {
    const asked = this.#asked.get(warehouse);
    if (asked === undefined || this.#clock.monotonicMs() - asked.atMs < centralLimits.wantedRepeatMs) return [];
    const rest = await this.#read(warehouse, asked.afterSku);
    const skus = rest.length > 0 || asked.afterSku === undefined ? rest : await this.#read(warehouse, undefined);
    if (skus.length > 0) this.#asked.set(warehouse, { afterSku: skus.at(-1), atMs: this.#clock.monotonicMs() });
    else if (this.#asked.get(warehouse) === asked) this.#asked.delete(warehouse);
    return skus;
  }

  #read(warehouse: WarehouseId, afterSku: Sku | undefined): Promise<readonly Sku[]> {
    return this.#reader.suspectSkusOf(warehouse, afterSku, wireLimits.wantedSkusMax);
  }
}
