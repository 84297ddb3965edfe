import type { Sku } from '@edgestock/shared/inventory/ids';
import { LRUCache } from 'lru-cache';
import type { Channel } from '../rules/channel.ts';
import type { CentralReader, ChangeNotice } from '../store/central-store.ts';
import { apiLimits } from './limits.ts';
import { renderStockPart, type StockPart } from './rendered-answer.ts';

/** A notice is sent after its commit, so the next read shows it; a store that does not is not the one that sent it. */
const READ_ATTEMPTS_MAX = 3;

/** A read under way, and the highest revision noticed since it began. */
type Flight = { readonly part: Promise<StockPart>; readonly noticed: { revision: number } };

/** The store does not show a change that it gave notice of. */
export class ChangeNotVisible extends Error {
  override readonly name = 'ChangeNotVisible';
}

/**
 * Rendered stock parts of the SKUs that are asked for most. Change notices drop them, so one promise holds: what is given
 * is never older than the last notice. The delicate case is a read that was under way when the notice came: it may show
 * the state of before. Such a read is repeated, for everyone who waits for it.
 */
export class StockPartCache {
  readonly #reader: Pick<CentralReader, 'availability'>;
  readonly #channel: Channel;
  readonly #parts = new LRUCache<Sku, StockPart>({ max: apiLimits.renderedAnswersMax });
  readonly #flights = new Map<Sku, Flight>();

  constructor(reader: Pick<CentralReader, 'availability'>, channel: Channel) {
    this.#reader = reader;
    this.#channel = channel;
  }

  /** The part if it is here; no promise, because that is most of what a read would cost. */
  get(sku: Sku): StockPart | undefined {
    return this.#parts.get(sku);
  }

  /** The part from the store; many who ask at once share one read. */
  load(sku: Sku): Promise<StockPart> {
    const flight = this.#flights.get(sku);
    if (flight !== undefined) return flight.part;
    const noticed = { revision: 0 };
    const part = this.#read(sku, noticed);
    this.#flights.set(sku, { part, noticed });
    return part;
  }

  drop(notices: readonly ChangeNotice[]): void {
    for (const { sku, revision } of notices) {
      const part = this.#parts.get(sku);
      if (part !== undefined && part.revision < revision) this.#parts.delete(sku);
      const flight = this.#flights.get(sku);
      if (flight !== undefined) flight.noticed.revision = Math.max(flight.noticed.revision, revision);
    }
  }

  /** Forgets everything: notices may have been lost. */
  clear(): void {
    this.#parts.clear();
    // Reads under way may be from before what was lost. They answer those who wait, but nothing is kept of them.
    this.#flights.clear();
  }

  async #read(sku: Sku, noticed: Flight['noticed']): Promise<StockPart> {
    try {
      for (let attempt = 1; attempt <= READ_ATTEMPTS_MAX; attempt += 1) {
        const part = renderStockPart(await this.#reader.availability(sku, this.#channel), this.#channel);
        if (part.revision < noticed.revision) continue;
        if (this.#flights.get(sku)?.noticed === noticed) this.#parts.set(sku, part);
        return part;
      }
      throw new ChangeNotVisible(`the store does not show revision ${noticed.revision} of ${sku}`);
    } finally {
      if (this.#flights.get(sku)?.noticed === noticed) this.#flights.delete(sku);
    }
  }
}
