import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { centralLimits } from '../../../limits.ts';
import type { OrderFinder } from '../../tables/order-table.ts';
import type { Tables } from '../../tables/tables.ts';
import { Policies } from '../catalogue/policies.ts';
import type { Promising } from '../orders/promising.ts';

/**
 * Settles warehouses in a new epoch of central: the node has dropped the old log down for good and said where its own log stood
 * then, and central has all of that. So both know the same of what was promised, whatever central had forgotten, and what the
 * node has not carried out it never will unless it is told again. Inside a transaction of the caller.
 */
export class Settling {
  readonly #promising: Promising;
  readonly #finder: OrderFinder;
  readonly #policies: Policies;

  constructor(tables: Tables, promising: Promising) {
    this.#promising = promising;
    this.#finder = tables.orderFinder;
    this.#policies = new Policies(tables, promising);
  }

  async settleDue(now: number): Promise<void> {
    for (const warehouse of await this.#promising.unsettled.due()) await this.#settle(warehouse, now);
  }

  async #settle(warehouse: WarehouseId, now: number): Promise<void> {
    const { deficits, availability, sagas, quota, recalls } = this.#promising;
    const unheard = (await this.#finder.openTasksAt(warehouse)).filter(({ isHeard }) => !isHeard);
    const units = new Map<Sku, number>();
    for (const { sku, quantity } of unheard.flatMap(({ lines }) => lines)) {
      units.set(sku, (units.get(sku) ?? 0) + quantity);
    }
    for (const [sku, quantity] of units) await quota.countUnheard(sku, warehouse, quantity);
    // While nothing of it is counted: the answers must not fall below zero.
    await deficits.coverOverheld(warehouse, unheard, now);
    await availability.include(warehouse);
    await this.#tellAgain(warehouse);
    for (const id of await this.#finder.firmHoldersAt(warehouse)) await sagas.decide(id, { event: 'settled' }, now);
    for (const { sku } of await quota.missingAt(warehouse)) await deficits.cover(warehouse, sku, now);
    await recalls.settled(warehouse);
    await this.#policies.settled(warehouse);
  }

  /** The node knows a task again by its name, and of a total the largest counts: what it has carried out it has carried out. */
  async #tellAgain(warehouse: WarehouseId): Promise<void> {
    const { downLog, quota, returns } = this.#promising;
    for (const { task, order, at, lines } of await this.#finder.openTasksAt(warehouse)) {
      const dueAt = at + centralLimits.orderShipWithinMs;
      const units = lines.map(({ sku, quantity }) => ({ sku, quantity }));
      await downLog.append(warehouse, encodeDirective({ kind: 'allocate', task, order, lines: units, dueAt }));
      const asked = lines.flatMap(({ sku, releasing }) => (releasing > 0 ? [{ sku, quantity: releasing }] : []));
      if (asked.length === 0) continue;
      const reason = 'asked for before central was restored';
      await downLog.append(warehouse, encodeDirective({ kind: 'release', task, lines: asked, reason }));
    }
    for (const { sku, total } of await quota.unheardReturns(warehouse)) returns.tell(warehouse, sku, total);
  }
}
