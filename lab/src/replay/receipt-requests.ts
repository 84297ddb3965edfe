import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Goods } from './line-meaning.ts';
import type { Receipt, ReceiptLine } from './receipts.ts';

/** A line that moves goods, tied to its receipt. */
export type GoodsLine = ReceiptLine & {
  readonly row: number;
  readonly goods: Goods;
  readonly at?: number;
  readonly till?: string;
};

/** One write to a node, with what it changes: the sender's own account of it. */
export type NodeRequest = {
  readonly warehouse: string;
  readonly path: '/v1/sales' | '/v1/returns' | '/v1/movements';
  readonly body: object;
  /** Makes a repeated write the same write, where the receipt in the body does not do so already. */
  readonly key?: string;
  readonly changes: readonly Change[];
  /** Where the file has it. */
  readonly from?: { readonly line: number; readonly receipt: string };
};
export type Change = { readonly sku: Sku; readonly units: number };

/** A receipt that is to be recorded. */
export type MovingReceipt = Pick<Receipt<GoodsLine>, 'warehouse' | 'id' | 'lines'>;

/** Lines that one request to a node may have. */
export const REQUEST_LINES_MAX = 1_000;
const TILL_DEFAULT = 'replay';

/**
 * What has to be said to the node about one receipt: what was sold, what came back, what was written off. One request each;
 * more when a receipt is longer than a request may be, since nobody has promised that such a receipt holds together.
 */
export function requestsOf(receipt: MovingReceipt): readonly NodeRequest[] {
  const meanings = ['sale', 'return', 'write-off'] as const;
  return meanings.flatMap((meaning) => {
    const lines = receipt.lines.filter(({ goods }) => goods.meaning === meaning);
    return chunksOf(lines).map((chunk, index) => requestOf(meaning, chunk, receipt, index));
  });
}

function requestOf(
  meaning: Goods['meaning'],
  lines: readonly GoodsLine[],
  { warehouse, id }: MovingReceipt,
  index: number,
): NodeRequest {
  const number = index === 0 ? id : `${id}/${index + 1}`;
  const { at, row: line = 0, receipt = id } = lines[0] ?? {};
  const from = { line, receipt };
  const occurred = at === undefined ? {} : { occurredAt: new Date(at).toISOString() };
  if (meaning === 'write-off') {
    return {
      warehouse,
      path: '/v1/movements',
      key: `write-off ${number}`,
      body: {
        kind: 'scrap',
        // One reason for the document; the lines of one write-off say the same in all that we have seen.
        reason: lines.find(({ goods }) => goods.reason !== undefined)?.goods.reason ?? 'other',
        document: number,
        lines: lines.map(({ goods }) => ({ sku: goods.sku, quantity: goods.quantity })),
        ...occurred,
      },
      changes: lines.map(({ goods }) => ({ sku: goods.sku, units: -goods.quantity })),
      from,
    };
  }
  const sign = meaning === 'sale' ? -1 : 1;
  return {
    warehouse,
    path: meaning === 'sale' ? '/v1/sales' : '/v1/returns',
    body: {
      till: lines[0]?.till || TILL_DEFAULT,
      receipt: number,
      lines: lines.map(({ goods }) => ({ sku: goods.sku, quantity: goods.quantity })),
      ...occurred,
    },
    changes: lines.map(({ goods }) => ({ sku: goods.sku, units: sign * goods.quantity })),
    from,
  };
}

export function chunksOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / REQUEST_LINES_MAX);
  return Array.from({ length: count }, (_, index) =>
    items.slice(index * REQUEST_LINES_MAX, (index + 1) * REQUEST_LINES_MAX),
  );
}
