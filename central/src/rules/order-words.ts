import type { SkuQuantity } from '@edgestock/shared/protocol/directive';

/** More lines than this are counted, not listed: a step is read by a person. */
const LINES_NAMED_MAX = 5;

/** `2 of A, 1 of B and 3 of C`. */
export function unitsInWords(lines: readonly SkuQuantity[]): string {
  const named = lines.slice(0, LINES_NAMED_MAX).map(({ sku, quantity }) => `${quantity} of ${sku}`);
  const more = lines.length - named.length;
  if (more > 0) named.push(`${more} more SKU${more === 1 ? '' : 's'}`);
  const last = named.pop() ?? 'nothing';
  return named.length === 0 ? last : `${named.join(', ')} and ${last}`;
}
