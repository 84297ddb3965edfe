import { parseSku } from '@edgestock/shared/inventory/ids';
import { emptyPosition } from '@edgestock/shared/inventory/position';
import { must } from '@edgestock/shared/runtime/assert';
import { describe, expect, it } from 'vitest';
import { documentsOf } from '../testing/documents.ts';
import { takeStep } from './take-step.ts';
import { openUnits, type Task, type TaskLine, type TaskState, type TaskStep, taskStates, taskSteps } from './task.ts';
import type { ShipTask } from './task-command.ts';

const sku = must(parseSku('A'), 'a SKU');

function decide(
  step: TaskStep,
  given: { readonly state?: TaskState; readonly done?: string; readonly fingerprint?: string },
) {
  const { state, done } = given;
  const task: Task | undefined = state && {
    ...{ id: 'T', order: 'O', state, madeAt: 0, changedAt: 0 },
    lines: [{ sku, quantity: 2, released: 0, shipped: 0, picks: [] }],
  };
  const shelf = {
    ...{ sku, isKnown: true, expiries: new Map(), position: { ...emptyPosition, onHand: 2, committed: 2, version: 1 } },
    balances: [{ bin: '', lot: '', condition: 'sellable', quantity: 2 }] as const,
  };
  return takeStep(
    {
      ...{
        shelves: new Map([[sku, shelf]]),
        headSequence: 9,
        checkpointSequence: 0,
        past: [],
        today: '2026-06-15',
        now: 5,
        expiryTime: 5,
      },
      documents: documentsOf({ task: () => task, stepDone: () => done }),
    },
    { type: 'task-step', task: 'T', step, fingerprint: given.fingerprint ?? 'f' },
  );
}

describe('a step, in order of precedence', () => {
  it.each(taskSteps)('%s: of no task is unknown, whatever was done', (step) => {
    expect(decide(step, { done: 'f' })).toMatchObject({
      outcome: 'refused',
      refusal: { refusal: 'unknown', document: 'task' },
    });
  });

  it.each(taskSteps)('%s: done by the same request is done, whatever state the task is in now', (step) => {
    for (const state of taskStates) expect(decide(step, { state, done: 'f' })).toEqual({ outcome: 'done-before' });
  });

  it.each(taskSteps)('%s: done by another request is refused, even in a state that would allow it', (step) => {
    for (const state of taskStates) {
      expect(decide(step, { state, done: 'other' })).toMatchObject({
        outcome: 'refused',
        refusal: { refusal: 'wrong-state', state, why: expect.stringContaining('before') },
      });
    }
  });
});

/** Complete, so that a new state or step does not compile without a decision. */
const allowed: Readonly<Record<TaskState, Readonly<Record<TaskStep, TaskState | 'refused'>>>> = {
  open: { pick: 'picked', pack: 'refused', ship: 'shipped' },
  picked: { pick: 'refused', pack: 'packed', ship: 'shipped' },
  packed: { pick: 'refused', pack: 'refused', ship: 'shipped' },
  shipped: { pick: 'refused', pack: 'refused', ship: 'refused' },
  released: { pick: 'refused', pack: 'refused', ship: 'refused' },
};

describe.each(taskStates)('of a task that is %s', (state) => {
  it.each(taskSteps)('%s does what the table says', (step) => {
    const decision = decide(step, { state });
    const after = decision.outcome === 'record' ? decision.writes[0] : undefined;
    if (allowed[state][step] === 'refused')
      expect(decision).toMatchObject({ refusal: { refusal: 'wrong-state', state } });
    else expect(after).toMatchObject({ document: 'task', task: { state: allowed[state][step], changedAt: 5 } });
  });
});

