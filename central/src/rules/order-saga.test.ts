import { describe, expect, it } from 'vitest';
import { skuOf, warehouseOf } from '../testing/node-log.ts';
import { contextOf, linesOf, PAYMENT_MS, placed, terms } from '../testing/order-fixture.ts';
import { effectInWords, unitsOfOrder } from '../testing/order-in-words.ts';
import type { Order } from './order.ts';
import { decideOrder, type OrderEvent, refusalOf } from './order-saga.ts';

const authorised: OrderEvent = { event: 'pay', result: 'authorised', reference: 'P-1' };
const failed: OrderEvent = { event: 'pay', result: 'failed' };
const cancel: OrderEvent = { event: 'cancel', reason: 'changed her mind' };
const offer: OrderEvent = { event: 'offer' };
const wake: OrderEvent = { event: 'wake' };
const ship = (lines: string, task = 'o.1'): OrderEvent => ({ event: 'ship', task, lines: linesOf(lines) });
const giveUp = (lines: string, task = 'o.1'): OrderEvent => ({ event: 'give-up', task, lines: linesOf(lines) });
const deficit = (units: number, sku = 'A'): OrderEvent => ({
  event: 'deficit',
  warehouse: warehouseOf('W1'),
  sku: skuOf(sku),
  units,
});

/** The order after these events, with nothing on offer. */
const after = (order: Order, ...events: readonly OrderEvent[]): Order =>
  events.reduce((now, event) => decideOrder(now, event, contextOf('')).order, order);

const base = placed('A2 B1', 'W1 A2 B1').order;
const firm = after(base, authorised);
const unsourced = placed('A1', '', 'cancel').order;
const waiting = after(placed('A3 B1', 'W1 A2 B1', 'backorder').order, authorised);

const starts = {
  placed: base,
  firm,
  waiting,
  cancelling: after(firm, ship('A1'), cancel),
  done: after(firm, ship('A2 B1')),
  cancelled: after(base, cancel),
} satisfies Record<string, Order>;

const happenings = {
  authorised: [authorised, 0],
  failed: [failed, 0],
  cancel: [cancel, 0],
  ship: [ship('A1'), 0],
  giveUp: [giveUp('A1'), 0],
  deficit: [deficit(1), 0],
  offer: [offer, 0],
  wake: [wake, 0],
  late: [wake, terms.shipWithinMs],
  tooLate: [wake, terms.serveWithinMs],
} satisfies Record<string, readonly [OrderEvent, number]>;

/** `state | effects`; the same object = nothing changes. */
const table: Record<keyof typeof starts, Record<keyof typeof happenings, string>> = {
  placed: {
    authorised: 'firm | allocate o.1 W1 A2 B1',
    failed: 'cancelled | free W1 A2, free W1 B1',
    cancel: 'cancelled | free W1 A2, free W1 B1',
    ship: 'throws',
    giveUp: 'throws',
    deficit: 'placed | hold W2 A1, free W1 A1',
    offer: '-',
    wake: '-',
    late: 'cancelled | free W1 A2, free W1 B1',
    tooLate: 'cancelled | free W1 A2, free W1 B1',
  },
  firm: {
    authorised: '-',
    failed: '-',
    cancel: 'firm | release o.1 W1 A2 B1',
    ship: 'firm | ',
    giveUp: 'firm | hold W2 A1, allocate o.2 W2 A1',
    deficit: 'firm | release o.1 W1 A1',
    offer: '-',
    wake: '-',
    late: 'firm | release o.1 W1 A2 B1',
    tooLate: 'firm | release o.1 W1 A2 B1',
  },
  waiting: {
    authorised: '-',
    failed: '-',
    cancel: 'firm | release o.1 W1 A2 B1',
    ship: 'firm | ',
    giveUp: 'firm | hold W2 A1, allocate o.2 W2 A1',
    deficit: 'firm | release o.1 W1 A1',
    offer: 'firm | hold W1 A1, allocate o.2 W1 A1',
    wake: '-',
    late: 'firm | release o.1 W1 A2 B1',
    tooLate: 'firm | release o.1 W1 A2 B1',
  },
  cancelling: {
    authorised: '-',
    failed: '-',
    cancel: '-',
    ship: 'firm | ',
    giveUp: 'firm | ',
    deficit: '-',
    offer: '-',
    wake: '-',
    late: '-',
    tooLate: '-',
  },
  done: {
    authorised: '-',
    failed: '-',
    cancel: '-',
    ship: 'done | ',
    giveUp: 'done | ',
    deficit: '-',
    offer: '-',
    wake: '-',
    late: '-',
    tooLate: '-',
  },
  cancelled: {
    authorised: '-',
    failed: '-',
    cancel: '-',
    ship: 'throws',
    giveUp: 'throws',
    deficit: '-',
    offer: '-',
    wake: '-',
    late: '-',
    tooLate: '-',
  },
};

