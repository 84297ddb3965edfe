import { describe, expect, it } from 'vitest';
import { skuOf, warehouseOf } from '../testing/node-log.ts';
import { contextOf, linesOf, PAYMENT_MS, PLACED_AT, placed } from '../testing/order-fixture.ts';
import { effectInWords, unitsOfOrder } from '../testing/order-in-words.ts';
import { DEFAULT_CHANNEL } from './channel.ts';
import { orderOfReservation, placeOrder } from './order-placing.ts';

describe('placing an order', () => {
  it('holds what it can have, and sums a SKU over its lines', () => {
    const { order, effects } = placed('A1 B1 A2', 'W1 A2, W2 A1 B1');
    expect(order).toMatchObject({
      state: 'placed',
      payment: 'awaited',
      wakeAt: PLACED_AT + PAYMENT_MS,
      allocations: [],
    });
    expect(unitsOfOrder(order)).toEqual(['A: 3 ordered, 3 held', 'B: 1 ordered, 1 held']);
    expect(effects.map(effectInWords)).toEqual(['hold W1 A2', 'hold W2 A1', 'hold W2 B1']);
    expect(order.history.map(({ why }) => why)).toEqual(['3 of A and 1 of B: set aside until it is paid.']);
  });

  it.each<[string, 'refuse' | 'cancel' | 'backorder', number, string[] | string]>([
    ['refuses all of it', 'refuse', 9, '[{"sku":"A","requested":5,"available":2}]'],
    ['cancels the units', 'cancel', 9, ['A: 5 ordered, 3 cancelled, 2 held', 'B: 1 ordered, 1 held']],
    ['lets them wait', 'backorder', 3, ['A: 5 ordered, 3 backordered, 2 held', 'B: 1 ordered, 1 held']],
    ['refuses where too many would wait', 'backorder', 2, '[{"sku":"A","requested":5,"available":2,"mayWait":2}]'],
  ])('when it falls short: %s', (_, onShortage, room, expected) => {
    const placing = placeOrder(
      {
        id: 'o',
        channel: DEFAULT_CHANNEL,
        owner: 'c',
        lines: linesOf('A5 B1'),
        paymentDueAt: PLACED_AT + PAYMENT_MS,
        paymentTtlSeconds: PAYMENT_MS / 1_000,
        onShortage,
      },
      contextOf('W1 A2 B1', { backorderRoom: room }),
    );
    expect(placing.placing === 'placed' ? unitsOfOrder(placing.order) : JSON.stringify(placing.shortages)).toEqual(
      expected,
    );
  });

  it('is cancelled at once when nothing is left of it', () => {
    const { order, effects } = placed('A1', '', 'cancel');
    expect([order.state, order.payment]).toEqual(['cancelled', 'not-needed']);
    expect(effects).toEqual([]);
    expect(order.history.map(({ why }) => why)).toEqual([
      'No warehouse has 1 of A, and the order does not wait: cancelled.',
      'Nothing was shipped, and nothing will be.',
    ]);
  });

  it('stays placed when all of it waits', () => {
    expect(placed('A1', '', 'backorder').order.state).toBe('placed');
  });

  it('counts lines that are too many to read', () => {
    expect(placed('A1 B1 C1 D1 E1 F1 G1', 'W1 A1 B1 C1 D1 E1 F1 G1').order.history[0]?.why).toBe(
      '1 of A, 1 of B, 1 of C, 1 of D, 1 of E and 2 more SKUs: set aside until it is paid.',
    );
  });
});

it('a confirmed reservation is firm at once, with what it had', () => {
  const { order, effects } = orderOfReservation(
    {
      id: 'r',
      channel: DEFAULT_CHANNEL,
      owner: 'cart',
      state: 'held',
      createdAt: PLACED_AT - 5,
      expiresAt: PLACED_AT + 5,
      lines: [
        {
          sku: skuOf('A'),
          requested: 5,
          holds: [
            { warehouse: warehouseOf('W1'), quantity: 1 },
            { warehouse: warehouseOf('W2'), quantity: 2 },
          ],
        },
        { sku: skuOf('B'), requested: 1, holds: [] },
      ],
    },
    contextOf(''),
  );
  expect(order).toMatchObject({
    id: 'r',
    state: 'firm',
    payment: 'not-needed',
    onShortage: 'cancel',
    placedAt: PLACED_AT,
  });
  expect(unitsOfOrder(order)).toEqual(['A: 3 ordered, 3 open']);
  expect(effects.map(effectInWords)).toEqual(['allocate r.1 W1 A1', 'allocate r.2 W2 A2']);
});
