import { systemClock } from '@edgestock/shared/runtime/clock';
import type { ShopApi } from '../api/shop-api.ts';
import type { SiteApi } from '../api/site-api.ts';

/** Refused this often in a row, at both doors: nothing is left, and nothing is on its way between them. */
const REFUSALS_THAT_END_IT = 8;
const MOP_UP_PAUSE_MS = 100;

/** Storefronts at central and counters at a node that all want one unit of the same SKU, and the account of who got it. */
export class Hammer {
  /** Reservations that central has acknowledged. */
  readonly reserved: string[] = [];
  /** Units that the node has promised at the counter and sold. */
  readonly sold: string[] = [];
  refused = 0;
  /** Answers that are neither a promise nor the one clean no. */
  readonly unclean: string[] = [];
  readonly #sku: string;
  readonly #shop: ShopApi;
  readonly #site: SiteApi;
  #number = 0;

  constructor(options: { readonly sku: string; readonly shop: ShopApi; readonly site: SiteApi }) {
    this.#sku = options.sku;
    this.#shop = options.shop;
    this.#site = options.site;
  }

  get promised(): number {
    return this.reserved.length + this.sold.length;
  }

  /** So many at once, each with one answer in the end. */
  async storefronts(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#storefront()));
  }

  async counters(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#counter()));
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
    const reply = await this.#shop.reserve({ id, owner: id, lines: [{ sku: this.#sku, quantity: 1 }] });
    if (reply.reply === 'made') this.reserved.push(id);
    else this.#no(reply.code);
  }

  async #counter(): Promise<void> {
    const id = this.#nextId('counter');
    const reply = await this.#site.reserve(id, [{ sku: this.#sku, quantity: 1 }]);
    if (reply.reply === 'refused') return this.#no(reply.code);
    const sale = await this.#site.fulfil(id);
    if (sale.reply === 'done') this.sold.push(id);
    else this.unclean.push(`sale of what was kept: ${sale.code}`);
  }

  #no(code: string): void {
    if (code === 'insufficient') this.refused += 1;
    else this.unclean.push(code);
  }

  #nextId(who: string): string {
    this.#number += 1;
    return `${this.#sku}-${who}-${this.#number}`;
  }
}
