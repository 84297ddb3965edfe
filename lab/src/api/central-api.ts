import { type Told, toldOf } from '../model/compare-positions.ts';
import { bodyOf } from './edge-api.ts';
import { requestJson, requestPatiently } from './json-request.ts';

const PAGE_ROWS = 1_000;
const PATIENCE_MS = 30_000;

/** Central's HTTP API as storefronts and operators use it. */
export class CentralApi {
  readonly url: string;

  constructor(url: string) {
    this.url = url.replace(/\/$/, '');
  }

  /** How far central has applied each warehouse's log. Warehouses that never reached central are absent. */
  async appliedByWarehouse(): Promise<ReadonlyMap<string, number>> {
    const { warehouses } = (await this.#get('/v1/warehouses')) as {
      readonly warehouses: readonly { readonly warehouse: string; readonly appliedUpTo: number }[];
    };
    return new Map(warehouses.map(({ warehouse, appliedUpTo }) => [warehouse, appliedUpTo]));
  }

  /** Deltas of the warehouse that central does not have, as far as it has heard. */
  async backlog(warehouse: string): Promise<number> {
    return ((await this.#get(`/v1/warehouses/${warehouse}`)) as { readonly backlog: number }).backlog;
  }

  async positions(warehouse: string): Promise<ReadonlyMap<string, Told>> {
    const positions = new Map<string, Told>();
    let after = '';
    for (;;) {
      const page = (await this.#get(`/v1/warehouses/${warehouse}/stock?limit=${PAGE_ROWS}${after}`)) as {
        readonly positions: readonly (Told & { readonly sku: string })[];
        readonly next?: string;
      };
      for (const position of page.positions) positions.set(position.sku, toldOf(position));
      if (page.next === undefined) return positions;
      after = `&after=${encodeURIComponent(page.next)}`;
    }
  }

  /** One look, without patience: what a storefront would be told now. */
  async availability(sku: string): Promise<Availability> {
    const url = `${this.url}/v1/availability/${encodeURIComponent(sku)}`;
    return bodyOf(await requestJson(url), url) as Availability;
  }

  async #get(path: string): Promise<unknown> {
    return bodyOf(await requestPatiently(this.url + path, {}, { patienceMs: PATIENCE_MS }), this.url + path);
  }
}

export type Availability = {
  readonly available: number;
  readonly warehouses: readonly { readonly warehouse: string; readonly onHand: number; readonly sequence: number }[];
};
