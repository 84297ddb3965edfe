import { silentLog } from '@edgestock/shared/runtime/log';
import { seededRandom } from '@edgestock/shared/testing/seeded-random';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { StoreFull } from '../store/store-full.ts';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { StoreWrites } from './store-writes.ts';

const clock = new VirtualClock();
const writesOf = () => new StoreWrites({ clock, random: seededRandom(1), log: silentLog });

it.each([
  ['that is full', () => new StoreFull('no room')],
  ['whose server is away', () => new StoreUnavailable('no server')],
])('waits for a store %s, says why, and goes on when it takes writes again', async (_, failure) => {
  const writes = writesOf();
  const failures = [failure(), failure()];
  const written = writes.hold(async () => {
    const next = failures.shift();
    if (next !== undefined) throw next;
    return 'written';
  }, new AbortController().signal);
  await expect.poll(() => writes.failure).toMatchObject({ reason: failure().message, hint: failure().hint });
  for (let times = 0; times < 2; times += 1) await clock.advance(centralLimits.storeRetryMsMax);
  expect(await written).toBe('written');
  expect(writes.failure).toBeUndefined();
});

it('passes every other failure on', async () => {
  const writes = writesOf();
  const written = writes.hold(() => Promise.reject(new Error('damaged')), new AbortController().signal);
  await expect(written).rejects.toThrow('damaged');
  expect(writes.failure).toBeUndefined();
});
