import { availableOf } from '@edgestock/shared/inventory/position';
import type { Directive } from '@edgestock/shared/protocol/directive';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { differencesIn } from '../../testing/differences-in.ts';
import { atOnce, type HammeredAnswer, HammeredDoors, tally } from '../../testing/hammered-doors.ts';
import { sku } from '../../testing/site.ts';

const PATH = '/v1/transfers';
const PLANNERS = 200;
const HANDS = 64;

let doors: HammeredDoors;
beforeEach(async () => {
  doors = await HammeredDoors.open(PLANNERS);
});
afterEach(async () => {
  expect(await differencesIn(doors.site)).toEqual([]);
  await doors.close();
});

const tea = (quantity: number) => ({ sku: 'TEA', quantity });
const mug = (quantity: number) => ({ sku: 'MUG', quantity });
const plan = (id: string, lines: readonly object[], to = 'HAM1') => doors.post(PATH, { id, to, lines });
const position = (text = 'TEA') => doors.site.position(text);
/** Of the yes: the transfer as each was told of it, without repetitions. */
const transfersTold = (answers: readonly HammeredAnswer[]) => [
  ...new Set(
    answers.flatMap(({ status, body }) => (status === 200 || status === 201 ? [JSON.stringify(body.transfer)] : [])),
  ),
];
/** One of them did it; all others were told that it was done. */
const firsts = (answers: readonly HammeredAnswer[]) =>
  answers.filter(({ status, isReplayed }) => (status === 200 || status === 201) && !isReplayed);

describe('200 planners at once (P3)', () => {
  test('of one unit: one transfer has it, and 199 are told so', async () => {
    await doors.receive('TEA', 1);
    const answers = await atOnce(PLANNERS, (index) => plan(`T${index}`, [tea(1)]));
    expect(tally(answers)).toEqual({ '201': 1, '409 insufficient': PLANNERS - 1 });
    for (const { body } of answers.filter(({ status }) => status === 409)) {
      expect(body).toMatchObject({ shortages: [{ sku: 'TEA', requested: 1, available: 0 }] });
    }
    expect(position()).toMatchObject({ onHand: 1, committed: 1 });
  });

  test('of 25 units: 25 transfers have one each, and the log names each of them once', async () => {
    await doors.receive('TEA', 25);
    const answers = await atOnce(PLANNERS, (index) => plan(`T${index}`, [tea(1)]));
    expect(tally(answers)).toEqual({ '201': 25, '409 insufficient': PLANNERS - 25 });
    const planned = answers.flatMap(({ body }) => (body.transfer === undefined ? [] : [body.transfer.id]));
    const committed = doors.log('commit').map(({ details }) => details.document);
    expect(committed.sort()).toEqual(planned.sort());
    expect(position()).toMatchObject({ onHand: 25, committed: 25 });
  });

  test('of 120 units, each wanting 50 of them in as many lines: two transfers have them whole, and nobody has a part', async () => {
    await doors.receive('TEA', 120);
    const lines = Array.from({ length: 50 }, () => tea(1));
    const answers = await atOnce(PLANNERS, (index) => plan(`T${index}`, lines));
    expect(tally(answers)).toEqual({ '201': 2, '409 insufficient': PLANNERS - 2 });
    expect(position()).toMatchObject({ onHand: 120, committed: 100 });
  });

  test('of two SKUs from both ends: as many have both as there are of the scarcer, and nobody has half', async () => {
    await doors.receive('TEA', 7);
    await doors.receive('MUG', 5);
    const answers = await atOnce(PLANNERS, (index) =>
      plan(`T${index}`, index % 2 === 0 ? [tea(1), mug(1)] : [mug(1), tea(1)]),
    );
    expect(tally(answers)).toEqual({ '201': 5, '409 insufficient': PLANNERS - 5 });
    expect([position().committed, position('MUG').committed]).toEqual([5, 5]);
  });

  test('of the same transfer: there is one, and all are told of it', async () => {
    await doors.receive('TEA', 500);
    const answers = await atOnce(PLANNERS, () => plan('T1', [tea(2)]));
    expect(tally(answers)).toEqual({ '201': PLANNERS });
    expect(transfersTold(answers)).toHaveLength(1);
    expect(firsts(answers)).toHaveLength(1);
    expect(position().committed).toBe(2);
    expect(doors.log('commit')).toHaveLength(1);
  });

  test('of one without a name, under the same key: there is one, and all get its answer, movements and all', async () => {
    await doors.receive('TEA', 500);
    const body = { to: 'HAM1', lines: [tea(2)] };
    const answers = await atOnce(PLANNERS, () => doors.post(PATH, body, { 'idempotency-key': 'k1' }));
    expect(tally(answers)).toEqual({ '201': PLANNERS });
    expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
    expect(firsts(answers)).toHaveLength(1);
    expect(position().committed).toBe(2);
  });

  test('of two transfers under one name: one of the two is there, and whoever meant the other is told so', async () => {
    await doors.receive('TEA', 500);
    const answers = await atOnce(PLANNERS, (index) => plan('T1', [tea(2 + (index % 2))], 'HAM1'));
    expect(tally(answers)).toEqual({ '201': PLANNERS / 2, '422 id-reused': PLANNERS / 2 });
    expect(transfersTold(answers)).toHaveLength(1);
    expect(position().committed).toBe(answers[0]?.status === 201 ? 2 : 3);
  });

  test('beside tills that sell the same stock: no transfer is ever given a unit that is not there', async () => {
    const units = 60;
    await doors.receive('TEA', units);
    const answers = await atOnce(PLANNERS, (index) =>
      index % 5 === 0
        ? doors.post('/v1/sales', { till: 'T1', receipt: `${index}`, lines: [tea(1)] })
        : plan(`T${index}`, [tea(2)]),
    );
    const sales = PLANNERS / 5;
    const planned = position().committed / 2;
    expect(tally(answers)).toEqual({ '201': sales + planned, '409 insufficient': PLANNERS - sales - planned });
    for (const { position: then } of doors.log('commit')) expect(availableOf(then)).toBeGreaterThanOrEqual(0);
    expect(position().onHand).toBe(units - sales);
  });

  test('beside customers who want the same units kept: every unit has one owner, to the last', async () => {
    const units = 37;
    await doors.receive('TEA', units);
    const answers = await atOnce(PLANNERS, (index) =>
      index % 2 === 0
        ? plan(`T${index}`, [tea(1)])
        : doors.post('/v1/reservations', { id: `R${index}`, owner: 'ana', lines: [tea(1)] }),
    );
    expect(tally(answers)).toEqual({ '201': units, '409 insufficient': PLANNERS - units });
    const { reserved, committed } = position();
    expect(reserved).toBe(answers.filter(({ body }) => body.reservation !== undefined).length);
    expect(committed).toBe(answers.filter(({ body }) => body.transfer !== undefined).length);
    expect(reserved + committed).toBe(units);
  });
});

