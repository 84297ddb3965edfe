/**
 * Codes that tills and web shops ring up like articles, but that are no goods: nothing leaves a shelf. The list is that of
 * the published retail data we replay; a shop names its own with --services. `*` stands for anything. Goods that look
 * alike and stay: PADS (cushion pads), DCGS0003 (an ashtray).
 */
export const defaultServices = [
  'POST', // postage
  'DOT', // postage of the web shop
  'C2', // carriage
  'M', // manual entry
  'm',
  'D', // discount
  'S', // samples sent as a value, not as articles
  'B', // bad debt
  'CRUK', // commission of a charity
  'AMAZONFEE',
  'BANK CHARGES',
  'gift_0001_*', // vouchers
] as const;

/** Tells services from goods. Case matters, as in every SKU. */
export function serviceRule(patterns: readonly string[]): (sku: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const wild = patterns.filter((pattern) => pattern.includes('*')).map(expressionOf);
  return (sku) => exact.has(sku) || wild.some((expression) => expression.test(sku));
}

function expressionOf(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
