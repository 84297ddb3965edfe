import { expect, test } from 'vitest';
import { fingerprintOf } from './idempotency.ts';

test('the same words at another door are another request', () => {
  const body = { lines: [{ sku: 'TEA' }] };
  expect(fingerprintOf('counts', body)).toBe(fingerprintOf('counts', { lines: [{ sku: 'TEA' }] }));
  expect(fingerprintOf('counts', body)).not.toBe(fingerprintOf('movements', body));
});
