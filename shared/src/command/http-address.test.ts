import { expect, test } from 'vitest';
import { httpAddress } from './http-address.ts';

test('an address without a scheme is one of http', () => {
  expect(httpAddress('localhost:7100')).toBe('http://localhost:7100');
  expect(httpAddress('10.0.3.7:7100/')).toBe('http://10.0.3.7:7100');
});

test('a scheme that is named is kept, a slash at the end is not', () => {
  expect(httpAddress('https://node.example/')).toBe('https://node.example');
});
