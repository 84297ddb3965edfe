import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Channel } from '../rules/channel.ts';
import type { ChangeNotice, OfferedStock, StockReader } from '../store/central-store.ts';
import type { SharedStore } from '../store/shared-store.ts';
import { ChangeMarks } from './change-marks.ts';
import { decodeKept, encodeKept, keyOf } from './kept-stock.ts';

/** Texts that several processes share. Whatever fails, nothing is found. */
export type KeptTexts = {
  readonly isUp: boolean;
  readonly failures: number;
  get(key: string): Promise<string | undefined>;
  set(key: string, text: string, forMs: number): void;
};

export type SharedStockReport = {
  readonly isUp: boolean;
  readonly hits: number;
  readonly misses: number;
  readonly failures: number;
};

/** What nobody asks for goes, also where the server keeps all it can. */
const KEPT_MS = 600_000;
/** How far back changes are looked up at a start, so that what others keep is of use to a process that has just begun. */
const LOOK_BACK_REVISIONS = 20_000;
const PAGE = 1_000;
const PAGES_MAX = 40;

/**
 * Stock that other processes of central have read, before the store is asked for it. Nobody drops what is kept: whoever finds it
 * proves with its own feed of changes that it is still so, or reads the store. So a process that dies between a change and its
 * telling, a write that arrives late, and a server that was away and kept old texts cannot make an answer older than the feed allows.
 */
export class SharedStock implements StockReader {
  readonly #reader: StockReader;
  readonly #texts: KeptTexts;
  readonly #isTrusted: () => boolean;
  readonly #marks: ChangeMarks;
  #life: string | undefined;
  #hits = 0;
  #misses = 0;

  constructor(options: {
    readonly reader: StockReader;
    readonly texts: KeptTexts;
    /** Whether the feed of changes is young enough to prove anything. */
    readonly isTrusted: () => boolean;
    readonly marks?: ChangeMarks;
  }) {
    this.#reader = options.reader;
    this.#texts = options.texts;
    this.#isTrusted = options.isTrusted;
    this.#marks = options.marks ?? new ChangeMarks();
  }

  get report(): SharedStockReport {
    const { isUp, failures } = this.#texts;
    return { isUp, hits: this.#hits, misses: this.#misses, failures };
  }

  async availability(sku: Sku, channel: Channel): Promise<OfferedStock> {
    const life = this.#life;
    // Before the store is read: what changes meanwhile may not be in what is read.
    const { upTo } = this.#marks;
    const kept = life === undefined ? undefined : await this.#kept(life, sku, channel);
    if (kept !== undefined) return kept;
    const stock = await this.#reader.availability(sku, channel);
    if (life !== undefined && life === this.#life) {
      this.#texts.set(keyOf(life, sku, channel), encodeKept({ channel, upTo, stock }), KEPT_MS);
    }
    return stock;
  }

  /** Every change after this revision of this life will be told. */
  begin(life: string, revision: number): void {
    this.#marks.forget();
    this.#marks.begin(revision);
    this.#life = life;
  }

  changed(notices: readonly ChangeNotice[], upTo: number): void {
    this.#marks.note(notices, upTo);
  }

  /** What changed up to a revision is not known one by one. */
  muchChanged(upTo: number): void {
    this.#marks.begin(upTo);
  }

  /** Nothing is known until it begins again. */
  forget(): void {
    this.#life = undefined;
  }

  /** Learns what had changed before it began, so far back as is worth it. */
  async lookBack(store: Pick<SharedStore, 'noticesAfter'>): Promise<void> {
    const [life, begun] = [this.#life, this.#marks.from];
    const from = Math.max(0, begun - LOOK_BACK_REVISIONS);
    const earlier = await changesSince(store, from);
    // Begun anew meanwhile, it knows less than it did.
    if (earlier !== undefined && life === this.#life && begun === this.#marks.from)
      this.#marks.noteEarlier(earlier, from);
  }

  async #kept(life: string, sku: Sku, channel: Channel): Promise<OfferedStock | undefined> {
    const text = await this.#texts.get(keyOf(life, sku, channel));
    const kept = text === undefined ? undefined : decodeKept(text);
    const isProved =
      kept?.stock.sku === sku &&
      kept.channel === channel &&
      life === this.#life &&
      this.#isTrusted() &&
      this.#marks.isCurrent(sku, { revision: kept.stock.revision, upTo: kept.upTo });
    if (isProved) this.#hits += 1;
    else this.#misses += 1;
    return isProved ? kept.stock : undefined;
  }
}

/**
 * All that has changed after a revision, up to the last page that is not full: who changes again meanwhile is found further on.
 * `undefined` where it changes faster than it can be read.
 */
async function changesSince(
  store: Pick<SharedStore, 'noticesAfter'>,
  from: number,
): Promise<readonly ChangeNotice[] | undefined> {
  const changes: ChangeNotice[] = [];
  let after = from;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const notices = await store.noticesAfter(after, PAGE);
    changes.push(...notices);
    if (notices.length < PAGE) return changes;
    // The page may end between changes of one revision.
    const next = (notices.at(-1)?.revision ?? 0) - 1;
    if (next <= after) return undefined;
    after = next;
  }
  return undefined;
}
