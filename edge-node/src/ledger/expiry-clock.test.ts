import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { beforeEach, expect, test } from 'vitest';
import { ExpiryClock } from './expiry-clock.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let clock: VirtualClock;
let expiry: ExpiryClock;
let startedAt: number;
beforeEach(() => {
  clock = new VirtualClock();
  expiry = new ExpiryClock(clock);
  startedAt = clock.now();
});

test('is the wall clock while that goes its way, however seldom it is looked at', async () => {
  await clock.advance(3 * HOUR_MS);
  expect(expiry.now()).toBe(clock.now());
  expect(expiry.wallAheadMs()).toBe(0);
});

test('follows a small correction at once', () => {
  clock.stepWall(-800);
  expect(expiry.now()).toBe(clock.now());
});

test('does not move when the wall clock is set, in either direction, and says how far it is off', () => {
  clock.stepWall(HOUR_MS);
  expect([expiry.now(), expiry.wallAheadMs()]).toEqual([startedAt, HOUR_MS]);
  clock.stepWall(-3 * HOUR_MS);
  expect([expiry.now(), expiry.wallAheadMs()]).toEqual([startedAt, -2 * HOUR_MS]);
});

test.each([
  ['forward', 24, 1.25],
  ['back', 40, 0.75],
])('after a jump %s, half an hour of it lasts %d minutes', async (direction, minutes, pace) => {
  clock.stepWall(direction === 'forward' ? 10 * HOUR_MS : -10 * HOUR_MS);
  expiry.now();
  await clock.advance(minutes * MINUTE_MS);
  expect(expiry.now()).toBe(startedAt + minutes * pace * MINUTE_MS);
});

test.each([HOUR_MS, -HOUR_MS])('meets a wall clock that jumped by %d ms within four times as long', async (jumpMs) => {
  clock.stepWall(jumpMs);
  for (let minute = 0; minute < 4 * 60; minute += 1) {
    expect(expiry.wallAheadMs()).not.toBe(0);
    await clock.advance(MINUTE_MS);
  }
  expect(expiry.wallAheadMs()).toBe(0);
  expect(expiry.now()).toBe(clock.now());
});

test('begins at the wall clock, as a start does', () => {
  clock.stepWall(HOUR_MS);
  expect(new ExpiryClock(clock).now()).toBe(clock.now());
});
