import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

it('lets one piece of work happen after the other, in the order they were asked for', async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const slow = turns.take(async () => {
    seen.push('slow begins');
    await new Promise((resolve) => setImmediate(resolve));
    seen.push('slow ends');
  });
  const quick = turns.take(() => seen.push('quick'));
  await Promise.all([slow, quick, turns.take(async () => seen.push('last'))]);
  expect(seen).toEqual(['slow begins', 'slow ends', 'quick', 'last']);
});

it('goes on after work that failed, and tells only who asked for it', async () => {
  const turns = new Turns();
  const failed = turns.take(() => Promise.reject(new Error('no room')));
  const next = turns.take(() => 'done');
  await expect(failed).rejects.toThrow('no room');
  expect(await next).toBe('done');
});

it('begins at once when nothing is under way', async () => {
  const turns = new Turns();
  await turns.take(() => undefined);
  let hasBegun = false;
  const turn = turns.take(() => {
    hasBegun = true;
  });
  expect(hasBegun).toBe(true);
  await turn;
});
