import { parseSku } from '@edgestock/shared/inventory/ids';
import { emptyPosition, type Position } from '@edgestock/shared/inventory/position';
import type { Directive } from '@edgestock/shared/protocol/directive';
import { must } from '@edgestock/shared/runtime/assert';
import { describe, expect, it } from 'vitest';
import { documentsOf } from '../testing/documents.ts';
import { carryOut } from './carry-out.ts';
import type { CarryOut } from './directive-command.ts';
import type { Documents } from './documents.ts';
import type { Shelf } from './shelf.ts';
import type { Task } from './task.ts';

const sku = must(parseSku('A'), 'a SKU');
const hash = Buffer.alloc(32, 7);
const done = { centralEpoch: 3, sequence: 5, hash };
const next = { centralEpoch: 3, sequence: 6, hash };

function decide(
  directive: CarryOut['directive'],
  given: {
    readonly place?: Partial<typeof next>;
    readonly position?: Partial<Position>;
    readonly documents?: Partial<Documents>;
  },
) {
  const { onHand = 0 } = given.position ?? {};
  const shelf: Shelf = {
    ...{ sku, isKnown: true, expiries: new Map() },
    position: { ...emptyPosition, version: 1, sequence: 1, ...given.position },
    balances: onHand === 0 ? [] : [{ bin: '', lot: '', condition: 'sellable', quantity: onHand }],
  };
  const state = {
    ...{
      shelves: new Map([[sku, shelf]]),
      headSequence: 9,
      checkpointSequence: 0,
      past: [],
      today: '2026-06-15',
      now: 1_000,
      expiryTime: 1_000,
    },
    documents: documentsOf({ inbox: () => done, ...given.documents }),
  };
  const place = { ...next, ...given.place };
  return carryOut(state, { type: 'carry-out', place, bytes: Buffer.from('raw'), directive });
}

/** Kind, quantity and what is told of it, of each movement. */
function movementsOf(decision: ReturnType<typeof carryOut>) {
  if (decision.outcome !== 'record') throw new Error(JSON.stringify(decision));
  return decision.drafts.map(({ kind, quantity, details }) => [kind, quantity, details.document]);
}

const allocate: Directive = { kind: 'allocate', task: 'T', order: 'O', lines: [{ sku, quantity: 4 }] };
const task: Task = {
  ...{ id: 'T', order: 'O', state: 'open', madeAt: 0, changedAt: 0 },
  lines: [{ sku, quantity: 4, released: 0, shipped: 1, picks: [] }],
};

describe('a directive, in order of precedence', () => {
  const unreadable = { kind: 'unreadable', why: 'torn' } as const;

  it.each([
    ['is behind the cursor', { sequence: 5 }, unreadable, { outcome: 'done-before' }],
    ['is far behind the cursor', { sequence: 1 }, allocate, { outcome: 'done-before' }],
    ['is ahead of the next one', { sequence: 7 }, unreadable, { outcome: 'invalid' }],
    [
      'is of another life of central, even with a low number',
      { centralEpoch: 4, sequence: 5 },
      allocate,
      { outcome: 'invalid' },
    ],
    ['cannot be read', {}, unreadable, { outcome: 'record', exceptions: [{ kind: 'directive-refused', sequence: 6 }] }],
    ['is carried out', {}, allocate, { outcome: 'record', writes: [{ document: 'task' }, { document: 'inbox' }] }],
  ] as const)('that %s', (_what, place, directive, decision) => {
    expect(decide(directive, { place, position: { onHand: 9, quota: 9, granted: 9 } })).toMatchObject(decision);
  });

  it('is the first of all at sequence 1 of any epoch, and only there', () => {
    const documents = { inbox: () => ({ centralEpoch: 0, sequence: 0, hash }) };
    expect(decide(allocate, { documents, place: { centralEpoch: 8, sequence: 1 } }).outcome).toBe('record');
    expect(decide(allocate, { documents, place: { centralEpoch: 8, sequence: 2 } }).outcome).toBe('invalid');
  });

  it('that cannot be carried out is kept as it came, and moves the cursor and nothing else', () => {
    const other: Directive = { ...allocate, order: 'another' };
    expect(decide(other, { documents: { task: () => task } })).toMatchObject({
      drafts: [],
      writes: [
        {
          document: 'refused-directive',
          directive: Buffer.from('raw'),
          reason: 'the task T was allocated before, with other units',
        },
        { document: 'inbox', cursor: next },
      ],
    });
  });
});

