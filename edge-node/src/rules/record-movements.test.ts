import { parseSku } from '@edgestock/shared/inventory/ids';
import { emptyPosition } from '@edgestock/shared/inventory/position';
import { POSITION_QUANTITY_MAX } from '@edgestock/shared/inventory/quantity';
import { must } from '@edgestock/shared/runtime/assert';
import { describe, expect, it } from 'vitest';
import { documentsOf } from '../testing/documents.ts';
import type { MovementLine, RecordMovements } from './movement-command.ts';
import { recordMovements } from './record-movements.ts';
import type { PlacedQuantity, Shelf } from './shelf.ts';
import type { SiteState } from './site-state.ts';

const sku = must(parseSku('A'), 'a SKU');
const placed = (quantity: number, place: Partial<PlacedQuantity> = {}): PlacedQuantity => ({
  bin: '',
  lot: '',
  condition: 'sellable',
  ...place,
  quantity,
});

function shelfOf(balances: readonly PlacedQuantity[], expiries: Record<string, string> = {}): Shelf {
  const sum = (some: readonly PlacedQuantity[]) => some.reduce((total, { quantity }) => total + quantity, 0);
  return {
    sku,
    isKnown: true,
    position: {
      ...emptyPosition,
      onHand: sum(balances),
      unsellable: sum(balances.filter(({ condition }) => condition !== 'sellable')),
      version: 5,
      sequence: 50,
    },
    balances,
    expiries: new Map(Object.entries(expiries)),
  };
}

function decide(
  shelf: Shelf,
  kind: RecordMovements['kind'],
  line: Partial<MovementLine>,
  rest: Partial<RecordMovements> = {},
) {
  const state: SiteState = {
    shelves: new Map([[sku, shelf]]),
    headSequence: 99,
    checkpointSequence: 0,
    past: [],
    today: '2026-06-15',
    now: Date.UTC(2026, 5, 15),
    expiryTime: 0,
    documents: documentsOf({}),
  };
  return recordMovements(state, { type: 'record', kind, lines: [{ sku, quantity: 1, ...line }], ...rest });
}

function drafts(decision: ReturnType<typeof recordMovements>) {
  if (decision.outcome !== 'record') throw new Error(JSON.stringify(decision));
  return decision.drafts;
}

const quantities = (decision: ReturnType<typeof recordMovements>) =>
  drafts(decision).map(({ quantity, details }) => [quantity, details.bin ?? '', details.lot ?? '']);

describe('where units leave from', () => {
  it('is the one place that has them', () => {
    expect(quantities(decide(shelfOf([placed(9, { bin: 'B1' })]), 'sale', { quantity: 2 }))).toEqual([[-2, 'B1', '']]);
  });

  it('is the lot that expires first; a lot without a date comes last', () => {
    const shelf = shelfOf([placed(2, { lot: 'NONE' }), placed(2, { lot: 'LATE' }), placed(2, { lot: 'SOON' })], {
      LATE: '2027-01-01',
      SOON: '2026-07-01',
    });
    expect(quantities(decide(shelf, 'sale', { quantity: 5 }))).toEqual([
      [-2, '', 'SOON'],
      [-2, '', 'LATE'],
      [-1, '', 'NONE'],
    ]);
  });

  it('is what the caller said, even where the books have none', () => {
    expect(quantities(decide(shelfOf([placed(9, { bin: 'B1' })]), 'sale', { quantity: 2, bin: 'B2' }))).toEqual([
      [-2, 'B2', ''],
    ]);
  });

  it('is never the damaged ones unless the caller says so', () => {
    const shelf = shelfOf([placed(3, { condition: 'damaged' })]);
    expect(drafts(decide(shelf, 'sale', {}))[0]?.shelf.position).toMatchObject({ onHand: 2, unsellable: 3 });
    expect(drafts(decide(shelf, 'scrap', { condition: 'damaged' }))[0]?.shelf.position).toMatchObject({
      onHand: 2,
      unsellable: 2,
    });
  });

  it('takes what no place covers from the default one, in one movement with what it had', () => {
    expect(quantities(decide(shelfOf([placed(1), placed(1, { bin: 'B1' })]), 'sale', { quantity: 5 }))).toEqual([
      [-4, '', ''],
      [-1, 'B1', ''],
    ]);
  });
});

