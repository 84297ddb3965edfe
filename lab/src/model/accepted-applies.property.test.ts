import { faultOfState } from '@edgestock/central/rules/delta-fault';
import { decide } from '@edgestock/edge-node/rules/decide';
import type { Shelf } from '@edgestock/edge-node/rules/shelf';
import type { Decision, SiteState } from '@edgestock/edge-node/rules/site-state';
import { documentsOf } from '@edgestock/edge-node/testing/documents';
import type { Sku } from '@edgestock/shared/inventory/ids';
import { conditions, statedKinds } from '@edgestock/shared/inventory/movement';
import { emptyPosition } from '@edgestock/shared/inventory/position';
import { LINE_QUANTITY_MAX, POSITION_QUANTITY_MAX } from '@edgestock/shared/inventory/quantity';
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';

const sku = 'A' as Sku;
const condition = fc.constantFrom(...conditions);
/** Quantities of a position around where they stop being allowed, and some around zero. */
const nearBound = fc
  .tuple(fc.constantFrom(-1, 0, 1), fc.integer({ min: -4, max: 4 }))
  .map(([side, offset]) => side * (POSITION_QUANTITY_MAX - 4) + offset);
const balances = fc.uniqueArray(
  fc.record({ bin: fc.constant(''), lot: fc.constant(''), condition, quantity: nearBound }),
  {
    selector: (balance) => balance.condition,
    maxLength: 2,
  },
);
const quantity = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: LINE_QUANTITY_MAX }));
const line = fc.record({ sku: fc.constant(sku), quantity, condition }, { requiredKeys: ['sku', 'quantity'] });
const movements = fc
  .record({
    kind: fc.constantFrom(...statedKinds),
    lines: fc.array(line, { minLength: 1, maxLength: 3 }),
    target: condition,
  })
  .map(({ kind, lines, target }) => ({
    type: 'record' as const,
    kind,
    reason: 'found' as const,
    lines: lines.map((one) => (kind === 'move' ? { ...one, toCondition: target } : one)),
  }));
const count = fc
  .record({ counted: fc.nat(LINE_QUANTITY_MAX), condition }, { requiredKeys: ['counted'] })
  .map((counted) => ({ type: 'count' as const, lines: [{ sku, ...counted }] }));

function stateOf(placed: Shelf['balances']): SiteState {
  const sum = (some: Shelf['balances']) => some.reduce((total, one) => total + one.quantity, 0);
  const unsellable = sum(placed.filter((one) => one.condition !== 'sellable'));
  const position = { ...emptyPosition, onHand: sum(placed), unsellable, version: 1, sequence: 1 };
  const shelf: Shelf = { sku, isKnown: true, position, balances: placed, expiries: new Map() };
  return {
    shelves: new Map([[sku, shelf]]),
    headSequence: 1,
    checkpointSequence: 0,
    past: [],
    today: '2026-01-01',
    now: 0,
    expiryTime: 0,
    documents: documentsOf({}),
  };
}

function faultsOf(decision: Decision): readonly (string | undefined)[] {
  if (decision.outcome !== 'record') return [];
  return decision.drafts.map(({ shelf: { position } }) => faultOfState(position.version, position));
}

test.prop([balances, fc.oneof(movements, count)], { numRuns: 2_000 })(
  'central finds no fault with the state of any movement that a node has accepted',
  (placed, command) => {
    expect(faultsOf(decide(stateOf(placed), command)).filter((fault) => fault !== undefined)).toEqual([]);
  },
);

test('up to the bound a node accepts and central applies, and from one unit beyond it neither does', () => {
  const receive = (units: number) => ({ type: 'record', kind: 'receive', lines: [{ sku, quantity: units }] }) as const;
  const shelf = stateOf([{ bin: '', lot: '', condition: 'sellable', quantity: POSITION_QUANTITY_MAX - 1 }]);
  expect(faultsOf(decide(shelf, receive(1)))).toEqual([undefined]);
  expect(decide(shelf, receive(2))).toMatchObject({
    outcome: 'invalid',
    problems: [{ code: 'quantity-out-of-range' }],
  });
  expect(faultOfState(1, { ...emptyPosition, onHand: POSITION_QUANTITY_MAX + 1 })).toContain('onHand');
});
