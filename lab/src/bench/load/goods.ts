/** SKUs of the HTTP benches. */
export const SKUS = 10_000;

/** The units every SKU begins with: no sale of a bench runs out of stock, so none opens an exception. */
export const OPENING_UNITS = 1_000_000_000;

export function skuAt(index: number): string {
  return `SKU-${String(index).padStart(6, '0')}`;
}

/** Goes through all SKUs in an order without neighbours, the same in every run: a prime, which no number of SKUs is divided by. */
export function scatteredSku(index: number, skus: number = SKUS): string {
  return skuAt((index * 611_953) % skus);
}

/** A till's sale of one unit, as it stands in a request. */
export function saleBody(receipt: string, sku: string): string {
  return `{"till":"T1","receipt":"${receipt}","lines":[{"sku":"${sku}","quantity":1}]}`;
}

/** A storefront's reservation of one unit. */
export function reservationBody(owner: string, sku: string): string {
  return `{"owner":"${owner}","ttlSeconds":900,"lines":[{"sku":"${sku}","quantity":1}]}`;
}
