import { describe, expect, test } from 'vitest';
import type { LoggedMovement } from '../../api/site-api.ts';
import type { Ended, Ending } from './history.ts';
import { findingsInLog, recordedIn, unitsOf } from './judge.ts';

const changes = [
  { sku: 'A', units: -1 },
  { sku: 'B', units: -2 },
];
const sale = (ending: Ending, id = 't/1'): Ended => ({ id, door: 'node', warehouse: 'BER1', changes, ending });
const position = { onHand: 0, reserved: 0, committed: 0, quota: 0, available: 0 };
const moved = (sku: string, quantity: number, document = 't/1', kind = 'sale'): LoggedMovement => {
  return { sequence: 1, kind, sku, quantity, document, position };
};
const whole = [moved('A', -1), moved('B', -2)];
const found = (operation: Ended, log: readonly LoggedMovement[]) => findingsInLog([operation], recordedIn(log));

describe('a log held against the history', () => {
  test('has nothing wrong when it has what was replied, once, and besides what the node does by itself', () => {
    expect(found(sale('ok'), [...whole, moved('A', 5, '', 'grant')])).toEqual([]);
  });

  test('may have what was never answered, whole, or not', () => {
    expect(found(sale('unknown'), whole)).toEqual([]);
    expect(found(sale('unknown'), [])).toEqual([]);
  });

  test.each([
    ['what was replied is missing', sale('ok'), [], 'replied and not in the log'],
    ['it is there twice', sale('ok'), [...whole, ...whole], 'not exactly what was asked'],
    ['a part of it is there', sale('unknown'), [moved('A', -1)], 'not exactly what was asked'],
    ['the quantity is another', sale('ok'), [moved('A', -1), moved('B', -1)], 'not exactly what was asked'],
    ['it was refused', sale('refused'), whole, 'refused and yet in the log'],
    ['nobody asked for it', sale('ok'), [...whole, moved('A', -1, 't/2')], 'in the log and never asked for'],
  ] as const)('is found out when %s', (_what, operation, log, finding) => {
    expect(found(operation, log)).toEqual([expect.stringContaining(finding)]);
  });

  test('is summed up by what it has of what was asked', () => {
    const units = unitsOf([sale('ok'), sale('unknown', 't/2')], recordedIn(whole));
    expect([...units]).toEqual([
      ['A', -1],
      ['B', -2],
    ]);
  });
});