describe('an allocation', () => {
  it('that is told again is carried out, and changes nothing', () => {
    const decision = decide(allocate, {
      documents: { task: () => task },
      position: { onHand: 9, quota: 9, granted: 9 },
    });
    expect(decision).toMatchObject({ drafts: [], exceptions: [], writes: [{ document: 'inbox', cursor: next }] });
  });

  it.each([
    ['turns quota into committed units', { onHand: 9, quota: 9, granted: 9 }, [['allocate', 4, 'T']], []],
    [
      'commits what the quota does not cover',
      { onHand: 9, quota: 3, granted: 3 },
      [
        ['allocate', 3, 'T'],
        ['commit', 1, 'T'],
      ],
      [],
    ],
    ['opens a deficit where there are no goods', { onHand: 2 }, [['commit', 4, 'T']], ['negative-available']],
  ])('%s', (_what, position, movements, exceptions) => {
    const decision = decide(allocate, { position });
    expect(movementsOf(decision)).toEqual(movements);
    expect(decision.outcome === 'record' && decision.exceptions.map(({ kind }) => kind)).toEqual(exceptions);
  });

  it('adds up lines of the same SKU', () => {
    const twice = { ...allocate, lines: [...allocate.lines, ...allocate.lines] };
    const decision = decide(twice, { position: { onHand: 9, quota: 9, granted: 9 } });
    expect(movementsOf(decision)).toEqual([['allocate', 8, 'T']]);
  });
});

describe('an allocation beyond the bound of a line', () => {
  const quantity = 10 ** 12 + 1;
  const excessive: Directive = {
    ...allocate,
    lines: [
      { sku, quantity: 10 ** 12 },
      { sku, quantity: 1 },
    ],
  };

  it('is given up in the commit that tells of it, so that central spends its units elsewhere', () => {
    const decision = decide(excessive, {
      position: { onHand: 2 * 10 ** 12, quota: quantity + 4, granted: quantity + 4 },
    });
    expect(movementsOf(decision)).toEqual([
      ['allocate', quantity, 'T'],
      ['uncommit', quantity, 'T'],
    ]);
    expect(decision).toMatchObject({
      drafts: [{}, { shelf: { position: { committed: 0, quota: 4, allocated: quantity } } }],
      exceptions: [{ kind: 'directive-refused', sequence: 6 }],
      writes: [
        {
          document: 'task',
          task: { id: 'T', state: 'released', lines: [{ quantity, released: quantity, shipped: 0 }] },
        },
        { document: 'refused-directive', reason: `the task T wants ${quantity} units of A` },
        { document: 'inbox', cursor: next },
      ],
    });
  });

  it('opens no shortage where neither quota nor goods cover it', () => {
    const decision = decide(excessive, { position: { onHand: 2 } });
    expect(movementsOf(decision)).toEqual([
      ['commit', quantity, 'T'],
      ['uncommit', quantity, 'T'],
    ]);
    expect(decision).toMatchObject({ exceptions: [{ kind: 'directive-refused' }] });
  });

  it('is only told of when it is beyond what a position could hold even for a moment', () => {
    const decision = decide({ ...allocate, lines: [{ sku, quantity: 2 ** 43 }] }, { position: { onHand: 2 } });
    expect(decision).toMatchObject({ drafts: [], writes: [{ document: 'refused-directive' }, { document: 'inbox' }] });
  });
});

