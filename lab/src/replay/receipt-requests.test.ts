import type { Sku } from '@edgestock/shared/inventory/ids';
import { describe, expect, test } from 'vitest';
import type { Goods } from './line-meaning.ts';
import { type GoodsLine, requestsOf } from './receipt-requests.ts';

function line(meaning: Goods['meaning'], sku: string, quantity: number, extra: Partial<GoodsLine> = {}): GoodsLine {
  return { row: 2, warehouse: 'W1', receipt: '7', goods: { meaning, sku: sku as Sku, quantity }, ...extra };
}
const receipt = (...lines: readonly GoodsLine[]) => ({ warehouse: 'W1', id: '7', lines });

describe('what a node is told about a receipt', () => {
  test('is one request per direction, with what each changes', () => {
    const requests = requestsOf(receipt(line('sale', 'a', 2), line('write-off', 'b', 5), line('return', 'c', 1)));
    expect(requests.map(({ path, changes }) => [path, changes])).toEqual([
      ['/v1/sales', [{ sku: 'a', units: -2 }]],
      ['/v1/returns', [{ sku: 'c', units: 1 }]],
      ['/v1/movements', [{ sku: 'b', units: -5 }]],
    ]);
    expect(requests.at(2)).toMatchObject({
      key: 'write-off 7',
      body: { kind: 'scrap', reason: 'other', document: '7' },
    });
  });

  test('keeps two lines of one article apart: both were rung up', () => {
    const [request] = requestsOf(receipt(line('sale', 'a', 1), line('sale', 'a', 1)));
    expect(request?.body).toMatchObject({
      lines: [
        { sku: 'a', quantity: 1 },
        { sku: 'a', quantity: 1 },
      ],
    });
    expect(request?.changes).toHaveLength(2);
  });

  test('carries the time and the till of the file, where it has them', () => {
    const [request] = requestsOf(receipt(line('sale', 'a', 1, { at: Date.UTC(2017, 0, 1), till: 'T4' })));
    expect(request?.body).toMatchObject({ till: 'T4', receipt: '7', occurredAt: '2017-01-01T00:00:00.000Z' });
    expect(requestsOf(receipt(line('sale', 'a', 1)))[0]?.body).not.toHaveProperty('occurredAt');
  });

  test('is cut where a request may not be longer, each part under a number of its own', () => {
    const lines = Array.from({ length: 2_001 }, (_, index) => line('sale', `s${index}`, 1));
    const requests = requestsOf(receipt(...lines));
    expect(requests.map(({ changes }) => changes.length)).toEqual([1_000, 1_000, 1]);
    expect(requests.map(({ body }) => 'receipt' in body && body.receipt)).toEqual(['7', '7/2', '7/3']);
  });
});
