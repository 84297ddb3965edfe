import type { MovementKind } from '@edgestock/shared/inventory/movement';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { hold } from './violation.ts';

const recording: ReadonlySet<MovementKind> = new Set(['sale', 'receive', 'return']);

/** P9: what a document asks for is recorded once, however often it was said. */
export class AskedUnits {
  /** Units of each document and SKU that were asked for, once. */
  readonly #asked: Map<string, number>;
  readonly #recorded = new Map<string, number>();

  constructor(asked: Map<string, number> = new Map()) {
    this.#asked = asked;
  }

  /** Of a log that begins as this one does: what is asked for is asked of whoever has the warehouse. */
  fork(): AskedUnits {
    return new AskedUnits(this.#asked);
  }

  ask(document: string, lines: readonly SkuQuantity[]): void {
    for (const { sku, quantity } of lines) {
      const key = `${document} ${sku}`;
      this.#asked.set(key, (this.#asked.get(key) ?? 0) + quantity);
    }
  }

  /** A movement of that document and SKU is in the log. */
  record(kind: MovementKind, key: string, quantity: number, at: () => string): void {
    const asked = this.#asked.get(key);
    if (asked === undefined || !recording.has(kind)) return;
    const recorded = (this.#recorded.get(key) ?? 0) + Math.abs(quantity);
    this.#recorded.set(key, recorded);
    hold(recorded <= asked, () => `${at()}: ${recorded} recorded of ${key}, ${asked} were asked for`);
  }

  /** The node knows them no more: who says it again says something new. */
  forget(documents: ReadonlySet<string>): void {
    for (const key of this.#recorded.keys()) {
      if (documents.has(key.slice(0, key.lastIndexOf(' ')))) this.#recorded.delete(key);
    }
  }
}
