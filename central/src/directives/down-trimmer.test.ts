import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import type { DownTrim } from '../store/promise-store.ts';
import { DownTrimmer } from './down-trimmer.ts';

const { directivesTrimPeriodMs: PERIOD_MS, directivesTrimPauseMs: PAUSE_MS } = centralLimits;

function trimming(answers: DownTrim[]) {
  const clock = new VirtualClock();
  const state = { looks: 0, trimmed: 0, isFull: false };
  const trimmer = new DownTrimmer({
    store: {
      trimDirectives: async () => {
        state.looks += 1;
        return answers.shift() ?? { trimmed: 0, isMore: false };
      },
    },
    clock,
    onTrimmed: (directives) => {
      state.trimmed += directives;
    },
    attempt: async (write) => {
      if (state.isFull) return false;
      await write();
      return true;
    },
    onFailed: (error) => {
      throw error;
    },
  });
  return { clock, state, trimmer };
}

it('goes on a piece at a time while there is more, then waits for the next look', async () => {
  const { clock, state, trimmer } = trimming([
    { trimmed: 5, isMore: true },
    { trimmed: 2, isMore: false },
  ]);
  await clock.advance(PERIOD_MS);
  expect(state).toMatchObject({ looks: 1, trimmed: 5 });
  await clock.advance(PAUSE_MS);
  expect(state).toMatchObject({ looks: 2, trimmed: 7 });
  await clock.advance(PERIOD_MS - PAUSE_MS - 1);
  expect(state.looks).toBe(2);
  await clock.advance(1);
  expect(state.looks).toBe(3);
  await trimmer.stop();
});

it('leaves a full store alone until the next look, and stops between two pieces', async () => {
  const { clock, state, trimmer } = trimming([{ trimmed: 1, isMore: true }]);
  state.isFull = true;
  await clock.advance(PERIOD_MS);
  expect(state.looks).toBe(0);
  state.isFull = false;
  await clock.advance(PERIOD_MS);
  expect(state.looks).toBe(1);
  await trimmer.stop();
  await clock.advance(PERIOD_MS * 2);
  expect(state.looks).toBe(1);
});
