import type { Sku } from '@edgestock/shared/inventory/ids';
import { LRUCache } from 'lru-cache';
import { type Channel, DEFAULT_CHANNEL } from '../rules/channel.ts';
import type { ChangeNotice, StockReader } from '../store/central-store.ts';
import { apiLimits } from './limits.ts';
import { renderStockPart, type StockPart } from './rendered-answer.ts';
import { StockRing } from './stock-ring.ts';

/** A notice is sent after its commit, so the next read shows it; a store that does not is not the one that sent it. */
const READ_ATTEMPTS_MAX = 3;

/** A SKU in a channel. No SKU has a comma, so none is taken for another; the busiest channel needs no new text. */
function keyOf(sku: Sku, channel: Channel): string {
  return channel === DEFAULT_CHANNEL ? sku : `${channel},${sku}`;
}

/** A read under way, and the highest revision noticed since it began. */
type Flight = { readonly part: Promise<StockPart>; readonly noticed: { revision: number } };

/** The store does not show a change that it gave notice of. */
export class ChangeNotVisible extends Error {
  override readonly name = 'ChangeNotVisible';
}

/**
 * What the store says of the SKUs that were asked for of late: packed, so that half a million have room, and rendered of those that were
 * asked for again. Change notices drop them, so one promise holds: what is given
 * is never older than the last notice. The delicate case is a read that was under way when the notice came: it may show
 * the state of before. Such a read is repeated, for everyone who waits for it.
 */
export class StockCache {
  readonly #reader: StockReader;
  /** Of all channels together: one that nobody asks for takes no room from the others. */
  readonly #rendered = new LRUCache<string, StockPart>({ max: apiLimits.renderedStocksMax });
  readonly #packed: StockRing;
  readonly #flights = new Map<string, Flight>();
  /** Channels that were ever asked for: a notice names the SKU, and its answer changed in all of them. */
  readonly #channels = new Set<Channel>();

  constructor(reader: StockReader, bytesMax: number = apiLimits.packedStocksBytesMax) {
    this.#reader = reader;
    this.#packed = new StockRing(bytesMax);
  }

  /** The part if it is here; no promise, because that is most of what a read would cost. */
  get(sku: Sku, channel: Channel): StockPart | undefined {
    const key = keyOf(sku, channel);
    const rendered = this.#rendered.get(key);
    if (rendered !== undefined) return rendered;
    const packed = this.#packed.get(key, sku);
    if (packed === undefined) return undefined;
    const part = renderStockPart(packed, channel);
    this.#rendered.set(key, part);
    return part;
  }

  /** The part from the store; many who ask at once share one read. */
  load(sku: Sku, channel: Channel): Promise<StockPart> {
    this.#channels.add(channel);
    const key = keyOf(sku, channel);
    const flight = this.#flights.get(key);
    if (flight !== undefined) return flight.part;
    const noticed = { revision: 0 };
    const part = this.#read({ sku, channel, key }, noticed);
    this.#flights.set(key, { part, noticed });
    return part;
  }

  drop(notices: readonly ChangeNotice[]): void {
    for (const { sku, revision } of notices) {
      for (const channel of this.#channels) this.#dropOne(keyOf(sku, channel), revision);
    }
  }

  /** Forgets everything: notices may have been lost. */
  clear(): void {
    this.#rendered.clear();
    this.#packed.clear();
    // Reads under way may be from before what was lost. They answer those who wait, but nothing is kept of them.
    this.#flights.clear();
  }

  #dropOne(key: string, revision: number): void {
    const packed = this.#packed.revisionOf(key);
    if (packed !== undefined && packed < revision) this.#packed.delete(key);
    const rendered = this.#rendered.peek(key);
    if (rendered !== undefined && rendered.revision < revision) this.#rendered.delete(key);
    const flight = this.#flights.get(key);
    if (flight !== undefined) flight.noticed.revision = Math.max(flight.noticed.revision, revision);
  }

  async #read(asked: { sku: Sku; channel: Channel; key: string }, noticed: Flight['noticed']): Promise<StockPart> {
    const { sku, channel, key } = asked;
    try {
      for (let attempt = 1; attempt <= READ_ATTEMPTS_MAX; attempt += 1) {
        const stock = await this.#reader.availability(sku, channel);
        if (stock.revision < noticed.revision) continue;
        if (this.#flights.get(key)?.noticed === noticed) this.#packed.set(key, stock);
        return renderStockPart(stock, channel);
      }
      throw new ChangeNotVisible(`the store does not show revision ${noticed.revision} of ${sku}`);
    } finally {
      if (this.#flights.get(key)?.noticed === noticed) this.#flights.delete(key);
    }
  }
}
