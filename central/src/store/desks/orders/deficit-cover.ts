import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { centralLimits } from '../../../limits.ts';
import type { Channel } from '../../../rules/channel.ts';
import { source } from '../../../rules/sourcing.ts';
import type { UnsettledTable } from '../../tables/epoch-table.ts';
import type { HoldReader, HoldRow, HoldWriter } from '../../tables/hold-table.ts';
import type { OpenTask, OrderFinder } from '../../tables/order-table.ts';
import type { DeficitPlace } from '../../tables/position-table.ts';
import type { QuotaTable } from '../../tables/quota-table.ts';
import type { Tables } from '../../tables/tables.ts';
import type { QuotaRecall } from '../catalogue/quota-recall.ts';
import type { QuotaReturns } from '../promises/quota-returns.ts';
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
    tables: Tables,
    parts: {
      readonly quota: QuotaTable;
      readonly unsettled: UnsettledTable;
      readonly returns: QuotaReturns;
      readonly recalls: QuotaRecall;
      readonly sagas: OrderSagas;
    },
  ) {
    this.#unsettled = parts.unsettled;
    this.#orders = tables.orderFinder;
    this.#sagas = parts.sagas;
    this.#quota = parts.quota;
    this.#returns = parts.returns;
    this.#recalls = parts.recalls;
    this.#holds = tables.holds;
    this.#holdWriter = tables.holdWriter;
  }

  /**
   * Where goods are missing, or policy wants units back, those that were freed go to the node, not to the next promise. Whatever
   * freed them: an order whose time is over gives up all it has, and not only where somebody looked.
   */
  async coverFreed(now: number): Promise<void> {
    for (let places = this.#quota.takeFreed(); places.length > 0; places = this.#quota.takeFreed()) {
      // Most have neither, and what is done at one place adds to neither of another.
      const short = new Set((await this.#quota.inDeficit(places)).map(nameOf));
      const owing = new Set((await this.#recalls.owing(places)).map(nameOf));
      for (const place of places) {
        if (short.has(nameOf(place))) await this.cover(place.warehouse, place.sku, now);
        if (owing.has(nameOf(place))) await this.#recalls.settle(place.warehouse, place.sku);
      }
    }
  }

  /** Units of these SKUs have come somewhere: promises that stayed where goods are missing may move there now. */
  async coverShort(skus: readonly Sku[], now: number): Promise<void> {
    const places = skus.length === 0 ? [] : await this.#quota.shortPlaces(skus, centralLimits.shortPlacesMax);
    for (const { warehouse, sku } of places) await this.cover(warehouse, sku, now);
    await this.coverFreed(now);
  }

  async cover(warehouse: WarehouseId, sku: Sku, now: number): Promise<void> {
    // Nobody knows what is promised there: looked at when it is settled.
    if (await this.#unsettled.has(warehouse)) return;
    let deficit = await this.#quota.deficit(sku, warehouse);
    if (deficit > 0) deficit -= await this.#orders.releasing(warehouse, sku);
    if (deficit <= 0) return;
    deficit -= await this.#giveBack(warehouse, sku, deficit);
    const exhausted = new Set<Channel>();
    for (const hold of deficit === 0 ? [] : await this.#holds.newestAt(warehouse, sku, centralLimits.deficitHoldsMax)) {
      if (exhausted.has(hold.channel)) continue;
      const wanted = Math.min(hold.quantity, deficit);
      const moved =
        hold.kind === 'order' ? await this.#ask(hold.id, hold, wanted, now) : await this.#moveAway(hold, wanted, now);
      if (moved < wanted) exhausted.add(hold.channel);
      deficit -= await this.#giveBack(warehouse, sku, Math.min(moved, deficit));
      if (deficit <= 0) return;
    }
    if (deficit <= 0) return;
    for (const id of await this.#orders.openAt(warehouse, sku, centralLimits.deficitTasksMax)) {
      deficit -= await this.#ask(id, { warehouse, sku }, deficit, now);
      if (deficit <= 0) return;
    }
  }

  /** The same of several places, each named once: most miss nothing, and none is asked for by itself. */
  async coverEach(places: readonly DeficitPlace[], now: number): Promise<void> {
    for (const { warehouse, sku } of await this.#quota.inDeficit(places)) await this.cover(warehouse, sku, now);
  }

  /**
   * Takes back what is promised beyond the quota of a warehouse, since its units are the node's again: what was given back and
   * never reached it; then promises, the newest first, as with a deficit, to other warehouses of their channel. What nobody else
   * has lapses: an order has it wait or go as it says, and a reservation keeps the fewer. Last come tasks that the node has never
   * heard of.
   */
  async coverOverheld(warehouse: WarehouseId, unheard: readonly OpenTask[], now: number): Promise<void> {
    for (const { sku, units } of await this.#quota.overheld(warehouse)) {
      await this.#quota.takeBackUnheard(sku, warehouse, units);
      for (let left = await this.#overheldOf(sku, warehouse); left > 0; left = await this.#overheldOf(sku, warehouse)) {
        const [hold] = await this.#holds.newestAt(warehouse, sku, 1);
        if (hold === undefined) break;
        const taken = Math.min(left, hold.quantity);
        if (hold.kind === 'order')
          await this.#sagas.decide(hold.id, { event: 'lapse', warehouse, sku, units: taken }, now);
        else await this.#lapse(hold, taken, now);
      }
    }
    for (const task of unheard.toReversed()) {
      const overheld = new Set((await this.#quota.overheld(warehouse)).map(({ sku }) => sku));
      if (task.lines.some(({ sku }) => overheld.has(sku))) await this.#withdraw(warehouse, task, now);
    }
  }

  async #overheldOf(sku: Sku, warehouse: WarehouseId): Promise<number> {
    return (await this.#quota.overheld(warehouse)).find((one) => one.sku === sku)?.units ?? 0;
  }

  /** As if its node had said that it cannot ship any of it. */
  async #withdraw(warehouse: WarehouseId, { task, order, lines }: OpenTask, now: number): Promise<void> {
    for (const { sku, quantity } of lines) await this.#quota.withdraw(sku, { warehouse, quantity });
    const units = lines.map(({ sku, quantity }) => ({ sku, quantity }));
    await this.#sagas.decide(order, { event: 'give-up', task, lines: units }, now);
  }

  async #lapse(hold: HoldRow, quantity: number, now: number): Promise<void> {
    const rest = quantity - (await this.#moveAway(hold, quantity, now));
    if (rest === 0) return;
    await this.#holdWriter.reduce(hold, rest);
    await this.#quota.free([{ sku: hold.sku, warehouse: hold.warehouse, quantity: rest }]);
  }

  /** Units that an order moves elsewhere, or asks its warehouse to give up. One whose time is over gives up all it has. */
  async #ask(id: string, { warehouse, sku }: DeficitPlace, units: number, now: number): Promise<number> {
    const { freed } = await this.#sagas.decide(id, { event: 'deficit', warehouse, sku, units }, now);
    return freed
      .filter((one) => one.warehouse === warehouse && one.sku === sku)
      .reduce((sum, { quantity }) => sum + quantity, 0);
  }

  async #giveBack(warehouse: WarehouseId, sku: Sku, quantity: number): Promise<number> {
    const given = await this.#quota.giveBack(warehouse, [{ sku, quantity }]);
    for (const { units, total } of given) if (units > 0) this.#returns.tell(warehouse, sku, total);
    return given.reduce((sum, { units }) => sum + units, 0);
  }

  /** Units that other warehouses of the channel hold from now on. */
  async #moveAway(hold: HoldRow, quantity: number, now: number): Promise<number> {
    const { channel, sku, warehouse, kind, id } = hold;
    const elsewhere = (await this.#quota.offers(channel, sku, now)).filter((offer) => offer.warehouse !== warehouse);
    const { holds } = source([{ sku, quantity }], elsewhere);
    const moved = holds.reduce((sum, { quantity: units }) => sum + units, 0);
    if (moved === 0) return 0;
    await this.#quota.holdMoved(holds);
    for (const to of holds) await this.#holdWriter.add({ kind, id, channel, ...to });
    await this.#holdWriter.reduce(hold, moved);
    await this.#quota.free([{ sku, warehouse, quantity: moved }]);
    return moved;
  }
}

function nameOf({ warehouse, sku }: DeficitPlace): string {
  return `${warehouse}\n${sku}`;
}
