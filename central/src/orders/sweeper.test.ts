import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import type { PromiseCommand, PromiseOutcome } from '../rules/promise-command.ts';
import { PromiseUnavailable } from './promise-writer.ts';
import { Sweeper } from './sweeper.ts';

let clock: VirtualClock;
let sweptAt: number[];
let answers: (PromiseOutcome | Error)[];
let sweeper: Sweeper;

const nothing: PromiseOutcome = { outcome: 'swept', expired: 0, woken: 0, isMore: false };

beforeEach(() => {
  clock = new VirtualClock();
  sweptAt = [];
  answers = [];
  sweeper = new Sweeper({ writer: { promise: sweep }, clock });
});
afterEach(() => sweeper.stop());

async function sweep(command: PromiseCommand): Promise<PromiseOutcome> {
  expect(command).toEqual({ command: 'sweep', limit: centralLimits.sweepMax });
  sweptAt.push(clock.monotonicMs());
  const answer = answers.shift() ?? nothing;
  if (answer instanceof Error) throw answer;
  return answer;
}

it('sweeps every second', async () => {
  await clock.advance(3_500);
  expect(sweptAt).toEqual([1_000, 2_000, 3_000]);
});

it('goes on at once while there is more', async () => {
  answers = [{ ...nothing, isMore: true }, { ...nothing, isMore: true }, nothing];
  await clock.advance(1_000);
  expect(sweptAt).toEqual([1_000, 1_000, 1_000]);
});

it('looks right after the nearest end, whoever tells of it', async () => {
  sweeper.noteEnd(clock.now() + 700);
  sweeper.noteEnd(clock.now() + 300);
  sweeper.noteEnd(clock.now() + 5_000);
  answers = [{ ...nothing, nextAt: clock.now() + 450 }];
  await clock.advance(999);
  expect(sweptAt).toEqual([300, 450]);
});

it('does not spin on an end that does not come', async () => {
  answers = Array.from({ length: 10_000 }, () => ({ ...nothing, nextAt: clock.now() }));
  sweeper.noteEnd(clock.now());
  await clock.advance(200);
  expect(sweptAt.length).toBeLessThanOrEqual(200 / centralLimits.sweepPeriodMsMin);
});

it('tries again in the next second when the writer cannot', async () => {
  answers = [new PromiseUnavailable('busy', 'too much')];
  await clock.advance(2_000);
  expect(sweptAt).toEqual([1_000, 2_000]);
});
