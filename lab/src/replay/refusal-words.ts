import type { RawLine } from './columns.ts';
import type { Refusal } from './line-meaning.ts';

/** Why a line of a file is refused before any node is asked. */
export type FileRefusal = Refusal | 'store-malformed' | 'store-unknown';

/** A cell can be a whole novel. */
const QUOTED_CHARS_MAX = 40;

/** What is wrong with a line, to somebody who keeps a shop. */
const wordsOf: Readonly<Record<FileRefusal, string>> = {
  'receipt-missing':
    'no receipt number; the receipts before and after it are refused with it, since it may be of either',
  'sku-missing': 'no SKU',
  'sku-malformed': 'the SKU is too long, or has spaces at its ends or characters that no label can hold',
  'kind-unknown': 'the kind is none of sale, return, refund, cancellation, scrap, waste, write-off, damaged',
  'quantity-missing': 'no quantity',
  'quantity-not-whole': 'the quantity is no whole number',
  'quantity-too-large': 'the quantity is more than a line may have',
  'cancellation-not-negative':
    'the receipt takes goods back and this line gives them out; --cancellation-prefix names such receipts',
  'store-malformed': 'the store cannot be the id of a warehouse',
  'store-unknown': 'no node that was named serves this store',
};

/** Problem codes of nodes whose own words speak of requests. */
const wordsOfNodes: Readonly<Record<string, string>> = {
  'idempotency-key-reused':
    'this receipt was recorded before with other lines, and those stay; record what differs as a return or a count',
};

/** `line` is quoted where that shows what is meant. */
export function wordsOfFile(refusal: FileRefusal, { quantity = '', kind = '', store = '' }: RawLine): string {
  const quoted: Partial<Record<FileRefusal, string>> = {
    'kind-unknown': kind,
    'quantity-not-whole': quantity,
    'quantity-too-large': quantity,
    'store-malformed': store,
    'store-unknown': store,
  };
  const text = quoted[refusal];
  return text ? `${wordsOf[refusal]} ("${text.slice(0, QUOTED_CHARS_MAX)}")` : wordsOf[refusal];
}

export function wordsOfNode(code: string, detail: string): string {
  return wordsOfNodes[code] ?? (detail === '' ? code : detail);
}
