import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { beforeEach, expect, it } from 'vitest';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { TimelyRead } from './timely-read.ts';

const WAIT_MS = 1_000;
let clock: VirtualClock;
let asked: PromiseWithResolvers<string>[];
let read: TimelyRead<string>;
beforeEach(() => {
  clock = new VirtualClock();
  asked = [];
  const ask = () => {
    const question = Promise.withResolvers<string>();
    asked.push(question);
    return question.promise;
  };
  read = new TimelyRead(ask, { clock, waitMsMax: WAIT_MS });
});

it('gives what the store answers in time', async () => {
  const answer = read.ask();
  asked[0]?.resolve('here');
  expect(await answer).toEqual({ told: 'here' });
});

it('says after that time that nothing came, and since when, and asks nothing more while one is late', async () => {
  const askedAt = clock.now();
  const [first] = await Promise.all([read.ask(), clock.advance(WAIT_MS)]);
  expect(first).toEqual({
    silence: {
      since: askedAt,
      failure: expect.objectContaining({
        ...{ message: 'no answer within 1 s', reason: 'store-away', hint: expect.stringContaining('the line to it') },
      }),
    },
  });
  const [second] = await Promise.all([read.ask(), clock.advance(WAIT_MS)]);
  expect(second.silence?.since).toBe(askedAt);
  expect(asked).toHaveLength(1);
});

it('gives what comes late to whoever asks then, asks anew afterwards, and counts the next silence from its own beginning', async () => {
  await Promise.all([read.ask(), clock.advance(WAIT_MS)]);
  const waiting = read.ask();
  asked[0]?.resolve('late');
  expect(await waiting).toEqual({ told: 'late' });
  const nextAt = clock.now();
  const [next] = await Promise.all([read.ask(), clock.advance(WAIT_MS)]);
  expect(asked).toHaveLength(2);
  expect(next.silence?.since).toBe(nextAt);
});

it('says what the store says that it cannot be read for, from the first time on, and passes on what is a mistake', async () => {
  const askedAt = clock.now();
  const away = new StoreUnavailable('nobody listens');
  for (const place of [0, 1]) {
    const answer = read.ask();
    asked[place]?.reject(away);
    expect(await answer).toEqual({ silence: { since: askedAt, failure: away } });
    await clock.advance(5_000);
  }
  const mistake = read.ask();
  asked[2]?.reject(new Error('a mistake of ours'));
  await expect(mistake).rejects.toThrow('a mistake of ours');
});
