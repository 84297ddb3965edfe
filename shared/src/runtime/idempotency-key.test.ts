import { expect, test } from 'vitest';
import { fingerprintOf, keyFault } from './idempotency-key.ts';

test('the same words at another door are another request', () => {
  const body = { lines: [{ sku: 'TEA' }] };
  expect(fingerprintOf('counts', body)).toBe(fingerprintOf('counts', { lines: [{ sku: 'TEA' }] }));
  expect(fingerprintOf('counts', body)).not.toBe(fingerprintOf('movements', body));
});

test('a key is printable ASCII of bounded length, quotes and blanks included', () => {
  for (const key of ['k', '"k 1"', '12345']) expect(keyFault(key, 5)).toBeUndefined();
  for (const key of ['', '123456', 'ä', 'a\tb'])
    expect(keyFault(key, 5)).toBe('Idempotency-Key must be 1 to 5 printable ASCII characters');
});
