import { expect, test } from 'vitest';
import { begunText, databaseOf, StoreIsFile } from './restored.ts';

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

test.each([
  ['sqlite:/srv/central', 'sqlite:/srv/central is a file', 'edgestock central restore --data-dir /srv/central:'],
  ['sqlite', 'a file in its data directory', 'edgestock central restore:'],
])('who names the file %s is told the command for it, in their words', (store, message, hint) => {
  const refused = {
    name: StoreIsFile.name,
    message: expect.stringContaining(message),
    hint: expect.stringContaining(hint),
  };
  expect(() => databaseOf(store)).toThrow(expect.objectContaining(refused));
});
