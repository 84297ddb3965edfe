import { expect, test } from 'vitest';
import { begunText } from './restored.ts';

test('what was begun names each warehouse and how far the database knows it', () => {
  const held = [{ warehouse: 'BER1', appliedUpTo: 1234 }];
  expect(begunText({ centralEpoch: 9, before: 1, held })).toEqual([
    'Epoch 9 begins, after 1. The database knows:',
    '  BER1 up to movement 1,234',
    expect.stringContaining('Start central.'),
  ]);
});

test('a database that knows no warehouse is asked about', () => {
  expect(begunText({ centralEpoch: 9, before: 1, held: [] })).toEqual([
    expect.stringContaining('knows no warehouse: see that it is the one that was put back'),
  ]);
});
