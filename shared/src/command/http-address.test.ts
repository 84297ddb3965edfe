import { expect, test } from 'vitest';
import { httpAddress } from './http-address.ts';

const named = { flag: '--node', example: 'http://127.0.0.1:7100' };

test('an address without a scheme is one of http', () => {
  expect(httpAddress('localhost:7100', named)).toBe('http://localhost:7100');
  expect(httpAddress('10.0.3.7:7100/', named)).toBe('http://10.0.3.7:7100');
});

test('a scheme and a path that are named are kept, a slash at the end is not', () => {
  expect(httpAddress('https://node.example/', named)).toBe('https://node.example');
  expect(httpAddress('https://shop.example/nodes/BER1/', named)).toBe('https://shop.example/nodes/BER1');
});

test('what a node prints of itself names it as well', () => {
  expect(httpAddress('http://127.0.0.1:7100/v1/status', named)).toBe('http://127.0.0.1:7100');
  expect(httpAddress('https://shop.example/BER1/v1', named)).toBe('https://shop.example/BER1');
});

test.each([
  '',
  'http://',
  'nats://127.0.0.1:4222',
  'file:///etc/hosts',
  'http://127.0.0.1:99999',
  'http://anna:secret@127.0.0.1:7100',
  'http://127.0.0.1:7100?x=1',
  'two words',
])('what cannot be an address is refused with the flag and an example: %s', (text) => {
  const reading = () => httpAddress(text, named);
  expect(reading).toThrow('is no address of HTTP');
  expect(reading).toThrow(expect.objectContaining({ exitCode: 2, hint: expect.stringContaining('7100') }));
});
