import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Clock } from '@edgestock/shared/runtime/clock';
import { type FreshnessByWarehouse, freshnessOf } from '../availability/warehouse-freshness.ts';
import type { Channel } from '../rules/channel.ts';
import type { CentralReader, ChangeNotice } from '../store/central-store.ts';
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

  constructor(options: {
    readonly reader: CentralReader;
    readonly fleet: FleetView;
    readonly clock: Clock;
    readonly life: Pick<StoreLife, 'current'>;
  }) {
    this.#reader = options.reader;
    this.#fleet = options.fleet;
    this.#clock = options.clock;
    this.#life = options.life;
    this.#parts = new StockPartCache(options.reader);
  }

  /** The answer, if no store has to be asked for it. */
  inMemory(sku: Sku, channel: Channel): RenderedAnswer | undefined {
    const part = this.#parts.get(sku, channel);
    if (part === undefined) return undefined;
    const now = this.#clock.now();
    const fleet = this.#fleet.inMemory(now);
    if (fleet === undefined) return undefined;
    const freshness = freshnessOf(fleet);
    return coversAll(part, freshness) ? this.#render(part, freshness, now) : undefined;
  }

  async answer(sku: Sku, channel: Channel): Promise<RenderedAnswer> {
    const part = this.#parts.get(sku, channel) ?? (await this.#parts.load(sku, channel));
    const now = this.#clock.now();
    return this.#render(part, await this.#freshnessFor([part], now), now);
  }

  /** Answers of one moment, in the order asked. */
  async answers(skus: readonly Sku[], channel: Channel): Promise<readonly NamedAnswer[]> {
    const stocks = await this.#reader.availabilityOf(skus, channel);
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
