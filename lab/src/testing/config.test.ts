import { expect, test } from 'vitest';
import { chosenStore, STORE_VARIABLE } from './config.ts';

test('whole systems are tested on SQLite unless PostgreSQL is asked for, and on nothing that is misspelt', () => {
  expect(chosenStore({})).toBe('sqlite');
  expect(chosenStore({ [STORE_VARIABLE]: '' })).toBe('sqlite');
  expect(chosenStore({ [STORE_VARIABLE]: 'postgres' })).toBe('postgres');
  expect(() => chosenStore({ [STORE_VARIABLE]: 'postgresql' })).toThrow(`${STORE_VARIABLE}=postgresql is no store`);
});
