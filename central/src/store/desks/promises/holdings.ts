import type { Channel } from '../../../rules/channel.ts';
import type { SourcedHold } from '../../../rules/sourcing.ts';
import type { Holder, HoldWriter } from '../../tables/hold-table.ts';
import type { QuotaTable } from '../../tables/quota-table.ts';
import type { Tables } from '../../tables/tables.ts';

/** Sets units aside for who holds them, and gives them back: the rows of `hold` and the sums in `position` always together. */
export class Holdings {
  readonly #writer: HoldWriter;
  readonly #quota: QuotaTable;

  constructor(tables: Tables, parts: { readonly quota: QuotaTable }) {
    this.#writer = tables.holdWriter;
    this.#quota = parts.quota;
  }

  /** Notes what somebody holds; who takes it from the quota is the caller (`QuotaDraft`), in the same transaction. */
  async note(holder: Holder, channel: Channel, holds: readonly SourcedHold[]): Promise<void> {
    for (const hold of inOrder(holds)) await this.#writer.add({ ...holder, channel, ...hold });
  }

  /** Gives back all that these hold: what they held of a position together. */
  async giveUp(kind: Holder['kind'], ids: readonly string[]): Promise<void> {
    await this.#quota.free(summedByPlace(await this.#writer.remove(kind, ids)));
  }

  /** All that one holds is held by another from now on. */
  async handOver(from: Holder, to: Holder, channel: Channel): Promise<void> {
    for (const hold of await this.#writer.remove(from.kind, [from.id])) {
      await this.#writer.add({ ...to, channel, ...hold });
    }
  }
}

/** One for each position, in the order of SKU, then warehouse. */
export function summedByPlace(holds: readonly SourcedHold[]): readonly SourcedHold[] {
  const sums: SourcedHold[] = [];
  for (const hold of inOrder(holds)) {
    const last = sums.at(-1);
    if (last?.sku !== hold.sku || last.warehouse !== hold.warehouse) sums.push(hold);
    else sums.splice(-1, 1, { ...last, quantity: last.quantity + hold.quantity });
  }
  return sums;
}

/** By SKU, then warehouse: as quotas are taken. */
function inOrder(holds: readonly SourcedHold[]): readonly SourcedHold[] {
  return holds.toSorted((a, b) => order(a.sku, b.sku) || order(a.warehouse, b.warehouse));
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
