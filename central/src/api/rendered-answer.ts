import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { type Freshness, type FreshnessByWarehouse, unknownFreshness } from '../availability/warehouse-freshness.ts';
import type { Channel } from '../rules/channel.ts';
import type { OfferedStock } from '../store/central-store.ts';

/**
 * The JSON of an availability answer, in two steps. What the store says of a SKU is rendered once per revision and kept; how old that
 * is, is rendered into it at the moment of answering. So a kept part never tells an old age, and a hot SKU costs a look-up and some
 * concatenation.
 */
export type StockPart = {
  readonly revision: number;
  readonly available: number;
  /** `{"sku":…,"channel":…,"available":…,"revision":…` */
  readonly head: string;
  /** Both heads are of ASCII alone, as every warehouse's is. */
  readonly isAscii: boolean;
  /** Each head with the comma before it. */
  readonly warehouses: readonly { readonly id: WarehouseId; readonly head: string }[];
};

export type RenderedAnswer = {
  readonly json: string;
  /** Each character of it is one byte. */
  readonly isAscii: boolean;
  /** False where a warehouse is not in the view of the fleet, so that nothing is said to be known of it: it may have been enrolled a moment ago. */
  readonly isWhole: boolean;
  readonly etag: string;
  readonly cacheControl: string;
};

/** At so few units the next sale may be the last: nobody between us and the buyer may keep the answer. */
const FEW_UNITS = 5;
const ASCII = /^[\x20-\x7e]*$/;

/**
 * Joined, not put together by `+`: of that V8 keeps the tree of all its pieces, 4.8 KB for a SKU at ten warehouses
 * instead of 2.0.
 */
export function renderStockPart(stock: OfferedStock, channel: Channel): StockPart {
  const { sku, available, revision } = stock;
  const names = `{"sku":${JSON.stringify(sku)},"channel":${JSON.stringify(channel)},"available":`;
  return {
    revision,
    available,
    head: [names, available, ',"revision":', revision].join(''),
    isAscii: ASCII.test(names),
    warehouses: stock.warehouses.map((share, index) => ({
      id: share.warehouse,
      head: shareHead(share, index === 0 ? '' : ','),
    })),
  };
}

function shareHead(share: OfferedStock['warehouses'][number], comma: string): string {
  const { warehouse, available, onHand, incoming, version, sequence, isSuspect } = share;
  // An id needs no escaping.
  const pieces = [comma, '{"warehouse":"', warehouse, '","available":', available, ',"onHand":', onHand];
  pieces.push(',"incoming":', incoming, ',"version":', version, ',"sequence":', sequence);
  if (isSuspect) pieces.push(',"isSuspect":true');
  return pieces.join('');
}

/**
 * The answer at `now`, the text of what `answerOf` says. The ETag stands for the stock part and the stale or uncounted warehouses, not
 * for the ages, and so is weak. Who revalidates and gets 304 goes on with the older `asOf` and `ageMs` of the first answer:
 * they then say "older than it is", which errs on the safe side. A warehouse that falls silent changes the ETag, so that
 * news is never hidden by a 304.
 */
export function renderAnswer(
  part: StockPart,
  options: { readonly freshness: FreshnessByWarehouse; readonly life: string; readonly now: number },
): RenderedAnswer {
  const { freshness, life, now } = options;
  const age = new Age(now);
  let warehouses = '';
  let isWhole = true;
  for (const { id, head } of part.warehouses) {
    let known = freshness.get(id);
    if (known === undefined) {
      known = unknownFreshness;
      isWhole = false;
    }
    age.include(id, known);
    warehouses += head;
    warehouses += known.membersAt(now);
  }
  // Nobody has it: as far as is known of everybody, since one who is silent may have received it.
  if (part.warehouses.length === 0) for (const [id, known] of freshness) age.include(id, known);
  const { asOf, asOfJson, stale, notCounted } = age;
  const told = notCounted === '' ? '' : `,"notCounted":[${notCounted}]`;
  const ageMs = asOf === undefined ? null : now - asOf;
  return {
    isWhole,
    // What is not counted is told with words of whoever stopped it.
    isAscii: told === '' && part.isAscii,
    json: `${part.head},"asOf":${asOfJson},"ageMs":${ageMs},"stale":[${stale}]${told},"warehouses":[${warehouses}]}`,
    // Another store counts revisions anew. Warehouse ids have no dots.
    etag: `W/"${life}.${part.revision}${tagOf('.', stale)}${tagOf('~', notCounted)}"`,
    cacheControl:
      part.available <= FEW_UNITS || stale !== '' || notCounted !== '' || asOf === undefined
        ? 'no-cache'
        : 'public, max-age=1',
  };
}

/** Ids behind a mark of their own; they hold no `~`. */
function tagOf(mark: string, ids: string): string {
  return ids === '' ? '' : `${mark}${ids.replaceAll('"', '').replaceAll(',', mark)}`;
}

/** The oldest of several warehouses, and those of them that are stale. Unknown when one of them is, or there is none. */
class Age {
  /** Ids in quotes, separated by commas. */
  stale = '';
  notCounted = '';
  readonly #now: number;
  #oldest: number;
  #oldestJson: string | undefined;
  #isKnown = false;
  #isUnknown = false;

  constructor(now: number) {
    this.#now = now;
    this.#oldest = now;
  }

  get asOf(): number | undefined {
    return this.#isKnown && !this.#isUnknown ? this.#oldest : undefined;
  }

  get asOfJson(): string {
    if (this.asOf === undefined) return unknownFreshness.asOfJson;
    return this.#oldestJson ?? `"${new Date(this.#oldest).toISOString()}"`;
  }

  include(id: WarehouseId, known: Freshness): void {
    if (known.asOf === undefined) this.#isUnknown = true;
    else {
      this.#isKnown = true;
      if (known.asOf <= this.#oldest) {
        this.#oldest = known.asOf;
        this.#oldestJson = known.asOfJson;
      }
    }
    if (this.#now >= known.staleFrom) this.stale += this.stale === '' ? `"${id}"` : `,"${id}"`;
    if (known.notCounted !== undefined) this.notCounted += this.notCounted === '' ? `"${id}"` : `,"${id}"`;
  }
}
