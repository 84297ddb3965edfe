import type { Demand } from '../../api/shop-api.ts';

/**
 * What a shop was promised, counted by the shop from the answers it got, by nothing of central's. A promise counts from its
 * acknowledgement until the shop asks to give it up: at no moment is it more than central holds, has allocated or has shipped.
 */
export class PromiseAccount {
  readonly #net = new Map<string, number>();
  #promisedUnits = 0;
  #refusals = 0;

  promised(lines: readonly Demand[]): void {
    for (const { sku, quantity } of lines) {
      this.#add(sku, quantity);
      this.#promisedUnits += quantity;
    }
  }

  /** Before the request that gives them up: whoever gets them next may be answered earlier than we are. */
  givenUp(lines: readonly Demand[]): void {
    for (const { sku, quantity } of lines) this.#add(sku, -quantity);
  }

  refused(): void {
    this.#refusals += 1;
  }

  /** Units promised and not given up; those that were shipped count for ever. */
  netOf(sku: string): number {
    return this.#net.get(sku) ?? 0;
  }

  get skus(): readonly string[] {
    return [...this.#net.keys()];
  }

  /** Units ever promised. */
  get promisedUnits(): number {
    return this.#promisedUnits;
  }

  /** Requests that got a clean no. */
  get refusals(): number {
    return this.#refusals;
  }

  #add(sku: string, units: number): void {
    this.#net.set(sku, this.netOf(sku) + units);
  }
}