const cells = Object.entries(starts).flatMap(([start, order]) =>
  Object.entries(happenings).map(
    ([happening, [event, afterMs]]) =>
      [start, happening, order, event, afterMs] as [
        keyof typeof starts,
        keyof typeof happenings,
        Order,
        OrderEvent,
        number,
      ],
  ),
);

it.each(cells)('%s, then %s', (start, happening, before, event, afterMs) => {
  const decide = () => decideOrder(before, event, contextOf('W1 A5 B5, W2 A5 B5', { afterMs }));
  if (table[start][happening] === 'throws') {
    expect(decide).toThrow('a task of another order');
    return;
  }
  const { order, effects } = decide();
  const answer = order === before ? '-' : `${order.state} | ${effects.map(effectInWords).join(', ')}`;
  expect(answer).toBe(table[start][happening]);
  // Whatever changes has a step that says why, and nothing is taken out of the history.
  expect(order.history.length > before.history.length).toBe(order !== before);
  expect(order.history.slice(0, before.history.length)).toEqual(before.history);
});

const why = (order: Order, steps = 1) => order.history.slice(-steps).map((step) => step.why);

describe('payment', () => {
  it('counts until the moment it is due, whether or not anybody woke the order', () => {
    expect(decideOrder(base, authorised, contextOf('', { afterMs: 999 })).order.state).toBe('firm');
    const { order, effects } = decideOrder(base, authorised, contextOf('', { afterMs: 1_000 }));
    expect([order.state, order.payment]).toEqual(['cancelled', 'timed-out']);
    expect(effects.map(effectInWords)).toEqual(['free W1 A2', 'free W1 B1']);
    expect(refusalOf(order, authorised)).toBe('payment did not arrive in time');
  });

  it.each<[string, Order, OrderEvent, string | undefined]>([
    ['again', firm, authorised, undefined],
    ['failed after all', firm, failed, 'it is paid already'],
    ['after it failed', after(base, failed), authorised, 'its payment has failed before'],
    ['failed again', after(base, failed), failed, undefined],
    ['after the order was cancelled', after(base, cancel), authorised, 'it was cancelled before it was paid'],
    ['failed after the order was cancelled', after(base, cancel), failed, undefined],
    ['of an order that was cancelled later', after(firm, cancel), authorised, undefined],
    [
      'of an order that no warehouse could serve',
      unsourced,
      authorised,
      'no warehouse had any of it when it was placed',
    ],
    ['failed of such an order', unsourced, failed, undefined],
    ['of an order that needs none', { ...firm, payment: 'not-needed' }, authorised, 'it needs no payment'],
  ])('%s', (_, order, event, refusal) => {
    expect(refusalOf(order, event)).toBe(refusal);
    expect(after(order, event)).toBe(order);
  });

  it('leaves what waits to the next units, since older orders wait too', () => {
    const order = placed('A3', 'W1 A2', 'backorder').order;
    const { effects } = decideOrder(order, authorised, contextOf('W1 A9'));
    expect(effects.map(effectInWords)).toEqual(['allocate o.1 W1 A2']);
    expect(unitsOfOrder(decideOrder(order, offer, contextOf('W1 A9')).order)).toEqual([
      'A: 3 ordered, 1 backordered, 2 held',
    ]);
  });
});

describe('cancellation', () => {
  it('takes back what is not shipped, and what was shipped stays shipped', () => {
    const asked = after(firm, ship('A1'), cancel);
    expect(asked).toMatchObject({ state: 'firm', isCancelling: true });
    expect(why(asked, 2)).toEqual([
      'Cancelled: changed her mind.',
      'W1 is asked not to ship 1 of A and 1 of B: the order was cancelled.',
    ]);
    // A parcel crossed the directive.
    const ended = after(asked, ship('B1'), giveUp('A1'));
    expect(ended.state).toBe('done');
    expect(unitsOfOrder(ended)).toEqual(['A: 2 ordered, 1 cancelled, 1 shipped', 'B: 1 ordered, 1 shipped']);
    expect(refusalOf(ended, cancel)).toBeUndefined();
  });

  it('ends as cancelled when nothing was shipped', () => {
    const ended = after(firm, cancel, giveUp('A2 B1'));
    expect(ended).toMatchObject({ state: 'cancelled', history: expect.anything() });
    expect('wakeAt' in ended).toBe(false);
  });

  it('comes too late once all was shipped', () => {
    expect(refusalOf(starts.done, cancel)).toBe('all of it has been shipped or given up');
  });
});

