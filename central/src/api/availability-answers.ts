import type { Sku } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Fleet } from '../availability/answer.ts';
import { freshnessOf } from '../availability/warehouse-freshness.ts';
import type { Channel } from '../rules/channel.ts';
import type { CentralReader, ChangeNotice, StockReader } from '../store/central-store.ts';
import type { FleetView } from '../warehouses/fleet-view.ts';
import type { AnswerChange, AnswerSource } from './availability-fan-out.ts';
import { type RenderedAnswer, renderAnswer, renderStockPart, type StockPart } from './rendered-answer.ts';
import { StockCache } from './stock-cache.ts';
import type { StoreLife } from './store-life.ts';

export type NamedAnswer = AnswerChange & RenderedAnswer;

/** The availability answers of every channel, as text: what is in memory at once, everything else from the store. */
export class AvailabilityAnswers {
  readonly #reader: CentralReader;
  readonly #fleet: FleetView;
  readonly #clock: Clock;
  readonly #life: Pick<StoreLife, 'current'>;
  readonly #stocks: StockCache;
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
    this.#stocks = new StockCache(options.stock ?? storedStock(options.reader));
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
    const answer = this.#render(part, fleet, now);
    if (!answer.isWhole) return undefined;
    this.#hits += 1;
    return answer;
  }

  async answer(sku: Sku, channel: Channel): Promise<RenderedAnswer> {
    const kept = this.#kept(sku, channel);
    if (kept === undefined) this.#misses += 1;
    else this.#hits += 1;
    const part = kept ?? (await this.#stocks.load(sku, channel));
    const [answer] = await this.#renderAll([part]);
    return must(answer, 'one for each');
  }

  /** Answers of one moment, in the order asked. */
  async answers(skus: readonly Sku[], channel: Channel): Promise<readonly NamedAnswer[]> {
    const stocks = await this.#reader.stocksOf(skus, channel);
    const parts = stocks.map((stock) => renderStockPart(stock, channel));
    const answers = await this.#renderAll(parts);
    return stocks.map(({ sku, revision }, index) => ({ sku, revision, ...must(answers[index], 'one for each') }));
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
    this.#stocks.drop(notices);
  }

  /** Notices may have been lost. */
  dropAll(): void {
    this.#stocks.clear();
  }

  #kept(sku: Sku, channel: Channel): StockPart | undefined {
    return this.#isTrusted() ? this.#stocks.get(sku, channel) : undefined;
  }

  /** A warehouse that is in a stock but not in the view of the fleet was enrolled since: look again. */
  async #renderAll(parts: readonly StockPart[]): Promise<readonly RenderedAnswer[]> {
    const now = this.#clock.now();
    const fleet = await this.#fleet.at(now);
    const answers = parts.map((part) => this.#render(part, fleet, now));
    if (answers.every(({ isWhole }) => isWhole)) return answers;
    const again = await this.#fleet.readAgain(now);
    return parts.map((part) => this.#render(part, again, now));
  }

  #render(part: StockPart, fleet: Fleet, now: number): RenderedAnswer {
    return renderAnswer(part, { freshness: freshnessOf(fleet), life: this.#life.current, now });
  }
}

/** Straight from the store, which is asked for no more than is told. */
function storedStock(reader: Pick<CentralReader, 'stocksOf'>): StockReader {
  return {
    availability: async (sku, channel) => {
      const [stock] = await reader.stocksOf([sku], channel);
      return must(stock, 'every SKU has an answer');
    },
  };
}