describe('shipping a task that was given up', () => {
  const picked: TaskLine = {
    ...{ sku, quantity: 5, released: 5, shipped: 0 },
    picks: [
      { quantity: 2, bin: 'B1', lot: 'L1' },
      { quantity: 1, bin: 'B2' },
    ],
  };
  /** Of 5 units here so many are promised to others by now. */
  const ship = (line: TaskLine, promised = 0, lines?: ShipTask['lines'], state: TaskState = 'released') => {
    const shelf = {
      ...{ sku, isKnown: true, expiries: new Map() },
      position: {
        ...emptyPosition,
        onHand: 5,
        quota: promised,
        granted: promised,
        committed: openUnits(line),
        version: 1,
      },
      balances: [
        { bin: 'B1', lot: 'L1', condition: 'sellable', quantity: 2 },
        { bin: 'B2', lot: '', condition: 'sellable', quantity: 3 },
      ] as const,
    };
    const task: Task = { ...{ id: 'T', order: 'O', state, madeAt: 0, changedAt: 0 }, lines: [line] };
    const site = {
      ...{ shelves: new Map([[sku, shelf]]), headSequence: 9, checkpointSequence: 0, past: [] },
      ...{ today: '2026-06-15', now: 5, expiryTime: 5, documents: documentsOf({ task: () => task }) },
    };
    const command = { type: 'task-step', task: 'T', step: 'ship', fingerprint: 'f', actor: 'ana' } as const;
    return takeStep(site, lines === undefined ? command : { ...command, lines });
  };

  it('takes what had been picked out of its places, and counts it as given up no longer', () => {
    const details = { document: 'T', actor: 'ana' };
    expect(ship(picked)).toMatchObject({
      drafts: [
        { kind: 'commit', quantity: 3, details: { ...details, reason: 'shipped-after-release' } },
        { kind: 'ship', quantity: -2, details: { ...details, bin: 'B1', lot: 'L1' } },
        {
          ...{ kind: 'ship', quantity: -1, details: { ...details, bin: 'B2' } },
          shelf: { position: { onHand: 2, committed: 0 }, balances: [{ bin: 'B2', quantity: 2 }] },
        },
      ],
      writes: [
        { document: 'task', task: { state: 'shipped', lines: [{ quantity: 5, released: 2, shipped: 3 }] } },
        { document: 'task-step', step: 'ship' },
      ],
    });
  });

  it.each([
    ['nobody else', 2, []],
    ['somebody else by now', 4, [['negative-available', 2]]],
  ])('tells a person, and of units promised to %s as usual', (_whom, promised, shortages) => {
    const decision = ship(picked, promised);
    const opened = decision.outcome === 'record' ? decision.exceptions : [];
    expect(opened.map(({ kind, deficit }) => [kind, deficit])).toEqual([...shortages, ['shipped-after-release', 3]]);
    // The last movement of the SKU, which names the task.
    expect(opened.at(-1)?.sequence).toBe(12);
  });

  it('is refused when none of it had been picked, and says what to do', () => {
    expect(ship({ ...picked, picks: [] })).toMatchObject({
      refusal: { refusal: 'wrong-state', state: 'released', why: expect.stringContaining('lines') },
    });
  });

  it('may be said to be of what nobody had picked', () => {
    expect(ship({ ...picked, picks: [] }, 0, [{ sku, shipped: 2, bin: 'B2' }])).toMatchObject({
      drafts: [
        { kind: 'commit', quantity: 2 },
        { kind: 'ship', quantity: -2, details: { bin: 'B2' } },
      ],
      writes: [{ task: { state: 'shipped', lines: [{ released: 3, shipped: 2 }] } }, {}],
    });
  });

  describe('in part, once it was packed', () => {
    /** Three are picked, and one of them was taken back. */
    const packed: TaskLine = { ...picked, released: 3 };
    const shipSaid = (...said: NonNullable<ShipTask['lines']>) => ship(packed, 0, said, 'packed');

    it('leaves without the units given up unless somebody says otherwise', () => {
      expect(ship(packed, 0, undefined, 'packed')).toMatchObject({
        drafts: [{ kind: 'ship', quantity: -2, details: { bin: 'B1', lot: 'L1' } }],
        exceptions: [],
        writes: [{ task: { state: 'shipped', lines: [{ released: 3, shipped: 2 }] } }, {}],
      });
    });

    it('leaves with them where the packer says so, out of the places where they were picked, and tells a person', () => {
      expect(shipSaid({ sku, shipped: 3 })).toMatchObject({
        drafts: [
          { kind: 'commit', quantity: 1, details: { reason: 'shipped-after-release' } },
          { kind: 'ship', quantity: -2, details: { bin: 'B1', lot: 'L1' } },
          { kind: 'ship', quantity: -1, details: { bin: 'B2' } },
        ],
        exceptions: [{ kind: 'shipped-after-release', sku, deficit: 1, sequence: 12 }],
        writes: [{ task: { state: 'shipped', lines: [{ released: 2, shipped: 3 }] } }, {}],
      });
    });

    it('gives up what did not leave', () => {
      expect(shipSaid({ sku, shipped: 1, bin: 'B2' })).toMatchObject({
        drafts: [
          { kind: 'ship', quantity: -1, details: { bin: 'B2' } },
          {
            kind: 'uncommit',
            quantity: 1,
            details: { document: 'T', reason: 'other' },
            shelf: { position: { committed: 0 } },
          },
        ],
        exceptions: [],
        writes: [{ task: { state: 'shipped', lines: [{ released: 4, shipped: 1 }] } }, {}],
      });
    });

    it.each([
      [
        'more than the task was ever for',
        [
          { sku, shipped: 4 },
          { sku, shipped: 2, bin: 'B1' },
        ],
        'shipped-too-many',
      ],
      ['nothing at all', [{ sku, shipped: 0 }], 'nothing-shipped'],
      [
        'another SKU',
        [
          { sku, shipped: 1 },
          { sku: must(parseSku('B'), 'a SKU'), shipped: 1 },
        ],
        'sku-not-in-task',
      ],
    ])('cannot be said to be of %s', (_what, said, code) => {
      expect(shipSaid(...said)).toMatchObject({ outcome: 'invalid', problems: [{ code }] });
    });
  });
});
