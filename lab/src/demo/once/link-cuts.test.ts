import { expect, test } from 'vitest';
import { TcpProxy } from '../../proxy/tcp-proxy.ts';
import { LinkCuts, warehousesToCut } from './link-cuts.ts';

test('the links to cut are spread over all warehouses, and there is at least one', () => {
  const warehouses = Array.from({ length: 293 }, (_, index) => `S${index}`);
  expect(warehousesToCut(warehouses, 0.1)).toHaveLength(29);
  expect(new Set(warehousesToCut(warehouses, 0.1)).size).toBe(29);
  expect(warehousesToCut(['A', 'B', 'C', 'D'], 0.1)).toEqual(['C']);
  expect(warehousesToCut(['A', 'B'], 1)).toEqual(['A', 'B']);
  expect(warehousesToCut(warehouses, 0)).toEqual([]);
});

test.each([1, 2, 7, 100])(
  'of %i receipts, links are cut at a third of the way and whole at the end',
  async (receipts) => {
    const link = await TcpProxy.start({ host: '127.0.0.1', port: 1 });
    const cuts = new LinkCuts(new Map([['W1', link]]), receipts);
    const states: boolean[] = [];
    for (let number = 1; number <= receipts; number += 1) {
      cuts.onReceipt(number);
      states.push(cuts.isConnected('W1'));
    }
    expect(states.indexOf(false)).toBe(receipts === 1 ? -1 : Math.ceil(receipts / 3) - 1);
    cuts.healAll();
    expect(cuts.isConnected('W1')).toBe(true);
    expect(cuts.isConnected('W2')).toBe(true);
    await link.stop();
  },
);
