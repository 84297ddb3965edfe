import { nearestRoute } from '@edgestock/shared/runtime/nearest-route';

/** Of a SKU as long as one can be, each character escaped. */
const STOCK_OF_SKU = /^\/v1\/stock\/([^/]{1,800})\/?$/;

/** What somebody may have meant by a path (as it was sent) that is no route here, as members of the problem; none for most. */
export function routeHint(path: string, routes: readonly string[]): { readonly hint?: string } {
  // A node has this route, and whoever comes from there asks central for the same.
  const sku = STOCK_OF_SKU.exec(path)?.[1];
  if (sku === undefined) {
    const route = nearestRoute(path, routes);
    return route === undefined ? {} : { hint: `Is ${route} meant?` };
  }
  const hint = `Central sums over warehouses: /v1/availability/${sku} says what may be promised, /v1/stock/${sku}/explain why.`;
  return { hint };
}
