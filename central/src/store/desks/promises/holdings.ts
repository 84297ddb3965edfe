import type { Channel } from '../../../rules/channel.ts';
import type { SourcedHold } from '../../../rules/sourcing.ts';
import type { Holder, HoldReader, HoldWriter } from '../../tables/hold-table.ts';
import type { QuotaTable } from '../../tables/quota-table.ts';
import type { Tables } from '../../tables/tables.ts';

/** Sets units aside for who holds them, and gives them back: the rows of `hold` and the sums in `position` always together. */
export class Holdings {
  readonly #reader: HoldReader;
  readonly #writer: HoldWriter;
  readonly #quota: QuotaTable;

  constructor(tables: Tables, parts: { readonly quota: QuotaTable }) {
    this.#reader = tables.holds;
    this.#writer = tables.holdWriter;
    this.#quota = parts.quota;
  }

  /** Notes what somebody holds; who takes it from the quota is the caller (`QuotaDraft`), in the same transaction. */
  async note(holder: Holder, channel: Channel, holds: readonly SourcedHold[]): Promise<void> {
    // Rows in the order of SKU, then warehouse, as quotas are taken.
    for (const hold of holds.toSorted((a, b) => order(a.sku, b.sku) || order(a.warehouse, b.warehouse))) {
      await this.#writer.add({ ...holder, channel, ...hold });
    }
  }

  /** Gives back all that somebody holds. */
  async giveUp(holder: Holder): Promise<void> {
    for (const hold of await this.#remove(holder)) await this.#quota.free(hold.sku, hold);
  }

  /** All that one holds is held by another from now on. */
  async handOver(from: Holder, to: Holder, channel: Channel): Promise<void> {
    for (const hold of await this.#remove(from)) await this.#writer.add({ ...to, channel, ...hold });
  }

  async #remove(holder: Holder): Promise<readonly SourcedHold[]> {
    const holds = await this.#reader.of(holder);
    await this.#writer.removeAll(holder);
    return holds;
  }
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
