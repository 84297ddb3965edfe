import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { differencesIn } from '../../testing/differences-in.ts';
import { atOnce, type HammeredAnswer, HammeredDoors, tally } from '../../testing/hammered-doors.ts';
import { sku } from '../../testing/site.ts';

const HANDS = 64;
const ROUNDS = 3;
const lines = [
  { sku: sku('TEA'), quantity: 5 },
  { sku: sku('MUG'), quantity: 2 },
];

/** A node with 10 TEA and 5 MUG, all granted to central, which has allocated 5 and 2 of them to the task O-1.1. */
let doors: HammeredDoors;
beforeEach(async () => {
  doors = await HammeredDoors.open(ROUNDS * HANDS);
  const { site } = doors;
  await doors.receive('TEA', 10);
  await doors.receive('MUG', 5);
  site.granter.setLive(true);
  await site.direct({ kind: 'policy', policy: { class: 'store', sharePercent: 100, safetyStock: 0 } });
  await site.granter.idle();
  site.granter.setLive(false);
  await site.direct({ kind: 'allocate', task: 'O-1.1', order: 'O-1', lines });
});
afterEach(async () => {
  expect(await differencesIn(doors.site)).toEqual([]);
  await doors.close();
});

type Step = 'pick' | 'pack' | 'ship';
const step = (name: Step, body: object = {}) => doors.post(`/v1/tasks/O-1.1/${name}`, body);
const cancelled = () => doors.site.direct({ kind: 'release', task: 'O-1.1', reason: 'the order was cancelled', lines });
const position = (text = 'TEA') => doors.site.position(text);
const yes = (answers: readonly HammeredAnswer[]) => answers.filter(({ status }) => status === 200);
const firsts = (answers: readonly HammeredAnswer[]) => yes(answers).filter(({ isReplayed }) => !isReplayed);
/** What those who got a yes were told, without repetitions. */
const told = (answers: readonly HammeredAnswer[]) => [...new Set(yes(answers).map(({ body }) => JSON.stringify(body)))];
/** What left, line by line, in the order of the log. */
const left = () => doors.log('ship').map((movement) => [movement.sku, movement.quantity]);

describe('64 hands on one task (P9)', () => {
  test('that all ship it: the goods leave once, and all are told the same', async () => {
    const answers = await atOnce(HANDS, () => step('ship', { tracking: 'JD1' }));
    expect(tally(answers)).toEqual({ '200': HANDS });
    expect([told(answers).length, firsts(answers).length]).toEqual([1, 1]);
    expect(left()).toEqual([
      ['MUG', -2],
      ['TEA', -5],
    ]);
    expect([position(), position('MUG')]).toMatchObject([
      { onHand: 5, committed: 0, quota: 5 },
      { onHand: 3, committed: 0, quota: 3 },
    ]);
  });

  test('that each put a label of their own on it: one parcel leaves, and the others are told so', async () => {
    const answers = await atOnce(HANDS, (index) => step('ship', { tracking: `JD${index}` }));
    expect(tally(answers)).toEqual({ '200': 1, '409 task-state': HANDS - 1 });
    // The parcel that left is the one whose sender was told so.
    const tracking = doors.site.ledger.tasks.find('O-1.1')?.tracking;
    expect(yes(answers)).toMatchObject([{ body: { state: 'shipped', tracking } }]);
    expect(tracking).toMatch(/^JD/);
    expect(left()).toHaveLength(2);
  });

  test('that pick it, then pack it, then ship it: each step is done once, and each is told what it came to', async () => {
    for (const name of ['pick', 'pack', 'ship'] as const) {
      const answers = await atOnce(HANDS, () => step(name));
      expect(tally(answers)).toEqual({ '200': HANDS });
      expect([told(answers).length, firsts(answers).length]).toEqual([1, 1]);
    }
    expect(left()).toHaveLength(2);
    expect(position()).toMatchObject({ onHand: 5, committed: 0 });
  });

  test.each<readonly [Step, Step, Step]>([
    ['pick', 'pack', 'ship'],
    ['ship', 'pack', 'pick'],
    ['pack', 'ship', 'pick'],
  ])('that do %s, %s and %s all at once: the goods leave once, and no step has two answers', async (...order) => {
    const answers = await atOnce(ROUNDS * HANDS, (index) => step(order[index % 3] ?? 'ship'));
    for (const [place, name] of order.entries()) {
      const ofStep = answers.filter((_, index) => index % 3 === place);
      expect(Object.keys(tally(ofStep)).filter((code) => !['200', '409 task-state'].includes(code))).toEqual([]);
      expect(told(ofStep).length).toBeLessThanOrEqual(1);
      expect(firsts(ofStep).length).toBe(told(ofStep).length);
      if (name === 'ship') expect(yes(ofStep)).toHaveLength(HANDS);
    }
    // Nothing is picked or packed after it has left.
    expect(doors.site.ledger.tasks.find('O-1.1')?.state).toBe('shipped');
    expect(left()).toHaveLength(2);
    expect([position(), position('MUG')]).toMatchObject([
      { onHand: 5, committed: 0 },
      { onHand: 3, committed: 0 },
    ]);
  });
});

