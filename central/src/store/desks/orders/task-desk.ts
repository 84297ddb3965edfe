import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { TaskFacts } from '../../../rules/task-fact.ts';
import type { OrderFinder, OrderWriter } from '../../tables/order-table.ts';
import type { Tables } from '../../tables/tables.ts';
import type { Promising } from './promising.ts';

/** One SKU of a task, as its node has it: what was ever allocated to it, and what became of that. */
export type StandingTask = {
  readonly task: string;
  readonly sku: Sku;
  readonly quantity: number;
  readonly released: number;
  readonly shipped: number;
};

/** How nodes carry out the tasks of orders. Inside the transaction that applies their log. */
export class TaskDesk {
  readonly #finder: OrderFinder;
  readonly #orders: OrderWriter;
  readonly #parts: Pick<Promising, 'sagas' | 'deficits' | 'unknownTasks'>;

  constructor(tables: Tables, parts: Pick<Promising, 'sagas' | 'deficits' | 'unknownTasks'>) {
    this.#finder = tables.orderFinder;
    this.#orders = tables.orderWriter;
    this.#parts = parts;
  }

  /**
   * A node says how its tasks stand, and not when that came to be: what central has not heard of each is as if it were heard now.
   */
  async standing(warehouse: WarehouseId, tasks: readonly StandingTask[], now: number): Promise<void> {
    for (const { task, sku, quantity, released, shipped } of tasks) {
      const ofOrder = await this.#finder.taskLine(task, warehouse, sku);
      const isOfOrder = (await this.#finder.ofTask(task, warehouse)) !== undefined;
      const unknown = (await this.#parts.unknownTasks.get(warehouse, task))?.lines.find((line) => line.sku === sku);
      const known = ofOrder ?? unknown;
      const tell = async (fact: TaskFacts['fact'], units: number) => {
        if (units > 0) await this.report([{ fact, warehouse, task, lines: [{ sku, quantity: units }] }], now);
      };
      if (isOfOrder || known === undefined) await tell('allocate', quantity);
      await tell('give-up', released - (known?.givenUp ?? 0));
      await tell('ship', shipped - (known?.shipped ?? 0));
    }
  }

  /** Tells orders what became of their tasks, and keeps what nodes were told to ship by a central that this one does not remember. */
  async report(all: readonly TaskFacts[], now: number): Promise<void> {
    const orders = await Promise.all(all.map(({ task, warehouse }) => this.#finder.ofTask(task, warehouse)));
    for (const [place, facts] of all.entries()) {
      const { fact, task, warehouse, lines } = facts;
      // Asked once more: those before may have had an order take it up.
      const id = orders[place] ?? (await this.#finder.ofTask(task, warehouse));
      if (id === undefined) {
        await this.#parts.unknownTasks.report(facts, now);
        continue;
      }
      // Central's own word, carried out.
      if (fact === 'allocate') {
        await this.#orders.heard(task);
        continue;
      }
      await this.#parts.sagas.decide(id, { event: fact, task, lines }, now);
      // What was asked back counted as covering a deficit until now; shipped all the same, it covers none.
      await this.#parts.deficits.coverEach(
        lines.map(({ sku }) => ({ warehouse, sku })),
        now,
      );
    }
  }
}
