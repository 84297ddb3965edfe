import { describe, expect, test } from 'vitest';
import { History, type Operation } from './history.ts';

const sale: Operation = { id: 't/1', door: 'node', warehouse: 'BER1', changes: [{ sku: 'A', units: -1 }] };

function endingOf(...endings: readonly ('ok' | 'refused' | 'unknown')[]) {
  const history = new History();
  for (const [index, ending] of endings.entries()) {
    history.invoke(sale, index);
    history.end(sale, ending, index);
  }
  return history.ended('node').map(({ ending }) => ending);
}

describe('what is known of an operation that was sent several times', () => {
  test('is that it was done, as soon as one answer said so', () => {
    expect(endingOf('unknown', 'refused', 'ok')).toEqual(['ok']);
    expect(endingOf('ok', 'unknown')).toEqual(['ok']);
  });

  test('is nothing, when an attempt without an answer was refused later', () => {
    expect(endingOf('unknown', 'refused')).toEqual(['unknown']);
  });

  test('is that it was refused, when every attempt was', () => {
    expect(endingOf('refused', 'refused')).toEqual(['refused']);
  });

  test('is nothing, before an answer', () => {
    const history = new History();
    history.invoke(sale, 0);
    expect(history.ended('node', 'BER1')).toEqual([{ ...sale, ending: 'unknown' }]);
    expect(history.ended('node', 'HAM1')).toEqual([]);
    expect(history.ended('central')).toEqual([]);
  });
});
