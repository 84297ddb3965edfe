import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Quantities } from '@edgestock/shared/inventory/position';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { missingForPromise, missingForSale, missingForShip } from '../rules/missing-units.ts';
import { demandOf } from '../rules/reservation.ts';
import type { StockView } from './view.ts';

/**
 * Asks central for units that it holds the right to promise and may not need. Resolves, and never rejects, within a short time
 * whatever happens (no link, no answer, none left); what came back is in the node's books by then.
 */
export type LastUnits = { ask(lines: readonly SkuQuantity[]): Promise<void> };

type Line = { readonly sku: Sku; readonly quantity: number };
type Missing = (position: Quantities, units: number) => number;

/**
 * What a door does before a promise or a sale that would find too little here. In the ordinary case it costs a look-up in the
 * shelf cache per line (0.1 to 0.3 µs for three lines, of the 100 of a sale), and there is nothing to wait for: the answer is
 * `undefined` then, not a promise.
 */
export class LastUnitsCall {
  /** Times that central was asked. */
  askCount = 0;
  readonly #view: Pick<StockView, 'position'>;
  readonly #lastUnits: LastUnits | undefined;

  /** Without a port nothing is ever asked. */
  constructor(view: Pick<StockView, 'position'>, lastUnits: LastUnits | undefined) {
    this.#view = view;
    this.#lastUnits = lastUnits;
  }

  beforePromise(lines: readonly Line[]): Promise<void> | undefined {
    return this.#before(lines, missingForPromise);
  }

  beforeSale(lines: readonly Line[]): Promise<void> | undefined {
    return this.#before(lines, missingForSale);
  }

  beforeShip(lines: readonly Line[]): Promise<void> | undefined {
    return this.#before(lines, missingForShip);
  }

  #before(lines: readonly Line[], missing: Missing): Promise<void> | undefined {
    if (this.#lastUnits === undefined) return undefined;
    // Nearly always nothing is missing even if all units were of each SKU; then nothing needs to be summed.
    const most = lines.reduce((sum, { quantity }) => sum + quantity, 0);
    if (!lines.some(({ sku }) => this.#missing(sku, most, missing) > 0)) return undefined;
    const asked = demandOf(lines).flatMap(({ sku, quantity }) => {
      const units = this.#missing(sku, quantity, missing);
      return units > 0 ? [{ sku, quantity: units }] : [];
    });
    if (asked.length === 0) return undefined;
    this.askCount += 1;
    return this.#lastUnits.ask(asked);
  }

  #missing(sku: Sku, units: number, missing: Missing): number {
    const position = this.#view.position(sku);
    return position === undefined ? 0 : missing(position, units);
  }
}
