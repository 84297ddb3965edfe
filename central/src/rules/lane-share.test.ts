import { expect, it } from 'vitest';
import { laneStep } from './lane-share.ts';

const all = [0, 1, 2, 3, 4, 5, 6, 7];

it.each([
  ['takes all when it is alone', { workers: 1, owned: [] }, { give: [], ask: 8 }],
  ['keeps all while it is alone', { workers: 1, owned: all }, { give: [], ask: 0 }],
  ['gives half to a second one', { workers: 2, owned: all }, { give: [4, 5, 6, 7], ask: 0 }],
  ['takes up to its part of what is free', { workers: 3, owned: [1] }, { give: [], ask: 2 }],
  ['takes one where there are more workers than lanes', { workers: 20, owned: [] }, { give: [], ask: 1 }],
])('%s', (_, { workers, owned }, step) => {
  expect(laneStep({ lanes: 8, workers, owned })).toEqual(step);
});