describe('a move', () => {
  it('changes places and conditions, never on hand', () => {
    const [draft] = drafts(
      decide(shelfOf([placed(5, { bin: 'B1' })]), 'move', { quantity: 2, bin: 'B1', toBin: 'B2', toCondition: 'hold' }),
    );
    expect(draft?.shelf.position).toMatchObject({ onHand: 5, unsellable: 2 });
    expect(draft?.shelf.balances).toEqual([placed(3, { bin: 'B1' }), placed(2, { bin: 'B2', condition: 'hold' })]);
  });

  it('from a bin that the books say is short is recorded as an exception: somebody carried those units', () => {
    const decision = decide(shelfOf([placed(5, { bin: 'B1' })]), 'move', { quantity: 7, bin: 'B1', toBin: 'B2' });
    expect(decision).toMatchObject({ exceptions: [{ kind: 'negative-balance', deficit: 2 }] });
  });
});

describe('serials', () => {
  it('go with the units they belong to when a line is taken from several places', () => {
    const shelf = shelfOf([placed(1, { bin: 'B1' }), placed(1, { bin: 'B2' })]);
    expect(
      drafts(decide(shelf, 'sale', { quantity: 2, serials: ['s1', 's2'] })).map(({ details }) => details.serials),
    ).toEqual([['s1'], ['s2']]);
  });
});

describe('a command that cannot be meant', () => {
  it.each([
    ['no lines at all', 'sale', {}, { lines: [] }, 'no-lines'],
    ['a zero quantity', 'sale', { quantity: 0 }, {}, 'quantity-invalid'],
    ['half a unit (P10)', 'sale', { quantity: 0.5 }, {}, 'quantity-invalid'],
    ['more than a line can move', 'sale', { quantity: 1e15 }, {}, 'quantity-invalid'],
    ['a negative sale', 'sale', { quantity: -1 }, {}, 'quantity-negative'],
    ['an adjustment without a reason', 'adjust', {}, {}, 'reason-required'],
    ['a move to nowhere', 'move', {}, {}, 'target-required'],
    ['a move to where the units are', 'move', { bin: 'B1', toBin: 'B1' }, {}, 'target-same'],
    ['a sale with a target', 'sale', { toBin: 'B1' }, {}, 'target-unexpected'],
    ['fewer serials than units', 'sale', { quantity: 2, serials: ['s1'] }, {}, 'serials-count'],
    ['a serial twice', 'sale', { quantity: 2, serials: ['s1', 's1'] }, {}, 'serials-repeated'],
    ['an expiry that is no date', 'receive', { lot: 'L', expiry: '2026-13-01' }, {}, 'expiry-invalid'],
    ['an expiry without a lot', 'receive', { expiry: '2026-12-01' }, {}, 'expiry-without-lot'],
  ] as const)('%s is refused', (_name, kind, line, rest, code) => {
    expect(decide(shelfOf([]), kind, line, rest)).toMatchObject({ outcome: 'invalid', problems: [{ line: 0, code }] });
  });

  it('names the line that is wrong, and nothing of the others is recorded', () => {
    const lines = [
      { sku, quantity: 1 },
      { sku, quantity: -1 },
      { sku, quantity: 0 },
    ];
    expect(decide(shelfOf([]), 'sale', {}, { lines })).toMatchObject({
      outcome: 'invalid',
      problems: [{ line: 1 }, { line: 2 }],
    });
  });

  it('includes one whose sum is more than a position may hold', () => {
    const shelf = shelfOf([placed(POSITION_QUANTITY_MAX - 5)]);
    expect(decide(shelf, 'receive', { quantity: 6 })).toMatchObject({
      outcome: 'invalid',
      problems: [{ code: 'quantity-out-of-range' }],
    });
    expect(decide(shelf, 'receive', { quantity: 5 }).outcome).toBe('record');
  });

  it('includes one that a position would be below its bound after, also in unsellable units alone', () => {
    expect(decide(shelfOf([placed(5 - POSITION_QUANTITY_MAX)]), 'sale', { quantity: 6 }).outcome).toBe('invalid');
    const damaged = shelfOf([placed(9), placed(5 - POSITION_QUANTITY_MAX, { condition: 'damaged' })]);
    const moved = { quantity: 6, condition: 'damaged', toCondition: 'sellable' } as const;
    expect(decide(damaged, 'move', moved).outcome).toBe('invalid');
    expect(decide(damaged, 'move', { ...moved, quantity: 5 }).outcome).toBe('record');
  });
});

describe('an adjustment', () => {
  it('goes either way, with its reason on record', () => {
    expect(drafts(decide(shelfOf([placed(5)]), 'adjust', { quantity: -2, reason: 'theft' }))[0]).toMatchObject({
      quantity: -2,
      details: { reason: 'theft' },
      shelf: { position: { onHand: 3 } },
    });
    expect(
      drafts(decide(shelfOf([placed(5)]), 'adjust', { quantity: 2 }, { reason: 'found' }))[0]?.shelf.position.onHand,
    ).toBe(7);
  });
});
