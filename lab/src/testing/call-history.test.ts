import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { beforeEach, expect, test } from 'vitest';
import type { AttemptEnd } from '../api/json-request.ts';
import { CallHistory } from './call-history.ts';

const ADDRESS = 'http://shop:1';
const request = { body: { id: 'x' } };
const ok: AttemptEnd = { status: 201, body: {}, isReplayed: false };
const broke: AttemptEnd = { cause: new Error('broke') };
const nameOf = (path: string) => `POST ${ADDRESS}${path}  {"id":"x"}`;

let clock: VirtualClock;
let history: CallHistory;
beforeEach(() => {
  clock = new VirtualClock();
  history = new CallHistory(clock);
});

/** A try that ends a second after it began. */
async function tried(path: string, end: AttemptEnd): Promise<void> {
  const ended = history.begun(`${ADDRESS}${path}`, request);
  await clock.advance(1_000);
  ended(end);
}

test('a try is under way to its address until it ends, and has its times', async () => {
  const from = clock.monotonicMs();
  const ended = history.begun(`${ADDRESS}/a`, request);
  history.begun(`${ADDRESS}0/a`, request);
  const [attempt, ...others] = history.underWay(ADDRESS);
  expect(others).toEqual([]);
  expect(attempt).toMatchObject({ call: nameOf('/a'), invokedAtMs: from, endedAtMs: undefined });
  await clock.advance(1_000);
  ended(ok);
  expect(history.underWay(ADDRESS)).toEqual([]);
  expect(attempt && history.now(attempt)).toMatchObject({ ending: 'ok', invokedAtMs: from, endedAtMs: from + 1_000 });
});

test('tries at the same call are told in their order, each with how it ended', async () => {
  await tried('/a', broke);
  await tried('/other', { status: 409, body: { code: 'insufficient' }, isReplayed: false });
  await tried('/a', { status: 503, body: {}, isReplayed: false });
  await tried('/a', { ...ok, isReplayed: true });
  expect(history.triesAt({ call: nameOf('/a') })).toMatchObject([
    { ending: 'unknown' },
    { ending: 'put-off' },
    { ending: 'ok', isReplayed: true },
  ]);
  expect(history.triesAt({ call: nameOf('/other') })).toMatchObject([{ ending: 'refused', code: 'insufficient' }]);
  expect(history.unfinished()).toEqual([]);
});

test('tells of calls without an answer, with two, and of tries that ran beside each other', async () => {
  await tried('/none', broke);
  await tried('/two', ok);
  await tried('/two', ok);
  const first = history.begun(`${ADDRESS}/beside`, request);
  const second = history.begun(`${ADDRESS}/beside`, request);
  await clock.advance(1_000);
  first(broke);
  second(ok);
  await tried('/well', ok);
  history.begun(`${ADDRESS}/waits`, request);
  expect(history.unfinished()).toEqual([
    `${nameOf('/none')}: unknown`,
    `${nameOf('/two')}: ok, ok`,
    `${nameOf('/beside')}: unknown, ok`,
    `${nameOf('/waits')}: under-way`,
  ]);
});
