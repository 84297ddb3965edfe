import { must } from '@edgestock/shared/runtime/assert';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { CentralApi } from '../../api/central-api.ts';
import { EdgeApi } from '../../api/edge-api.ts';
import { type Order, ShopApi } from '../../api/shop-api.ts';
import { SiteApi } from '../../api/site-api.ts';
import type { NodeRequest } from '../../replay/receipt-requests.ts';
import type { Shop } from '../../replay/shop-flags.ts';
import type { System } from '../../system/start-system.ts';
import { LinkCuts } from '../once/link-cuts.ts';
import { PromiseAccount } from '../shop/promise-account.ts';
import { Shelves } from '../shop/shelves.ts';
import { Flows } from './flows.ts';
import { Pace } from './pace.ts';
import type { SharedStock } from './shared-stock.ts';

export type OrdersOptions = {
  readonly dataDirectory: string;
  /** Central's: `sqlite`, or the URL of a PostgreSQL database. */
  readonly store: string;
  readonly tills: { readonly path: string; readonly shop: Shop };
  readonly orders: { readonly path: string; readonly shop: Shop };
  readonly warehouses: readonly string[];
  /** How much of what both want together there is, 0 to 1. */
  readonly stockShare: number;
  readonly cutShare: number;
  readonly signal: AbortSignal;
};

/** `over` says, when the customer has gone, whether there is an order. */
type Bought = { readonly id: string; readonly skus: ReadonlySet<string>; readonly over: Promise<boolean> };

const PATIENCE_MS = 60_000;
const ORDERS_PAGE = 200;

/** Everything that tills, customers and pickers of one run have in common: the doors, the goods, and the accounts of both. */
export class World {
  readonly stock: SharedStock;
  readonly options: OrdersOptions;
  readonly nodes: ReadonlyMap<string, EdgeApi>;
  readonly sites: ReadonlyMap<string, SiteApi>;
  readonly shop: ShopApi;
  readonly central: CentralApi;
  readonly cuts: LinkCuts;
  readonly linksCut: number;
  readonly shelves = new Shelves();
  readonly flows = new Flows();
  readonly account = new PromiseAccount();
  readonly pace = new Pace(systemClock);
  /** What each customer of the web shop came for, oldest first. */
  readonly boughtBy = new Map<string, Bought[]>();
  readonly counts = { visits: 0, cancelRequests: 0, receipts: 0, tillsEmptyHanded: 0, freed: 0 };

  constructor(system: System, stock: SharedStock, options: OrdersOptions) {
    const patience = { patienceMs: PATIENCE_MS };
    this.stock = stock;
    this.options = options;
    this.nodes = new Map(system.nodes.map(({ warehouse, url }) => [warehouse, new EdgeApi(url, patience)]));
    this.sites = new Map(system.nodes.map(({ warehouse, url }) => [warehouse, new SiteApi(url, patience)]));
    this.shop = new ShopApi(system.centralUrl, patience);
    this.central = new CentralApi(system.centralUrl);
    this.cuts = new LinkCuts(system.links, stock.invoices);
    this.linksCut = system.links.size;
  }

  node(warehouse: string): EdgeApi {
    return must(this.nodes.get(warehouse), `no node for ${warehouse}`);
  }

  /** What a node has acknowledged, as the goods moved. */
  moved({ warehouse, path, changes }: NodeRequest): void {
    const lines = changes.map(({ sku, units }) => ({ sku, quantity: Math.abs(units) }));
    if (path === '/v1/returns') {
      this.flows.add('returned', lines);
      for (const { sku, quantity } of lines) this.shelves.put(warehouse, sku, quantity);
    } else this.flows.add(path === '/v1/sales' ? 'sold' : 'writtenOff', lines);
  }

  /** All orders that central knows, or those in one state. */
  async orders(state?: Order['state']): Promise<readonly Order[]> {
    const orders: Order[] = [];
    let before: string | undefined;
    do {
      const page = await this.shop.orders({ state, before, limit: ORDERS_PAGE });
      orders.push(...page.orders);
      before = page.next;
    } while (before !== undefined);
    return orders;
  }
}

export function allocationLines({ allocations }: Order) {
  return allocations.flatMap(({ lines }) => lines);
}

export function backorderedOf({ lines }: Order): number {
  return sumOf(lines.map(({ backordered }) => backordered));
}

export function sumOf(numbers: Iterable<number>): number {
  let sum = 0;
  for (const number of numbers) sum += number;
  return sum;
}
