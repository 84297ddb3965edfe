import { describe, expect, test } from 'vitest';
import { simulate } from './simulate.ts';
import { warehouses } from './world.ts';

/** As many as a busy machine lives in twenty seconds; `npm run simulate` takes as many as there is time for. */
const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
const STEPS = 100;

describe('nodes and central, whatever the line, the broker and the disks do', () => {
  const reached = new Set<string>();

  test.for(seeds)('keep every promise at every moment, and agree in the end: seed %i', async (seed) => {
    const { failure, trace, reached: here } = await simulate({ seed, steps: STEPS });
    expect(failure === undefined ? '' : `${trace.slice(-60).join('\n')}\n${failure}`).toBe('');
    for (const step of here) reached.add(step);
    for (const line of trace) if (line.includes('central was put back')) reached.add('put back');
  });

  // What was not reached was not tested.
  test('reach what there is to be promised, and taken back', () => {
    for (const step of [
      'allocated',
      'shipped',
      'given-back',
      'backordered',
      'grant',
      'reclaim',
      'reserve',
      'uncommit',
      'put back',
    ]) {
      expect(reached).toContain(step);
    }
  });
});

test('the same seed is the same life, to the last line', async () => {
  const [one, two] = [await simulate({ seed: 9, steps: 40 }), await simulate({ seed: 9, steps: 40 })];
  expect(one.trace.length).toBeGreaterThan(20);
  expect(two).toEqual(one);
});

test('a node whose cursor has moved without the effect of its directive is found out', async () => {
  const { failure } = await simulate({
    seed: 10,
    afterStep: ({ nodes }, step) => {
      const directives = nodes[0]?.node.store.documents.directives;
      const cursor = directives?.cursor();
      if (step === 20 && cursor !== undefined) directives?.move({ ...cursor, sequence: cursor.sequence + 1 });
    },
  });
  expect(failure).toContain(`${warehouses[0]}: `);
});