describe('a release', () => {
  const release = (quantity: number): Directive => ({
    kind: 'release',
    task: 'T',
    lines: [{ sku, quantity }],
    reason: 'r',
  });

  it.each([
    [0, task, [], undefined],
    [2, task, [['uncommit', 2, 'T']], { state: 'open', lines: [{ released: 2 }] }],
    [3, task, [['uncommit', 3, 'T']], { state: 'released', lines: [{ released: 3 }] }],
    [9, task, [['uncommit', 3, 'T']], { state: 'released', lines: [{ released: 3 }] }],
    [9, { ...task, state: 'shipped', lines: [{ ...task.lines[0], shipped: 4 }] } as Task, [], undefined],
  ])('of %i units of %o gives up %j', (quantity, stored, movements, after) => {
    const decision = decide(release(quantity), {
      position: { onHand: 9, committed: 3 },
      documents: { task: () => stored },
    });
    expect(movementsOf(decision)).toEqual(movements);
    const write =
      decision.outcome === 'record' ? decision.writes.find(({ document }) => document === 'task') : undefined;
    if (after === undefined) expect(write).toBeUndefined();
    else expect(write).toMatchObject({ task: after });
  });

  it('keeps what was picked in mind, what is given up of it too: the parcel may leave whole', () => {
    const picked: Task = {
      ...task,
      state: 'picked',
      lines: [
        {
          sku,
          quantity: 4,
          released: 0,
          shipped: 0,
          picks: [
            { quantity: 2, bin: 'B1' },
            { quantity: 2, bin: 'B2' },
          ],
        },
      ],
    };
    const decision = decide(release(3), { position: { onHand: 9, committed: 4 }, documents: { task: () => picked } });
    expect(decision.outcome === 'record' && decision.writes[0]).toMatchObject({
      task: { state: 'picked', lines: [{ released: 3, picks: picked.lines[0]?.picks }] },
    });
    // What was given up earlier has been put back by the time the rest is.
    const rest: Task = { ...picked, lines: picked.lines.map((line) => ({ ...line, released: 3 })) };
    const over = decide(release(1), { position: { onHand: 9, committed: 1 }, documents: { task: () => rest } });
    expect(over.outcome === 'record' && over.writes[0]).toMatchObject({
      task: { state: 'released', lines: [{ released: 4, picks: [{ quantity: 1, bin: 'B1' }] }] },
    });
  });
});

describe('a release of everything', () => {
  it('keeps what was picked in mind: the parcel may have left', () => {
    const picks = [{ quantity: 2, bin: 'B1' }];
    const packed: Task = { ...task, state: 'packed', lines: [{ sku, quantity: 3, released: 1, shipped: 0, picks }] };
    const directive: Directive = { kind: 'release', task: 'T', lines: [{ sku, quantity: 3 }], reason: 'r' };
    const decision = decide(directive, { position: { onHand: 9, committed: 2 }, documents: { task: () => packed } });
    expect(movementsOf(decision)).toEqual([['uncommit', 2, 'T']]);
    expect(decision.outcome === 'record' && decision.writes[0]).toMatchObject({
      task: { state: 'released', lines: [{ released: 3, picks }] },
    });
  });
});

describe('returned quota', () => {
  it.each([
    ['comes back up to the total', 7, { quota: 9, granted: 9 }, [['reclaim', 7, undefined]]],
    ['comes back by what is new of the total', 7, { quota: 4, granted: 9, returned: 5 }, [['reclaim', 2, undefined]]],
    ['does not come back twice', 5, { quota: 4, granted: 9, returned: 5 }, []],
    ['does not shrink with an older total', 3, { quota: 4, granted: 9, returned: 5 }, []],
    ['never exceeds the quota', 12, { quota: 4, granted: 9, returned: 5 }, [['reclaim', 4, undefined]]],
  ])('%s', (_what, total, position, movements) => {
    expect(movementsOf(decide({ kind: 'quota-return', lines: [{ sku, total }] }, { position }))).toEqual(movements);
  });
});

describe('a rule for a SKU', () => {
  const rule = (safetyStock?: number): Directive => ({
    kind: 'sku-policy',
    rules: [{ sku, ...(safetyStock === undefined ? {} : { safetyStock }) }],
  });

  it.each([
    ['raises the safety stock', rule(5), { safetyStock: 2 }, [['safety-stock', 3, undefined]]],
    ['lowers it', rule(0), { safetyStock: 2 }, [['safety-stock', -2, undefined]]],
    ['is lifted: the policy holds again', rule(), { safetyStock: 5 }, [['safety-stock', -4, undefined]]],
    ['finds it as it should be', rule(2), { safetyStock: 2 }, []],
    ['finds no position yet', rule(5), { version: 0 }, []],
  ])('%s', (_what, directive, position, movements) => {
    const policy = { class: 'store', sharePercent: 0, safetyStock: 1 } as const;
    expect(movementsOf(decide(directive, { position, documents: { policy: () => policy } }))).toEqual(movements);
  });
});
