import { expect, test } from 'vitest';
import { couponLinters } from './coupon-linters.ts';
import { complaintOf } from './linter.ts';

/** Prefix, offer, value and first purchase: what every printed coupon starts with. */
const FIRST_PURCHASE = '012345612345611110123';

test('a coupon may start on the day it expires, not after it', () => {
  const period = (expiration: string, start: string) => `${FIRST_PURCHASE}3${expiration}4${start}`;
  expect(couponLinters.couponcode(period('271231', '271231'))).toBeUndefined();
  expect(couponLinters.couponcode(period('271230', '271231'))?.code).toBe('coupon-expiration-before-start');
});

test('the optional fields come in ascending order only', () => {
  const expiration = '3271231';
  const serial = '50123456';
  expect(couponLinters.couponcode(FIRST_PURCHASE + expiration + serial)).toBeUndefined();
  expect(couponLinters.couponcode(FIRST_PURCHASE + serial + expiration)).toEqual({
    code: 'coupon-excess-data',
    start: FIRST_PURCHASE.length + serial.length,
    length: expiration.length,
  });
});

test('a complaint of a coupon reads as words', () => {
  expect(complaintOf('coupon-missing-gcp-vli')).toBe('coupon missing gcp vli');
});
