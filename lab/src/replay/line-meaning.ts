import { parseSku, type Sku } from '@edgestock/shared/inventory/ids';
import type { Reason } from '@edgestock/shared/inventory/movement';
import { LINE_QUANTITY_MAX } from '@edgestock/shared/inventory/quantity';
import type { RawLine } from './columns.ts';

/** Why a line that is understood moves nothing: it is left out, and the others of its receipt are recorded all the same. */
export type LeftOut = 'accounting-entry' | 'not-goods' | 'quantity-zero';

/** Why a line cannot be understood. It may have moved goods, so its whole receipt waits until it is put right. */
export type Refusal =
  | 'receipt-missing'
  | 'sku-missing'
  | 'sku-malformed'
  | 'kind-unknown'
  | 'quantity-missing'
  | 'quantity-not-whole'
  | 'quantity-too-large'
  | 'cancellation-not-negative';

/** A line as the stock sees it. Units are always positive; the meaning says which way they went. */
export type Goods = {
  readonly meaning: 'sale' | 'return' | 'write-off';
  readonly sku: Sku;
  readonly quantity: number;
  /** Of a write-off. */
  readonly reason?: Reason;
};
export type LineMeaning =
  | Goods
  | { readonly meaning: 'left-out'; readonly reason: LeftOut }
  | { readonly meaning: 'refused'; readonly refusal: Refusal };

/** What differs from one shop's export to another's. */
export type MeaningRules = {
  readonly isService: (sku: string) => boolean;
  /** Receipts that begin with this and a digit take back an earlier one (`C536379`). Empty = there are none. */
  readonly cancellationPrefix: string;
  /** Receipts that begin with this and a digit are book-keeping without goods (`A563185`). Empty = there are none. */
  readonly accountingPrefix: string;
};

/** The words that exports use for the direction of a line. */
const meaningOfKind: ReadonlyMap<string, Goods['meaning']> = new Map([
  ['sale', 'sale'],
  ['return', 'return'],
  ['refund', 'return'],
  ['cancellation', 'return'],
  ['scrap', 'write-off'],
  ['waste', 'write-off'],
  ['write-off', 'write-off'],
  ['damaged', 'write-off'],
]);

/** Descriptions that people typed when goods were spoilt. */
const SPOILT = /damag|broke|crush|smash|crack|faulty|rust|mould|mold|wet|thrown|water|dirty|spoil/i;

/** Decides what one line of a point-of-sale file did to the stock. An earlier reason hides the later ones. */
export function lineMeaning(line: RawLine, rules: MeaningRules): LineMeaning {
  const receipt = line.receipt ?? '';
  if (receipt === '') return refused('receipt-missing');
  if (hasPrefix(receipt, rules.accountingPrefix)) return leftOut('accounting-entry');

  const sku = line.sku ?? '';
  if (sku === '') return refused('sku-missing');
  const goods = parseSku(sku);
  if (!goods) return refused('sku-malformed');
  if (rules.isService(sku)) return leftOut('not-goods');

  const kind = line.kind?.trim().toLowerCase() ?? '';
  if (kind !== '' && !meaningOfKind.has(kind)) return refused('kind-unknown');

  const quantity = wholeNumber(line.quantity ?? '');
  if (typeof quantity !== 'number') return refused(quantity.refusal);
  if (quantity === 0) return leftOut('quantity-zero');
  // A huge quantity is a fact all the same (P4); only what no balance can hold is refused.
  if (Math.abs(quantity) > LINE_QUANTITY_MAX) return refused('quantity-too-large');

  const meaning = direction({ line, kind, quantity, isCancellation: hasPrefix(receipt, rules.cancellationPrefix) });
  if (meaning === undefined) return refused('cancellation-not-negative');
  const units = { meaning, sku: goods, quantity: Math.abs(quantity) };
  return meaning === 'write-off' ? { ...units, reason: SPOILT.test(line.name ?? '') ? 'damaged' : 'other' } : units;
}

/** Undefined: a cancellation that gives goods out instead of taking them back says two things at once. */
function direction(of: {
  readonly line: RawLine;
  readonly kind: string;
  readonly quantity: number;
  readonly isCancellation: boolean;
}): Goods['meaning'] | undefined {
  const stated = meaningOfKind.get(of.kind);
  if (stated !== undefined) return stated === 'sale' && of.quantity < 0 ? 'return' : stated;
  if (of.isCancellation) return of.quantity < 0 ? 'return' : undefined;
  if (of.quantity > 0) return 'sale';
  // Units that leave for money back are a return; those that leave for nothing never reached a customer.
  return Number(of.line.price) > 0 ? 'return' : 'write-off';
}

function hasPrefix(receipt: string, prefix: string): boolean {
  return prefix !== '' && receipt.startsWith(prefix) && /^\d/.test(receipt.slice(prefix.length));
}

/** `3`, `-3`, `+3`, and `3.0` as spreadsheets write it. No exponents, no separators: they would be guesses. */
function wholeNumber(text: string): number | { readonly refusal: Refusal } {
  const trimmed = text.trim();
  if (trimmed === '') return { refusal: 'quantity-missing' };
  if (!/^[+-]?\d+(\.0+)?$/.test(trimmed)) return { refusal: 'quantity-not-whole' };
  return Number(trimmed);
}

function leftOut(reason: LeftOut): LineMeaning {
  return { meaning: 'left-out', reason };
}

function refused(refusal: Refusal): LineMeaning {
  return { meaning: 'refused', refusal };
}
