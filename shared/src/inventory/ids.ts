/** A bare string cannot be passed where an id is meant: ids are made by `parse…` at the doors and trusted inside. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };
declare const brand: unique symbol;

/** A place that holds stock, for example `BER1`. Also a NATS subject token and a file name, hence the narrow alphabet. */
export type WarehouseId = Brand<string, 'WarehouseId'>;
/** The seller's own key of a sellable variant. Opaque and case-sensitive: real catalogues hold `85123A` beside `85123a`. */
export type Sku = Brand<string, 'Sku'>;

export const SKU_LENGTH_MAX = 64;
const WAREHOUSE_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;
// Printable, no comma (it separates SKUs in a query), no space at either end: what survives a URL, a CSV and a label.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what is refused
const SKU_REFUSED = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff,]|^\s|\s$/u;

/** The warehouse id, or `undefined` when the text cannot be one. */
export function parseWarehouseId(text: string): WarehouseId | undefined {
  return WAREHOUSE_PATTERN.test(text) ? (text as WarehouseId) : undefined;
}

/** The SKU, or `undefined` when the text cannot be one: 1 to 64 characters, no comma, no control characters, no outer spaces. */
export function parseSku(text: string): Sku | undefined {
  if (text.length === 0 || text.length > SKU_LENGTH_MAX || SKU_REFUSED.test(text) || !text.isWellFormed())
    return undefined;
  return text as Sku;
}