describe('64 hands on one transfer at its source (P9)', () => {
  beforeEach(async () => {
    await doors.receive('TEA', 10);
    await plan('T1', [tea(4)]);
  });

  test('that all ship it: the goods leave once, and all are told the same', async () => {
    const answers = await atOnce(HANDS, () => doors.post(`${PATH}/T1/ship`, { actor: 'ana' }));
    expect(tally(answers)).toEqual({ '200': HANDS });
    expect(transfersTold(answers)).toHaveLength(1);
    expect(firsts(answers)).toHaveLength(1);
    expect(doors.log('transfer-ship')).toMatchObject([{ quantity: -4 }]);
    expect(position()).toMatchObject({ onHand: 6, committed: 0 });
  });

  test('that ship it with other contents each: one of them has loaded it, and the others are told so', async () => {
    const answers = await atOnce(HANDS, (index) =>
      doors.post(`${PATH}/T1/ship`, { lines: [tea(1 + (index % 4))], actor: `hand ${index}` }),
    );
    // The actor is part of what was said: two people cannot both have loaded it.
    expect(tally(answers)).toEqual({ '200': 1, '409 transfer-state': HANDS - 1 });
    const [shipped, ...others] = doors.log('transfer-ship');
    expect(others).toEqual([]);
    expect(position()).toMatchObject({ onHand: 10 + (shipped?.quantity ?? 0), committed: 0 });
  });

  test.each(['ship', 'cancel'])('that ship and cancel it, %s first: the goods leave once', async (first) => {
    const second = first === 'ship' ? 'cancel' : 'ship';
    const answers = await atOnce(HANDS, (index) => doors.post(`${PATH}/T1/${index % 2 === 0 ? first : second}`, {}));
    const ships = answers.filter((_, index) => (index % 2 === 0) === (first === 'ship'));
    const cancels = answers.filter((_, index) => (index % 2 === 0) === (first === 'cancel'));
    // That it was loaded is a fact, also of one that was cancelled before (P4).
    expect(tally(ships)).toEqual({ '200': HANDS / 2 });
    expect(transfersTold(ships)).toHaveLength(1);
    expect(doors.log('transfer-ship')).toMatchObject([{ quantity: -4 }]);
    expect(doors.log('uncommit')).toMatchObject([{ quantity: 4 }]);
    expect(position()).toMatchObject({ onHand: 6, committed: 0 });
    // What has left cannot be cancelled any more.
    const [freedAt] = doors.log('uncommit').map(({ sequence }) => sequence);
    const [leftAt] = doors.log('transfer-ship').map(({ sequence }) => sequence);
    const cancelled = firsts(cancels);
    expect(cancelled.map(({ body }) => body.sequence)).toEqual(cancelled.length === 0 ? [] : [freedAt]);
    expect(freedAt).toBeLessThan(leftAt ?? 0);
  });
});

