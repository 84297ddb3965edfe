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

  /** Takes what was planned on the quota as it is now. */
  async take(holder: Holder, channel: Channel, holds: readonly SourcedHold[]): Promise<void> {
    // Keys in order (SKU, then warehouse), so that two writers of another adapter could never wait for each other.
    const bySku = Map.groupBy(holds, ({ sku }) => sku);
    for (const sku of [...bySku.keys()].sort()) {
      const ofSku = (bySku.get(sku) ?? []).toSorted((a, b) => (a.warehouse < b.warehouse ? -1 : 1));
      await this.#quota.hold(channel, sku, ofSku);
      for (const { warehouse, quantity } of ofSku) {
        await this.#writer.add({ ...holder, channel, sku, warehouse, quantity });
      }
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
