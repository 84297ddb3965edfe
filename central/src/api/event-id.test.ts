import { expect, it } from 'vitest';
import { eventIdOf, parseEventId } from './event-id.ts';

it('reads the ids it writes', () => {
  expect(parseEventId(eventIdOf('c0ffee', 12))).toEqual({ life: 'c0ffee', revision: 12 });
});

it('reads an id from before ids named a life as of none', () => {
  expect(parseEventId('12')).toEqual({ life: '', revision: 12 });
});

it.each(['', '-1', 'c0ffee-', 'c0ffee--1', 'C-1', '1.5', '9999999999999999', 'a-b-1'])('takes %j for no id', (text) => {
  expect(parseEventId(text)).toBeUndefined();
});
