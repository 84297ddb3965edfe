import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { describe, expect, test } from 'vitest';
import { untilEnrolled } from './enrolled.ts';

const never = new AbortController().signal;
const node = (warehouse: string, enrolledAtMs: number, clock: VirtualClock) => ({
  warehouse,
  isEnrolled: () => clock.monotonicMs() >= enrolledAtMs,
});

describe('waiting for enrolment', () => {
  test('ends when the last node is enrolled', async () => {
    const clock = new VirtualClock();
    const begunAt = clock.monotonicMs();
    const nodes = [node('BER1', begunAt, clock), node('HAM1', begunAt + 300, clock)];
    const waited = untilEnrolled(nodes, { withinMs: 5_000, clock, signal: never });
    await clock.advance(320);
    expect(await waited).toEqual([]);
  });

  test('is bounded, and names who is still waiting', async () => {
    const clock = new VirtualClock();
    const begunAt = clock.monotonicMs();
    const nodes = [node('BER1', begunAt, clock), node('HAM1', begunAt + 60_000, clock)];
    const waited = untilEnrolled(nodes, { withinMs: 5_000, clock, signal: never });
    await clock.advance(5_100);
    expect(await waited).toEqual(['HAM1']);
  });
});
