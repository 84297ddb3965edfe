import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { movementKinds } from '@edgestock/shared/inventory/movement';
import type { Delta } from '@edgestock/shared/protocol/delta';

/** What a delta says of the document that caused it: units were allocated to it, left for their buyer, or are committed no longer. */
export type TaskFact = {
  readonly fact: 'allocate' | 'ship' | 'give-up';
  /** Perhaps the task of an order; perhaps a document of the node's own. */
  readonly task: string;
  readonly sku: Sku;
  readonly quantity: number;
};

/** `undefined` for most deltas: it costs ordinary sales one comparison or two. */
export function taskFactOf({ kind, sku, quantity, details }: Delta): TaskFact | undefined {
  const fact = factOf(kind);
  if (fact === undefined || details.document === undefined || quantity === 0) return undefined;
  return { fact, task: details.document, sku, quantity: Math.abs(quantity) };
}

function factOf(kind: number): TaskFact['fact'] | undefined {
  switch (kind) {
    case movementKinds.ship.code:
      return 'ship';
    case movementKinds.uncommit.code:
      return 'give-up';
    // Only central has units allocated.
    case movementKinds.allocate.code:
      return 'allocate';
    default:
      return undefined;
  }
}

/** Facts of one kind about one task of a warehouse, each SKU summed. */
export type TaskFacts = {
  readonly fact: TaskFact['fact'];
  readonly task: string;
  readonly warehouse: WarehouseId;
  readonly lines: readonly { readonly sku: Sku; readonly quantity: number }[];
};

/** Puts together what a transaction brought of each task, so that several SKUs that are missing are sourced together. */
export class TaskFactCollector {
  readonly #facts = new Map<string, Omit<TaskFacts, 'lines'> & { readonly units: Map<Sku, number> }>();

  add(warehouse: WarehouseId, { fact, task, sku, quantity }: TaskFact): void {
    const key = `${warehouse} ${fact} ${task}`;
    let facts = this.#facts.get(key);
    if (facts === undefined) {
      facts = { fact, task, warehouse, units: new Map() };
      this.#facts.set(key, facts);
    }
    facts.units.set(sku, (facts.units.get(sku) ?? 0) + quantity);
  }

  /** In the order in which each was first heard of. */
  all(): readonly TaskFacts[] {
    return Array.from(this.#facts.values(), ({ units, ...facts }) => ({
      ...facts,
      lines: Array.from(units, ([sku, quantity]) => ({ sku, quantity })),
    }));
  }
}
