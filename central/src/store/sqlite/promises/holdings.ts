import type { Database } from 'better-sqlite3';
import type { Channel } from '../../../rules/channel.ts';
import type { SourcedHold } from '../../../rules/sourcing.ts';
import { type Holder, HoldReader, HoldWriter } from './hold-table.ts';
import type { QuotaTable } from './quota-table.ts';

/** Sets units aside for who holds them, and gives them back: the rows of `hold` and the sums in `position` always together. */
export class Holdings {
  readonly #reader: HoldReader;
  readonly #writer: HoldWriter;
  readonly #quota: QuotaTable;

  constructor(database: Database, parts: { readonly quota: QuotaTable }) {
    this.#reader = new HoldReader(database);
    this.#writer = new HoldWriter(database);
    this.#quota = parts.quota;
  }

  /** Takes what was planned on the quota as it is now. */
  take(holder: Holder, channel: Channel, holds: readonly SourcedHold[]): void {
    // Keys in order (SKU, then warehouse), so that two writers of another adapter could never wait for each other.
    const bySku = Map.groupBy(holds, ({ sku }) => sku);
    for (const sku of [...bySku.keys()].sort()) {
      const ofSku = (bySku.get(sku) ?? []).toSorted((a, b) => (a.warehouse < b.warehouse ? -1 : 1));
      this.#quota.hold(channel, sku, ofSku);
      for (const { warehouse, quantity } of ofSku) {
        this.#writer.add({ ...holder, channel, sku, warehouse, quantity });
      }
    }
  }

  /** Gives back all that somebody holds. */
  giveUp(holder: Holder): void {
    for (const hold of this.#remove(holder)) this.#quota.free(hold.sku, hold);
  }

  /** All that one holds is held by another from now on. */
  handOver(from: Holder, to: Holder, channel: Channel): void {
    for (const hold of this.#remove(from)) this.#writer.add({ ...to, channel, ...hold });
  }

  #remove(holder: Holder): readonly SourcedHold[] {
    const holds = this.#reader.of(holder);
    this.#writer.removeAll(holder);
    return holds;
  }
}
