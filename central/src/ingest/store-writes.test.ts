import { silentLog } from '@edgestock/shared/runtime/log';
import { seededRandom } from '@edgestock/shared/testing/seeded-random';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { beforeEach, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { StoreFull } from '../store/store-full.ts';
import { StoreRefused } from '../store/store-refused.ts';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { type StoreFailure, StoreWrites } from './store-writes.ts';

let clock: VirtualClock;
let writes: StoreWrites;
let changes: (StoreFailure | undefined)[];
beforeEach(() => {
  clock = new VirtualClock();
  changes = [];
  writes = new StoreWrites({
    ...{ clock, random: seededRandom(1), log: silentLog },
    onChange: (failure) => changes.push(failure),
  });
});

const away = new StoreUnavailable('nobody listens');
const full = new StoreFull('no room');
const refused = new StoreRefused('the password', 'Put it right.');
const failing = (error: Error) => () => Promise.reject(error);
const done = async () => 'done';

it.each([away, full, refused])(
  'holds a call until the store takes it, and tells when it began and ceased to fail: %s',
  async (error) => {
    let isFailing = true;
    const held = writes.hold(() => (isFailing ? failing(error)() : done()), new AbortController().signal);
    await clock.advance(centralLimits.storeRetryMsMax * 3);
    expect(changes).toEqual([{ since: expect.any(Number), reason: error.message, hint: error.hint }]);
    isFailing = false;
    await clock.advance(centralLimits.storeRetryMsMax);
    expect(await held).toBe('done');
    expect(changes.at(-1)).toBeUndefined();
    expect(writes.failure).toBeUndefined();
  },
);

it('lets what waits go when it is stopped, with the reason', async () => {
  const stopping = new AbortController();
  const held = writes.hold(failing(away), stopping.signal);
  const isLetGo = expect(held).rejects.toBe(away);
  await clock.advance(centralLimits.storeRetryMsMax);
  stopping.abort();
  await isLetGo;
});

it('hears from a call that is only watched whether the server is there, and nothing about room', async () => {
  await expect(writes.watch(failing(away))).rejects.toBe(away);
  expect(writes.failure).toMatchObject({ reason: 'nobody listens' });
  expect(await writes.watch(done)).toBe('done');
  expect(writes.failure).toBeUndefined();
  await writes.attempt(failing(full));
  // It may have written nothing.
  await writes.watch(done);
  expect(writes.failure).toMatchObject({ reason: 'no room' });
  expect(changes).toHaveLength(3);
});

it('tells anew when the server is back and refuses whom it let in before, and since when nothing could be written', async () => {
  await writes.attempt(failing(away));
  await clock.advance(5_000);
  await writes.attempt(failing(refused));
  await writes.attempt(failing(refused));
  expect(changes).toEqual([
    { since: expect.any(Number), reason: away.message, hint: away.hint },
    { since: changes[0]?.since, reason: 'the password', hint: 'Put it right.' },
  ]);
});

it('passes on what waiting does not change', async () => {
  const mistake = new Error('a mistake of ours');
  await expect(writes.hold(failing(mistake), new AbortController().signal)).rejects.toBe(mistake);
  await expect(writes.attempt(failing(mistake))).rejects.toBe(mistake);
  expect(changes).toEqual([]);
});
