import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Database } from 'better-sqlite3';
import { centralLimits } from '../../limits.ts';
import type { Channel } from '../../rules/channel.ts';
import { source } from '../../rules/sourcing.ts';
import { HoldReader, type HoldRow, HoldWriter } from './hold-table.ts';
import type { QuotaReturns } from './quota-returns.ts';
import type { QuotaTable } from './quota-table.ts';

/**
 * Takes promises away from a position whose goods are gone: quota that nobody was promised is given back, then promises move
 * to other warehouses of their channel, the newest first. It is computed from totals, less what is on its way back already,
 * so that doing it again is harmless. What cannot be covered stays promised, and is looked at with the next state.
 */
export class DeficitCover {
  readonly #quota: QuotaTable;
  readonly #returns: QuotaReturns;
  readonly #holds: HoldReader;
  readonly #holdWriter: HoldWriter;

  constructor(database: Database, parts: { readonly quota: QuotaTable; readonly returns: QuotaReturns }) {
    this.#quota = parts.quota;
    this.#returns = parts.returns;
    this.#holds = new HoldReader(database);
    this.#holdWriter = new HoldWriter(database);
  }

  cover(warehouse: WarehouseId, sku: Sku, now: number): void {
    let deficit = this.#quota.deficit(sku, warehouse);
    if (deficit === 0) return;
    deficit -= this.#giveBack(warehouse, sku, deficit);
    const exhausted = new Set<Channel>();
    for (const hold of deficit === 0 ? [] : this.#holds.newestAt(warehouse, sku, centralLimits.deficitHoldsMax)) {
      if (exhausted.has(hold.channel)) continue;
      const wanted = Math.min(hold.quantity, deficit);
      const moved = this.#moveAway(hold, wanted, now);
      if (moved < wanted) exhausted.add(hold.channel);
      deficit -= this.#giveBack(warehouse, sku, moved);
      if (deficit === 0) return;
    }
  }

  #giveBack(warehouse: WarehouseId, sku: Sku, quantity: number): number {
    const { units, total } = this.#quota.giveBack(sku, { warehouse, quantity });
    if (units > 0) this.#returns.tell(warehouse, sku, total);
    return units;
  }

  /** Units that other warehouses of the channel hold from now on. */
  #moveAway(hold: HoldRow, quantity: number, now: number): number {
    const { channel, sku, warehouse, kind, id } = hold;
    const elsewhere = this.#quota.offers(channel, sku, now).filter((offer) => offer.warehouse !== warehouse);
    const { holds } = source([{ sku, quantity }], elsewhere);
    const moved = holds.reduce((sum, { quantity: units }) => sum + units, 0);
    if (moved === 0) return 0;
    this.#quota.holdMoved(sku, holds);
    for (const to of holds) this.#holdWriter.add({ kind, id, channel, ...to });
    this.#holdWriter.reduce(hold, moved);
    this.#quota.free(sku, { warehouse, quantity: moved });
    return moved;
  }
}
