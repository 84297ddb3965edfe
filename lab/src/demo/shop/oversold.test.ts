import { describe, expect, test } from 'vitest';
import { oversoldNow, oversoldUnits } from './oversold.ts';
import { PromiseAccount } from './promise-account.ts';
import { Shelves } from './shelves.ts';

const site = (granted: number, onAsked: () => void = () => undefined) => ({
  grantedOf: async () => {
    onAsked();
    return granted;
  },
});
const tea = (quantity: number) => [{ sku: 'tea', quantity }];

describe('the independent count', () => {
  test('is zero up to the last unit that any node has granted, and counts from the first one beyond', async () => {
    const account = new PromiseAccount();
    account.promised(tea(5));
    expect(await oversoldUnits(['tea'], { account, sites: [site(3), site(2)] })).toBe(0);
    account.promised(tea(2));
    expect(await oversoldUnits(['tea'], { account, sites: [site(3), site(2)] })).toBe(2);
    account.givenUp(tea(2));
    expect(await oversoldUnits(['tea'], { account, sites: [site(3), site(2)] })).toBe(0);
    expect(account.promisedUnits).toBe(7);
  });

  test('reads promises before grants: what is promised while it reads is no alarm', async () => {
    const account = new PromiseAccount();
    account.promised(tea(1));
    expect(await oversoldUnits(['tea'], { account, sites: [site(1, () => account.promised(tea(1)))] })).toBe(0);
  });

  test('and central are both heard', async () => {
    const account = new PromiseAccount();
    const shop = { oversold: async () => 1 };
    expect(await oversoldNow(['tea'], { account, sites: [site(1)], shop })).toBe(1);
    account.promised(tea(9));
    expect(await oversoldNow(['tea'], { account, sites: [site(1)], shop })).toBe(8);
  });
});

test('from a shelf nobody takes more than lies there', () => {
  const shelves = new Shelves();
  shelves.put('W1', 'tea', 3);
  expect([shelves.take('W1', 'tea', 2), shelves.take('W1', 'tea', 2), shelves.take('W2', 'tea', 1)]).toEqual([2, 1, 0]);
  expect([...shelves.of('W1')]).toEqual([['tea', 0]]);
});
