import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import type { Database } from 'better-sqlite3';
import type { TaskFacts } from '../../../rules/task-fact.ts';
import { OrderFinder } from './order-finder.ts';
import { OrderWriter } from './order-table.ts';
import type { Promising } from './promising.ts';

/** How nodes carry out the tasks of orders. Inside the transaction that applies their log. */
export class TaskDesk {
  readonly #finder: OrderFinder;
  readonly #orders: OrderWriter;
  readonly #parts: Pick<Promising, 'sagas' | 'deficits' | 'unknownTasks'>;

  constructor(database: Database, parts: Pick<Promising, 'sagas' | 'deficits' | 'unknownTasks'>) {
    this.#finder = new OrderFinder(database);
    this.#orders = new OrderWriter(database);
    this.#parts = parts;
  }

  /** A node says that units are set aside for these, and not when that was told: the tasks of orders that are known are heard of. */
  standing(
    warehouse: WarehouseId,
    tasks: readonly { readonly task: string; readonly line: SkuQuantity }[],
    now: number,
  ): void {
    const { unknownTasks } = this.#parts;
    for (const { task, line } of tasks) {
      const isOfOrder = this.#finder.ofTask(task, warehouse) !== undefined;
      const isKnown = unknownTasks.get(warehouse, task)?.lines.some(({ sku }) => sku === line.sku) === true;
      if (isOfOrder) this.#orders.heard(task);
      else if (!isKnown) unknownTasks.report({ fact: 'allocate', warehouse, task, lines: [line] }, now);
    }
  }

  /** Tells orders what became of their tasks, and keeps what nodes were told to ship by a central that this one does not remember. */
  report(all: readonly TaskFacts[], now: number): void {
    for (const facts of all) {
      const { fact, task, warehouse, lines } = facts;
      const id = this.#finder.ofTask(task, warehouse);
      if (id === undefined) {
        this.#parts.unknownTasks.report(facts, now);
        continue;
      }
      // Central's own word, carried out.
      if (fact === 'allocate') {
        this.#orders.heard(task);
        continue;
      }
      this.#parts.sagas.decide(id, { event: fact, task, lines }, now);
      // What was asked back counted as covering a deficit until now; shipped all the same, it covers none.
      for (const { sku } of lines) this.#parts.deficits.cover(warehouse, sku, now);
    }
  }
}