describe('a short pick, raced with the shipment', () => {
  const short = {
    lines: [
      { sku: 'TEA', picked: 3, missing: 'lost' },
      { sku: 'MUG', picked: 2 },
    ],
  };

  test.each<readonly [Step, Step]>([
    ['pick', 'ship'],
    ['ship', 'pick'],
  ])('%s before %s: what was lost does not leave, and what left was not lost', async (...order) => {
    const answers = await atOnce(2 * HANDS, (index) => {
      const name = order[index % 2];
      return name === 'pick' ? step('pick', short) : step('ship');
    });
    const of = (name: Step) => answers.filter((_, index) => order[index % 2] === name);
    expect(tally(of('ship'))).toEqual({ '200': HANDS });
    expect([told(of('ship')).length, firsts(of('ship')).length]).toEqual([1, 1]);
    const isShort = yes(of('pick')).length > 0;
    // Whoever is told that the pick was recorded is told the same; after the parcel has left, nobody is.
    expect(tally(of('pick'))).toEqual(isShort ? { '200': HANDS } : { '409 task-state': HANDS });
    expect(firsts(of('pick'))).toHaveLength(isShort ? 1 : 0);
    expect(doors.log('adjust').map(({ quantity }) => quantity)).toEqual(isShort ? [-2] : []);
    expect(doors.log('uncommit').map(({ quantity }) => quantity)).toEqual(isShort ? [2] : []);
    expect(left()).toEqual([
      ['MUG', -2],
      ['TEA', isShort ? -3 : -5],
    ]);
    expect(position()).toMatchObject({ onHand: 5, committed: 0 });
    // The one who comes first over a socket is heard first.
    expect(isShort).toBe(order[0] === 'pick');
  });

  test('with other counts from every picker: one is believed', async () => {
    const answers = await atOnce(HANDS, (index) =>
      step('pick', {
        ...short,
        lines: [{ ...short.lines[0], picked: index % 5 }, short.lines[1]],
        actor: `picker ${index}`,
      }),
    );
    expect(tally(answers)).toEqual({ '200': 1, '409 task-state': HANDS - 1 });
    expect(doors.log('adjust')).toHaveLength(1);
    expect(doors.log('uncommit')).toHaveLength(1);
  });
});

describe('a cancellation that is heard while 64 hands ship the parcel', () => {
  test.each(['at the same moment', 'once the first is answered'])('%s: the goods leave once, or stay', async (when) => {
    const ships = (count: number) => atOnce(count, () => step('ship'));
    const some = ships(HANDS / 2);
    if (when === 'once the first is answered') await step('ship');
    const [early, , late] = await Promise.all([some, cancelled(), ships(HANDS / 2)]);
    const answers = [...early, ...late];
    const hasLeft = left().length > 0;
    expect(tally(answers)).toEqual(hasLeft ? { '200': HANDS } : { '409 task-state': HANDS });
    expect(told(answers)).toHaveLength(hasLeft ? 1 : 0);
    expect(left()).toHaveLength(hasLeft ? 2 : 0);
    expect(position()).toMatchObject({ onHand: hasLeft ? 5 : 10, committed: 0 });
    // What somebody was told has left is not given up.
    if (when === 'once the first is answered') expect(hasLeft).toBe(true);
  });

  test('and that was packed before: it has left, once, and stays told of (P4)', async () => {
    await step('pick');
    await step('pack');
    const [, answers] = await Promise.all([cancelled(), atOnce(HANDS, () => step('ship'))]);
    expect(tally(answers)).toEqual({ '200': HANDS });
    expect([told(answers).length, firsts(answers).length, left().length]).toEqual([1, 1, 2]);
    expect([position(), position('MUG')]).toMatchObject([
      { onHand: 5, committed: 0 },
      { onHand: 3, committed: 0 },
    ]);
  });
});
