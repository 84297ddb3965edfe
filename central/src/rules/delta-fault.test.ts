import { availableOf, emptyPosition } from '@edgestock/shared/inventory/position';
import { expect, it } from 'vitest';
import { faultOfState } from './delta-fault.ts';

it.each(['onHand', 'unsellable'] as const)('%s below zero is a fact that a node recorded, not a fault', (name) => {
  expect(faultOfState(1, { ...emptyPosition, [name]: -4 })).toBeUndefined();
});

it.each(['reserved', 'committed', 'quota', 'safetyStock'] as const)(
  '%s below zero is a fault: nobody can set aside less than nothing',
  (name) => {
    expect(faultOfState(1, { ...emptyPosition, [name]: -4 })).toBe(`${name} is -4`);
  },
);

it('units sold as damaged that were never recorded as damaged make nothing else sellable', () => {
  expect(availableOf({ ...emptyPosition, onHand: 6, unsellable: -4 })).toBe(6);
});
