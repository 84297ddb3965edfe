import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Database } from 'better-sqlite3';
import { centralLimits } from '../../../limits.ts';
import type { Channel } from '../../../rules/channel.ts';
import { source } from '../../../rules/sourcing.ts';
import type { QuotaRecall } from '../catalogue/quota-recall.ts';
import type { UnsettledTable } from '../epochs/unsettled-table.ts';
import type { DeficitPlace } from '../positions/position-table.ts';
import { HoldReader, type HoldRow, HoldWriter } from '../promises/hold-table.ts';
import type { QuotaReturns } from '../promises/quota-returns.ts';
import type { QuotaTable } from '../promises/quota-table.ts';
import { type OpenTask, OrderFinder } from './order-finder.ts';
import type { OrderSagas } from './order-sagas.ts';

/**
 * Takes promises away from a position whose goods are gone: quota that nobody was promised is given back; then promises move
 * to other warehouses of their channel, the newest first; then what orders are to ship from here is asked back, the newest
 * first again. It is computed from totals, less what is on its way back already, so that doing it again is harmless. What cannot be covered stays promised, and is looked at with the next state.
 */
export class DeficitCover {
  readonly #quota: QuotaTable;
  readonly #unsettled: UnsettledTable;
  readonly #returns: QuotaReturns;
  readonly #recalls: QuotaRecall;
  readonly #holds: HoldReader;
  readonly #holdWriter: HoldWriter;

  readonly #orders: OrderFinder;
  readonly #sagas: OrderSagas;

  constructor(
    database: Database,
    parts: {
      readonly quota: QuotaTable;
      readonly unsettled: UnsettledTable;
      readonly returns: QuotaReturns;
      readonly recalls: QuotaRecall;
      readonly sagas: OrderSagas;
    },
  ) {
    this.#unsettled = parts.unsettled;
    this.#orders = new OrderFinder(database);
    this.#sagas = parts.sagas;
    this.#quota = parts.quota;
    this.#returns = parts.returns;
    this.#recalls = parts.recalls;
    this.#holds = new HoldReader(database);
    this.#holdWriter = new HoldWriter(database);
  }

  /**
   * Where goods are missing, or policy wants units back, those that were freed go to the node, not to the next promise. Whatever
   * freed them: an order whose time is over gives up all it has, and not only where somebody looked.
   */
  coverFreed(now: number): void {
    for (let places = this.#quota.takeFreed(); places.length > 0; places = this.#quota.takeFreed()) {
      for (const { warehouse, sku } of places) {
        this.cover(warehouse, sku, now);
        this.#recalls.settle(warehouse, sku);
      }
    }
  }

  /** Units of these SKUs have come somewhere: promises that stayed where goods are missing may move there now. */
  coverShort(skus: readonly Sku[], now: number): void {
    for (const sku of skus) {
      for (const { warehouse } of this.#quota.shortPlaces(sku, centralLimits.shortPlacesMax)) {
        this.cover(warehouse, sku, now);
      }
    }
    this.coverFreed(now);
  }

  cover(warehouse: WarehouseId, sku: Sku, now: number): void {
    // Nobody knows what is promised there: looked at when it is settled.
    if (this.#unsettled.has(warehouse)) return;
    let deficit = this.#quota.deficit(sku, warehouse);
    if (deficit > 0) deficit -= this.#orders.releasing(warehouse, sku);
    if (deficit <= 0) return;
    deficit -= this.#giveBack(warehouse, sku, deficit);
    const exhausted = new Set<Channel>();
    for (const hold of deficit === 0 ? [] : this.#holds.newestAt(warehouse, sku, centralLimits.deficitHoldsMax)) {
      if (exhausted.has(hold.channel)) continue;
      const wanted = Math.min(hold.quantity, deficit);
      const moved = hold.kind === 'order' ? this.#ask(hold.id, hold, wanted, now) : this.#moveAway(hold, wanted, now);
      if (moved < wanted) exhausted.add(hold.channel);
      deficit -= this.#giveBack(warehouse, sku, Math.min(moved, deficit));
      if (deficit <= 0) return;
    }
    if (deficit <= 0) return;
    for (const id of this.#orders.openAt(warehouse, sku, centralLimits.deficitTasksMax)) {
      deficit -= this.#ask(id, { warehouse, sku }, deficit, now);
      if (deficit <= 0) return;
    }
  }

  /**
   * Takes back what is promised beyond the quota of a warehouse, since its units are the node's again: what was given back and
   * never reached it; then promises, the newest first, as with a deficit, to other warehouses of their channel. What nobody else
   * has lapses: an order has it wait or go as it says, and a reservation keeps the fewer. Last come tasks that the node has never
   * heard of.
   */
  coverOverheld(warehouse: WarehouseId, unheard: readonly OpenTask[], now: number): void {
    for (const { sku, units } of this.#quota.overheld(warehouse)) {
      this.#quota.takeBackUnheard(sku, warehouse, units);
      for (let left = this.#overheldOf(sku, warehouse); left > 0; left = this.#overheldOf(sku, warehouse)) {
        const [hold] = this.#holds.newestAt(warehouse, sku, 1);
        if (hold === undefined) break;
        const taken = Math.min(left, hold.quantity);
        if (hold.kind === 'order') this.#sagas.decide(hold.id, { event: 'lapse', warehouse, sku, units: taken }, now);
        else this.#lapse(hold, taken, now);
      }
    }
    for (const task of unheard.toReversed()) {
      const overheld = new Set(this.#quota.overheld(warehouse).map(({ sku }) => sku));
      if (task.lines.some(({ sku }) => overheld.has(sku))) this.#withdraw(warehouse, task, now);
    }
  }

  #overheldOf(sku: Sku, warehouse: WarehouseId): number {
    return this.#quota.overheld(warehouse).find((one) => one.sku === sku)?.units ?? 0;
  }

  /** As if its node had said that it cannot ship any of it. */
  #withdraw(warehouse: WarehouseId, { task, order, lines }: OpenTask, now: number): void {
    for (const { sku, quantity } of lines) this.#quota.withdraw(sku, { warehouse, quantity });
    const units = lines.map(({ sku, quantity }) => ({ sku, quantity }));
    this.#sagas.decide(order, { event: 'give-up', task, lines: units }, now);
  }

  #lapse(hold: HoldRow, quantity: number, now: number): void {
    const rest = quantity - this.#moveAway(hold, quantity, now);
    if (rest === 0) return;
    this.#holdWriter.reduce(hold, rest);
    this.#quota.free(hold.sku, { warehouse: hold.warehouse, quantity: rest });
  }

  /** Units that an order moves elsewhere, or asks its warehouse to give up. One whose time is over gives up all it has. */
  #ask(id: string, { warehouse, sku }: DeficitPlace, units: number, now: number): number {
    const { freed } = this.#sagas.decide(id, { event: 'deficit', warehouse, sku, units }, now);
    return freed
      .filter((one) => one.warehouse === warehouse && one.sku === sku)
      .reduce((sum, { quantity }) => sum + quantity, 0);
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
