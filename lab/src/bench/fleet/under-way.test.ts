import { expect, it } from 'vitest';
import { UnderWay } from './under-way.ts';

it('takes the time from each commit to the cursor that covers it', () => {
  const underWay = new UnderWay();
  underWay.committed(3, 100);
  underWay.committed(5, 110);
  underWay.committed(9, 120);
  underWay.applied(2, 125);
  expect(underWay.lagsMs).toEqual([]);
  underWay.applied(5, 130);
  expect(underWay.lagsMs).toEqual([30, 20]);
  expect(underWay.count).toBe(1);
  underWay.applied(9, 150);
  expect(underWay.lagsMs).toEqual([30, 20, 30]);
  expect(underWay.count).toBe(0);
});
