import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Clock } from '@edgestock/shared/runtime/clock';
import { type FreshnessByWarehouse, freshnessOf } from '../availability/warehouse-freshness.ts';
import type { Channel } from '../rules/channel.ts';
import type { CentralReader, ChangeNotice, StockReader } from '../store/central-store.ts';
import type { FleetView } from '../warehouses/fleet-view.ts';
import type { AnswerChange, AnswerSource } from './availability-fan-out.ts';
import { coversAll, type RenderedAnswer, renderAnswer, renderStockPart, type StockPart } from './rendered-answer.ts';
import { StockPartCache } from './stock-part-cache.ts';
import type { StoreLife } from './store-life.ts';

export type NamedAnswer = AnswerChange & RenderedAnswer;

/** The availability answers of every channel, as text: what is in memory at once, everything else from the store. */
export class AvailabilityAnswers {
  readonly #reader: CentralReader;
  readonly #fleet: FleetView;
  readonly #clock: Clock;
  readonly #life: Pick<StoreLife, 'current'>;
  readonly #parts: StockPartCache;
  readonly #isTrusted: () => boolean;
  #hits = 0;
  #misses = 0;

  constructor(options: {
    readonly reader: CentralReader;
    /** Where one SKU is read, if not from the reader itself. */
    readonly stock?: StockReader;
    readonly fleet: FleetView;
    readonly clock: Clock;
    readonly life: Pick<StoreLife, 'current'>;
    /** Whether all that has changed is known here; where it is not, every answer is read from the store. */
    readonly isTrusted?: () => boolean;
  }) {
    this.#reader = options.reader;
    this.#fleet = options.fleet;
    this.#clock = options.clock;
    this.#life = options.life;
    this.#parts = new StockPartCache(options.stock ?? options.reader);
    this.#isTrusted = options.isTrusted ?? (() => true);
  }

  /** Answers to questions for one SKU that were in memory, and that were not. */
  get counts(): { readonly hits: number; readonly misses: number } {
    return { hits: this.#hits, misses: this.#misses };
  }

  /** The answer, if no store has to be asked for it. */
  inMemory(sku: Sku, channel: Channel): RenderedAnswer | undefined {
    const part = this.#kept(sku, channel);
    if (part === undefined) return undefined;
    const now = this.#clock.now();
    const fleet = this.#fleet.inMemory(now);
    if (fleet === undefined) return undefined;
    const freshness = freshnessOf(fleet);
    if (!coversAll(part, freshness)) return undefined;
    this.#hits += 1;
    return this.#render(part, freshness, now);
  }

  async answer(sku: Sku, channel: Channel): Promise<RenderedAnswer> {
    const kept = this.#kept(sku, channel);
    if (kept === undefined) this.#misses += 1;
    else this.#hits += 1;
    const part = kept ?? (await this.#parts.load(sku, channel));
    const now = this.#clock.now();
    return this.#render(part, await this.#freshnessFor([part], now), now);
  }

  /** Answers of one moment, in the order asked. */
  async answers(skus: readonly Sku[], channel: Channel): Promise<readonly NamedAnswer[]> {
    const stocks = await this.#reader.stocksOf(skus, channel);
    const named = stocks.map((stock) => ({ sku: stock.sku, part: renderStockPart(stock, channel) }));
    const now = this.#clock.now();
    const freshness = await this.#freshnessFor(
      named.map(({ part }) => part),
      now,
    );
    return named.map(({ sku, part }) => ({ sku, revision: part.revision, ...this.#render(part, freshness, now) }));
  }

  /** The changes of one channel, for its streams. */
  sourceOf(channel: Channel): AnswerSource {
    return {
      revision: () => this.#reader.currentRevision(),
      changesAfter: (revision, limit) => this.#reader.changesAfter(revision, limit, { channel }),
      answers: (skus) => this.answers(skus, channel),
    };
  }

  /** These changed: nothing older than the notices will be given from here on. */
  drop(notices: readonly ChangeNotice[]): void {
    this.#parts.drop(notices);
  }

  /** Notices may have been lost. */
  dropAll(): void {
    this.#parts.clear();
  }

  #kept(sku: Sku, channel: Channel): StockPart | undefined {
    return this.#isTrusted() ? this.#parts.get(sku, channel) : undefined;
  }

  #render(part: StockPart, freshness: FreshnessByWarehouse, now: number): RenderedAnswer {
    return renderAnswer(part, { freshness, life: this.#life.current, now });
  }

  /** A warehouse that is in a stock part but not in the view of the fleet was enrolled since: look again. */
  async #freshnessFor(parts: readonly StockPart[], now: number): Promise<FreshnessByWarehouse> {
    const freshness = freshnessOf(await this.#fleet.at(now));
    return parts.every((part) => coversAll(part, freshness))
      ? freshness
      : freshnessOf(await this.#fleet.readAgain(now));
  }
}
