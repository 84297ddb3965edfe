import { systemClock } from '@edgestock/shared/runtime/clock';
import { type Demand, ShopApi } from '../api/shop-api.ts';
import { SiteApi } from '../api/site-api.ts';
import { CallHistory } from './call-history.ts';

/** Refused this often in a row, at both doors: nothing is left, and nothing is on its way between them. */
const REFUSALS_THAT_END_IT = 8;
const MOP_UP_PAUSE_MS = 100;

/** Storefronts at central and counters at a node that all want the same, the account of who got it, and how they came to it. */
export class Hammer {
  readonly history = new CallHistory(systemClock);
  /** Reservations that central has acknowledged. */
  readonly reserved: string[] = [];
  /** Reservations of counters that the node has acknowledged. */
  readonly kept: string[] = [];
  /** Of these, those of which it has acknowledged the sale. */
  readonly sold: string[] = [];
  /** Reservations that somebody was told cannot be had. */
  readonly refused: string[] = [];
  /** Answers that are neither a promise nor the one clean no. */
  readonly unclean: string[] = [];
  readonly lines: readonly Demand[];
  readonly #shop: ShopApi;
  readonly #site: SiteApi;
  #number = 0;

  /** Everybody wants these lines, all or nothing; a SKU is on one of them only. */
  constructor(options: {
    readonly lines: readonly Demand[];
    readonly centralUrl: string;
    readonly siteUrl: string;
    readonly patienceMs: number;
  }) {
    this.lines = options.lines;
    const patience = { patienceMs: options.patienceMs, watcher: this.history };
    this.#shop = new ShopApi(options.centralUrl, patience);
    this.#site = new SiteApi(options.siteUrl, patience);
  }

  /** Callers who got what they want. */
  get promised(): number {
    return this.reserved.length + this.sold.length;
  }

  /** So many at once, each with one answer in the end. */
  async storefronts(count: number): Promise<void> {
    await atOnce(count, () => this.#storefront());
  }

  /** So many at once, who keep what they want and sell it. */
  async counters(count: number): Promise<void> {
    await atOnce(count, () => this.#counter());
  }

  /** So many at once, who keep what they want and do not sell it yet: the names of those who got it. */
  async keep(count: number): Promise<readonly string[]> {
    return (await atOnce(count, () => this.#keep())).filter((id) => id !== undefined);
  }

  /** Sells what is kept, all at once. */
  async sell(kept: readonly string[]): Promise<void> {
    await Promise.all(kept.map((id) => this.#sell(id)));
  }

  /** Asks on, one after the other, until nobody gets anything: units may have been under way between the two. */
  async mopUp(): Promise<void> {
    for (let refusals = 0; refusals < REFUSALS_THAT_END_IT; ) {
      const before = this.promised;
      await this.#storefront();
      await this.#counter();
      refusals = this.promised === before ? refusals + 1 : 0;
      if (refusals > 0) await systemClock.sleep(MOP_UP_PAUSE_MS);
    }
  }

  async #storefront(): Promise<void> {
    const id = this.#nextId('shop');
    const reply = await this.#shop.reserve({ id, owner: id, lines: this.lines });
    if (reply.reply === 'made') this.reserved.push(id);
    else this.#no(id, reply.code);
  }

  async #counter(): Promise<void> {
    const id = await this.#keep();
    if (id !== undefined) await this.#sell(id);
  }

  async #keep(): Promise<string | undefined> {
    const id = this.#nextId('counter');
    const reply = await this.#site.reserve(id, this.lines);
    if (reply.reply === 'done') {
      this.kept.push(id);
      return id;
    }
    this.#no(id, reply.code);
    return undefined;
  }

  async #sell(id: string): Promise<void> {
    const sale = await this.#site.fulfil(id);
    if (sale.reply === 'done') this.sold.push(id);
    else this.unclean.push(`sale of what was kept: ${sale.code}`);
  }

  #no(id: string, code: string): void {
    if (code === 'insufficient') this.refused.push(id);
    else this.unclean.push(code);
  }

  #nextId(who: string): string {
    this.#number += 1;
    return `${this.lines[0]?.sku}-${who}-${this.#number}`;
  }
}

function atOnce<Told>(count: number, one: () => Promise<Told>): Promise<readonly Told[]> {
  return Promise.all(Array.from({ length: count }, one));
}
