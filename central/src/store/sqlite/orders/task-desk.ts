import type { Database } from 'better-sqlite3';
import type { TaskFacts } from '../../../rules/task-fact.ts';
import { OrderFinder } from './order-finder.ts';
import type { Promising } from './promising.ts';

/** How nodes carry out the tasks of orders. Inside the transaction that applies their log. */
export class TaskDesk {
  readonly #finder: OrderFinder;
  readonly #parts: Pick<Promising, 'sagas' | 'deficits'>;

  constructor(database: Database, parts: Pick<Promising, 'sagas' | 'deficits'>) {
    this.#finder = new OrderFinder(database);
    this.#parts = parts;
  }

  /** Tells orders what became of their tasks. Documents that are no tasks of the warehouse are the node's own affair. */
  report(facts: readonly TaskFacts[], now: number): void {
    for (const { fact, task, warehouse, lines } of facts) {
      const id = this.#finder.ofTask(task, warehouse);
      if (id === undefined) continue;
      this.#parts.sagas.decide(id, { event: fact, task, lines }, now);
      // What was asked back counted as covering a deficit until now; shipped all the same, it covers none.
      for (const { sku } of lines) this.#parts.deficits.cover(warehouse, sku, now);
    }
  }
}