describe('64 hands on one transfer where it arrives (P9)', () => {
  const receive = (key: string, lines: readonly object[], more: object = {}) =>
    doors.post(`${PATH}/T1/receive`, { lines, ...more }, { 'idempotency-key': key });

  /** What central tells of it. */
  function word(shipped: number): Directive {
    const { warehouse } = doors.site.ledger.view.log();
    const line = { sku: sku('TEA'), shipped, received: 0, damaged: 0, lost: 0 };
    const ends = { transfer: 'T1', from: 'HAM1' as never, to: warehouse };
    return { kind: 'transfer', transfer: { ...ends, lines: [line], isClosed: false } };
  }

  test('that record one arrival: the goods are received once, and all get the one answer', async () => {
    await doors.site.direct(word(5));
    const answers = await atOnce(HANDS, () => receive('pallet 1', [tea(5)]));
    expect(tally(answers)).toEqual({ '200': HANDS });
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(firsts(answers)).toHaveLength(1);
    expect(doors.log('transfer-receive')).toMatchObject([{ quantity: 5 }]);
    expect(position().onHand).toBe(5);
  });

  test('that record it before central has told of it, and beside its word: it is one transfer, received once', async () => {
    const [answers] = await Promise.all([
      atOnce(HANDS, () => receive('pallet 1', [tea(5)], { from: 'HAM1' })),
      doors.site.direct(word(5)),
    ]);
    expect(tally(answers)).toEqual({ '200': HANDS });
    expect(firsts(answers)).toHaveLength(1);
    expect(doors.log('transfer-receive')).toMatchObject([{ quantity: 5 }]);
    expect(doors.site.ledger.transfers.named('T1')[0]).toMatchObject({
      state: 'closed',
      lines: [{ shipped: 5, received: 5, lost: 0 }],
    });
  });

  test('that record as many pallets, each said twice: every pallet is received once', async () => {
    await doors.site.direct(word(HANDS));
    const answers = await atOnce(2 * HANDS, (index) => receive(`pallet ${index % HANDS}`, [tea(1)]));
    expect(tally(answers)).toEqual({ '200': 2 * HANDS });
    expect(firsts(answers)).toHaveLength(HANDS);
    expect(position().onHand).toBe(HANDS);
    expect(doors.site.ledger.transfers.named('T1')[0]).toMatchObject({ state: 'closed', lines: [{ received: HANDS }] });
  });

  test('that record other contents under one key: one arrival is recorded, and the others are told so', async () => {
    await doors.site.direct(word(9));
    const answers = await atOnce(HANDS, (index) => receive('pallet 1', [tea(1 + (index % 2))]));
    expect(tally(answers)).toEqual({ '200': HANDS / 2, '422 idempotency-key-reused': HANDS / 2 });
    expect(position().onHand).toBe(answers[0]?.status === 200 ? 1 : 2);
  });

  test('that close it while the rest arrives: every unit is received or lost, once', async () => {
    await doors.site.direct(word(HANDS));
    const closing = { reason: 'shrinkage', actor: 'ana' };
    const answers = await atOnce(2 * HANDS, (index) =>
      index % 2 === 0 ? receive(`pallet ${index}`, [tea(1)]) : doors.post(`${PATH}/T1/close`, closing),
    );
    expect(tally(answers)).toEqual({ '200': 2 * HANDS });
    expect(position().onHand).toBe(HANDS);
    const lost = doors.log('transfer-lost').reduce((sum, { quantity }) => sum + quantity, 0);
    expect(lost).toBe(0);
    expect(doors.site.ledger.transfers.named('T1')[0]).toMatchObject({
      state: 'closed',
      closing,
      lines: [{ shipped: HANDS, received: HANDS, lost: 0 }],
    });
  });
});