describe('units that a warehouse does not have after all', () => {
  it('come from others, but not from the same one, which may still offer them by mistake', () => {
    const { order, effects } = decideOrder(firm, giveUp('A2 B1'), contextOf('W1 A5 B5, W2 A1, W3 A1 B1'));
    expect(effects.map(effectInWords)).toEqual([
      'hold W2 A1',
      'hold W3 A1',
      'hold W3 B1',
      'allocate o.2 W2 A1',
      'allocate o.3 W3 A1 B1',
    ]);
    expect(why(order, 3)).toEqual([
      'W1 cannot ship 2 of A and 1 of B after all.',
      'W2 is to ship 1 of A.',
      'W3 is to ship 1 of A and 1 of B.',
    ]);
  });

  it('may use what the channel keeps for such a case; what waits may not', () => {
    const context = contextOf('W2 A2', { buffer: 1 });
    expect(decideOrder(firm, giveUp('A2'), context).effects.map(effectInWords)).toContain('hold W2 A2');
    const two = after(waiting, giveUp('A1'));
    expect(decideOrder(two, offer, context).effects.map(effectInWords)).toContain('hold W2 A1');
  });

  it('are cancelled where the order does not wait', () => {
    const order = after(firm, giveUp('A1'));
    expect(unitsOfOrder(order)).toEqual(['A: 2 ordered, 1 cancelled, 1 open', 'B: 1 ordered, 1 open']);
    expect(why(order)).toEqual(['No warehouse has 1 of A, and the order does not wait: cancelled.']);
  });

  it('wait where the order waits, as far as there is room', () => {
    const { order } = decideOrder(waiting, giveUp('A2'), contextOf('', { backorderRoom: 1 }));
    expect(unitsOfOrder(order)).toEqual(['A: 3 ordered, 1 cancelled, 2 backordered', 'B: 1 ordered, 1 open']);
    expect(why(order, 2)).toEqual([
      'No warehouse has 1 of A: they wait for new units.',
      'No warehouse has 1 of A, and too many wait already: cancelled.',
    ]);
  });

  it('count as given back first where they were asked back', () => {
    const { order } = decideOrder(after(firm, deficit(1)), giveUp('A2'), contextOf(''));
    expect(why(order, 3).slice(0, 2)).toEqual(['W1 gave back 1 of A.', 'W1 cannot ship 1 of A after all.']);
    expect(order.allocations[0]?.lines[0]).toMatchObject({ givenUp: 2, releasing: 0 });
  });

  it('are seen where the node speaks of more than it was given', () => {
    const order = after(firm, ship('A3'), giveUp('B2'));
    expect(order.allocations[0]?.lines).toMatchObject([{ shipped: 2 }, { givenUp: 1 }]);
    expect(order.history.filter(({ step }) => step === 'mismatch').map((step) => step.why)).toEqual([
      'W1 shipped 1 of A more than it was asked to ship: please look into it.',
      'W1 gave up 1 of B more than it was asked to ship: please look into it.',
    ]);
  });
});

describe('a parcel that left although its order had been cancelled', () => {
  it('is a mismatch in the history of an order that stays as it is', () => {
    const over = after(firm, cancel, giveUp('A2 B1'));
    const { order, effects } = decideOrder(over, ship('A2 B1'), contextOf('W1 A9 B9'));
    expect([over.state, order.state, effects]).toEqual(['cancelled', 'cancelled', []]);
    expect(order.history.at(-1)).toMatchObject({
      step: 'mismatch',
      why: 'W1 shipped 2 of A and 1 of B although it had given them up: please look into it.',
    });
    expect(order.lines).toEqual(over.lines);
    expect(order.allocations).toEqual(over.allocations);
    expect(order.wakeAt).toBeUndefined();
  });
});

describe('a deficit', () => {
  it('moves what is held, as far as others have it, and says once what stays', () => {
    const { order, effects } = decideOrder(base, deficit(2), contextOf('W1 A9, W2 A1'));
    expect(effects.map(effectInWords)).toEqual(['hold W2 A1', 'free W1 A1']);
    expect(why(order, 2)).toEqual([
      'W1 does not have 1 of A any more: another warehouse keeps them now.',
      'W1 misses some of A, and no other warehouse has them.',
    ]);
    expect(after(order, deficit(1))).toBe(order);
  });

  it('asks the newest task back first, and nothing twice', () => {
    const two = decideOrder(waiting, offer, contextOf('W1 A1')).order;
    const { order, effects } = decideOrder(two, deficit(2), contextOf(''));
    expect(effects.map(effectInWords)).toEqual(['release o.2 W1 A1', 'release o.1 W1 A1']);
    expect(decideOrder(order, deficit(9), contextOf('')).effects.map(effectInWords)).toEqual(['release o.1 W1 A1']);
  });

  it('of another SKU or warehouse is none of its business', () => {
    expect(after(firm, deficit(1, 'C'))).toBe(firm);
  });
});

