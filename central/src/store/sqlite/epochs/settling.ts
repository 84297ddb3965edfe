import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import type { Database } from 'better-sqlite3';
import { centralLimits } from '../../../limits.ts';
import { Policies } from '../catalogue/policies.ts';
import { OrderFinder } from '../orders/order-finder.ts';
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

  constructor(database: Database, promising: Promising) {
    this.#promising = promising;
    this.#finder = new OrderFinder(database);
    this.#policies = new Policies(database, promising);
  }

  settleDue(now: number): void {
    for (const warehouse of this.#promising.unsettled.due()) this.#settle(warehouse, now);
  }

  #settle(warehouse: WarehouseId, now: number): void {
    const { deficits, availability, sagas, quota, recalls } = this.#promising;
    const unheard = this.#finder.openTasksAt(warehouse).filter(({ isHeard }) => !isHeard);
    const units = new Map<Sku, number>();
    for (const { sku, quantity } of unheard.flatMap(({ lines }) => lines)) {
      units.set(sku, (units.get(sku) ?? 0) + quantity);
    }
    for (const [sku, quantity] of units) quota.countUnheard(sku, warehouse, quantity);
    // While nothing of it is counted: the answers must not fall below zero.
    deficits.coverOverheld(warehouse, unheard, now);
    availability.include(warehouse);
    this.#tellAgain(warehouse);
    for (const id of this.#finder.firmHoldersAt(warehouse)) sagas.decide(id, { event: 'settled' }, now);
    for (const { sku } of quota.missingAt(warehouse)) deficits.cover(warehouse, sku, now);
    recalls.settled(warehouse);
    this.#policies.settled(warehouse);
  }

  /** The node knows a task again by its name, and of a total the largest counts: what it has carried out it has carried out. */
  #tellAgain(warehouse: WarehouseId): void {
    const { downLog, quota, returns } = this.#promising;
    for (const { task, order, at, lines } of this.#finder.openTasksAt(warehouse)) {
      const dueAt = at + centralLimits.orderShipWithinMs;
      const units = lines.map(({ sku, quantity }) => ({ sku, quantity }));
      downLog.append(warehouse, encodeDirective({ kind: 'allocate', task, order, lines: units, dueAt }));
      const asked = lines.flatMap(({ sku, releasing }) => (releasing > 0 ? [{ sku, quantity: releasing }] : []));
      if (asked.length === 0) continue;
      const reason = 'asked for before central was restored';
      downLog.append(warehouse, encodeDirective({ kind: 'release', task, lines: asked, reason }));
    }
    for (const { sku, total } of quota.unheardReturns(warehouse)) returns.tell(warehouse, sku, total);
  }
}
