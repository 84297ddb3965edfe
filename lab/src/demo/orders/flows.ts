import type { Demand } from '../../api/shop-api.ts';

/** Where units of a SKU went, as those who moved them count them: in, and out. */
export const flowNames = ['received', 'returned', 'sold', 'shipped', 'lost', 'writtenOff'] as const;
export type FlowName = (typeof flowNames)[number];

/** The account of the goods beside the books of the product: what came in must be there or have gone out (P3, P6). */
export class Flows {
  readonly #units = new Map<FlowName, Map<string, number>>(flowNames.map((name) => [name, new Map()]));

  add(name: FlowName, lines: Iterable<Demand>): void {
    const units = this.#units.get(name) ?? new Map<string, number>();
    for (const { sku, quantity } of lines) units.set(sku, (units.get(sku) ?? 0) + quantity);
  }

  unitsOf(name: FlowName, sku: string): number {
    return this.#units.get(name)?.get(sku) ?? 0;
  }

  total(name: FlowName): number {
    return [...(this.#units.get(name)?.values() ?? [])].reduce((sum, units) => sum + units, 0);
  }

  /** SKUs whose units do not add up with what is on hand now. */
  unbalanced(onHand: ReadonlyMap<string, number>): readonly string[] {
    const skus = new Set([...onHand.keys(), ...[...this.#units.values()].flatMap((units) => [...units.keys()])]);
    return [...skus].filter((sku) => {
      const came = this.unitsOf('received', sku) + this.unitsOf('returned', sku);
      const went = ['sold', 'shipped', 'lost', 'writtenOff'] as const;
      return came !== went.reduce((sum, name) => sum + this.unitsOf(name, sku), onHand.get(sku) ?? 0);
    });
  }
}