describe('deadlines', () => {
  it('ask late units back only where somebody else has them, and look again later', () => {
    const afterMs = terms.shipWithinMs;
    const { order, effects } = decideOrder(firm, wake, contextOf('W1 A9, W2 A1', { afterMs }));
    expect(effects.map(effectInWords)).toEqual(['release o.1 W1 A1']);
    expect(why(order)).toEqual(['W1 is late with 1 of A and 1 of B, and no other warehouse has them.']);
    expect(order.wakeAt).toBe(firm.placedAt + 2 * terms.shipWithinMs);
    const again = decideOrder(order, wake, contextOf('W2 B1', { afterMs: 2 * afterMs }));
    expect(again.effects.map(effectInWords)).toEqual(['release o.1 W1 B1']);
  });

  it('do not ask back what came in the same moment', () => {
    const { effects } = decideOrder(firm, ship('A2 B1'), contextOf('W2 A9 B9', { afterMs: terms.shipWithinMs }));
    expect(effects).toEqual([]);
  });

  it('end what nobody could serve', () => {
    const order = after(waiting, ship('A2 B1'));
    expect(order).toMatchObject({ state: 'firm', wakeAt: order.placedAt + terms.serveWithinMs });
    const ended = decideOrder(order, wake, contextOf('', { afterMs: terms.serveWithinMs })).order;
    expect(unitsOfOrder(ended)).toEqual(['A: 3 ordered, 1 cancelled, 2 shipped', 'B: 1 ordered, 1 shipped']);
    expect(ended.state).toBe('done');
  });
});

describe('a central that was restored', () => {
  const settled: OrderEvent = { event: 'settled' };
  const lapse = (units: number): OrderEvent => ({
    event: 'lapse',
    warehouse: warehouseOf('W1'),
    sku: skuOf('A'),
    units,
  });

  it('makes firm only what is held where it knows its promises, and the rest when it does', () => {
    const split = placed('A3', 'W1 A2, W2 A1').order;
    const paid = decideOrder(split, authorised, contextOf('', { unsettled: ['W1'] }));
    expect(paid.effects.map(effectInWords)).toEqual(['allocate o.1 W2 A1']);
    expect(unitsOfOrder(paid.order)).toEqual(['A: 3 ordered, 2 held, 1 open']);
    // It does not wait for ever.
    expect(paid.order.wakeAt).toBeDefined();
    const still = decideOrder(paid.order, settled, contextOf('', { unsettled: ['W1'] }));
    expect(still.effects).toEqual([]);
    const done = decideOrder(paid.order, settled, contextOf(''));
    expect(done.effects.map(effectInWords)).toEqual(['allocate o.2 W1 A2']);
    expect(decideOrder(base, settled, contextOf('')).order).toBe(base);
  });

  it('has what lapses served from elsewhere, else as the order wants it', () => {
    const moved = decideOrder(base, lapse(1), contextOf('W1 A5, W2 A1'));
    expect(moved.effects.map(effectInWords)).toEqual(['free W1 A1', 'hold W2 A1']);
    const gone = decideOrder(base, lapse(2), contextOf(''));
    expect(unitsOfOrder(gone.order)).toEqual(['A: 2 ordered, 2 cancelled', 'B: 1 ordered, 1 held']);
    const backorder = placed('A2', 'W1 A2', 'backorder').order;
    expect(unitsOfOrder(decideOrder(backorder, lapse(1), contextOf('')).order)).toEqual([
      'A: 2 ordered, 1 backordered, 1 held',
    ]);
  });

  it('has nothing lapse of an order whose time is over: it gives up all it held', () => {
    const over = decideOrder(base, lapse(1), contextOf('', { afterMs: PAYMENT_MS }));
    expect(over.effects.map(effectInWords)).toEqual(['free W1 A2', 'free W1 B1']);
    expect(over.order.state).toBe('cancelled');
  });

  it('names a task anew unless the warehouse has that very one', () => {
    const allocated = (
      unknownTasks: Readonly<Record<string, readonly { sku: ReturnType<typeof skuOf>; quantity: number }[]>>,
    ) => decideOrder(base, authorised, contextOf('', { unknownTasks })).order.allocations.map(({ task }) => task);
    expect(allocated({})).toEqual(['o.1']);
    expect(allocated({ 'o.1': linesOf('A2 B1') })).toEqual(['o.1']);
    expect(allocated({ 'o.1': linesOf('A2'), 'o.2': linesOf('A1 B1') })).toEqual(['o.3']);
    const first = decideOrder(base, authorised, contextOf('', { unknownTasks: { 'o.1': linesOf('A9') } })).order;
    const second = decideOrder(first, giveUp('A1', 'o.2'), contextOf('W2 A1'));
    expect(second.effects.map(effectInWords)).toContain('allocate o.3 W2 A1');
  });
});
