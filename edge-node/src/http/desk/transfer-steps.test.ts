import type { Directive, TransferLine } from '@edgestock/shared/protocol/directive';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { differencesIn } from '../../testing/differences-in.ts';
import { type Answer, OpenDoors } from '../../testing/open-doors.ts';
import { sku } from '../../testing/site.ts';

const PATH = '/v1/transfers/T-1';
const closing = { reason: 'shrinkage', actor: 'ana' };

/** The node is the destination, BER1; the source is HAM1. */
let doors: OpenDoors;
beforeEach(() => {
  doors = new OpenDoors();
});
afterEach(async () => {
  expect(await differencesIn(doors.site)).toEqual([]);
  doors.close();
});

const tea = (quantity: number, more: object = {}) => ({ sku: 'TEA', quantity, ...more });
const receive = (lines: readonly object[], more: object = {}, headers = {}) =>
  doors.post(`${PATH}/receive`, { lines, ...more }, headers);
const told = (answer: Answer) => [answer.status, answer.body.transfer?.state ?? answer.body.code];
const transfer = async () => (await doors.get(PATH)).body.transfer;
/** Beside the one for a SKU that is in no catalogue. */
const exceptions = () =>
  doors.site.ledger.view
    .openExceptions(0, 9)
    .filter(({ kind }) => kind !== 'unknown-sku')
    .map(({ kind, deficit }) => [kind, deficit]);
const position = () => doors.site.position('TEA');

/** What central tells of it. */
function word(shipped: number, more: Partial<TransferLine> = {}, of = 'TEA'): Directive {
  const { warehouse } = doors.site.ledger.view.log();
  const line = { sku: sku(of), shipped, received: 0, damaged: 0, lost: 0, ...more };
  const ends = { transfer: 'T-1', from: 'HAM1' as never, to: warehouse };
  return { kind: 'transfer', transfer: { ...ends, lines: [line], isClosed: false } };
}

describe('transfers of two sources that use one name', () => {
  const at = (from: string) => `${PATH}?from=${from}`;
  const wordFrom = (from: string, shipped: number): Directive => {
    const told = word(shipped);
    return told.kind === 'transfer' ? { ...told, transfer: { ...told.transfer, from: from as never } } : told;
  };
  const ambiguous = {
    ...{ code: 'transfer-ambiguous', from: ['HAM1', 'MUC1'] },
    hint: 'Say which is meant: from = HAM1 or MUC1.',
  };

  beforeEach(async () => {
    await doors.site.direct(wordFrom('HAM1', 3), wordFrom('MUC1', 4));
  });

  test('are told apart by their source, and without it by nobody: what to say is in the answer', async () => {
    for (const answer of [await doors.get(PATH), await receive([tea(3)]), await doors.post(`${PATH}/close`, closing)]) {
      expect([answer.status, answer.body]).toMatchObject([409, ambiguous]);
    }
    expect((await doors.get(at('MUC1'))).body.transfer).toMatchObject({ from: 'MUC1', lines: [{ shipped: 4 }] });
    expect(told(await doors.get(at('FRA1')))).toEqual([404, 'unknown-transfer']);
    expect((await doors.get(`${PATH}?from=a,b`)).body.problems).toMatchObject([{ code: 'warehouse-malformed' }]);
    expect(position().onHand).toBe(0);
    expect((await doors.get('/v1/transfers?direction=in&state=open')).body.transfers).toMatchObject([
      { id: 'T-1', from: 'HAM1' },
      { id: 'T-1', from: 'MUC1' },
    ]);
  });

  test('are both received, each once for its key, and end', async () => {
    const second = await receive([tea(4)], { from: 'MUC1' }, { 'idempotency-key': 'k2' });
    expect([told(second), second.body.transfer]).toMatchObject([[200, 'closed'], { from: 'MUC1' }]);
    expect(told(await receive([tea(4)], { from: 'HAM1' }, { 'idempotency-key': 'k2' }))).toEqual([
      422,
      'idempotency-key-reused',
    ]);
    const first = await receive([tea(1)], { from: 'HAM1' });
    expect([told(first), first.body.transfer]).toMatchObject([[200, 'receiving'], { from: 'HAM1' }]);
    const closed = await doors.post(`${PATH}/close`, { ...closing, from: 'HAM1' });
    expect(closed.body.transfer).toMatchObject({ from: 'HAM1', state: 'closed', lines: [{ received: 1, lost: 2 }] });
    expect(position().onHand).toBe(5);
    expect((await doors.get('/v1/stock/TEA/explain')).body).toMatchObject({ transfers: [] });
  });

  test('leave a transfer of the same name that is planned here alone', async () => {
    await doors.receive('TEA', 9);
    const plan = { id: 'T-1', to: 'HAM1', lines: [tea(2)] };
    const planned = await doors.post('/v1/transfers', plan);
    expect([told(planned), planned.headers.get('location')]).toEqual([[201, 'planned'], at('BER1')]);
    const shipped = await doors.post(`${PATH}/ship`, {});
    expect([told(shipped), shipped.body.transfer]).toMatchObject([[200, 'shipped'], { from: 'BER1', to: 'HAM1' }]);
    expect(told(await receive([tea(2)], { from: 'BER1' }))).toEqual([409, 'transfer-state']);
    expect((await doors.get(at('HAM1'))).body.transfer).toMatchObject({ state: 'shipped', lines: [{ shipped: 3 }] });
  });
});

test('a repeated receipt gets its answer, though another source has used the name since', async () => {
  await doors.site.direct(word(5));
  const key = { 'idempotency-key': 'k1' };
  const first = await receive([tea(2)], {}, key);
  await receive([tea(3)], { from: 'MUC1' });
  const again = await receive([tea(2)], {}, key);
  expect([again.status, again.body.transfer]).toMatchObject([200, { from: 'HAM1', lines: [{ received: 2 }] }]);
  expect(again.body.movements).toEqual(first.body.movements);
  expect(position().onHand).toBe(5);
});

test('a receipt from a source that nobody has told of is recorded (P4), with a hint to the one that is expected', async () => {
  await doors.site.direct(word(5));
  const answer = await receive([tea(5)], { from: 'MUC1' });
  expect([told(answer), answer.body]).toMatchObject([
    [200, 'receiving'],
    { transfer: { from: 'MUC1' }, expected: [{ id: 'T-1', from: 'HAM1', inTransit: 5 }] },
  ]);
});

describe('a transfer that central has told of', () => {
  beforeEach(async () => {
    await doors.receive('TEA', 1);
    await doors.site.direct(word(5));
  });

  test('is on its way: no number here counts it, and it can be seen', async () => {
    expect(await transfer()).toMatchObject({
      from: 'HAM1',
      to: 'BER1',
      state: 'shipped',
      lines: [{ shipped: 5, open: 5 }],
    });
    expect(position()).toMatchObject({ onHand: 1, committed: 0 });
    expect((await doors.get('/v1/stock/TEA/explain')).body).toMatchObject({
      position: { onHand: 1 },
      transfers: [{ transfer: 'T-1', from: 'HAM1', committed: 0, inTransit: 5 }],
    });
  });

  test('arrives in parts, some of it damaged, and is closed when all of it is here', async () => {
    const first = await receive([
      tea(2, { bin: 'B1', lot: 'L1', expiry: '2030-01-31' }),
      tea(1, { condition: 'damaged' }),
    ]);
    expect(told(first)).toEqual([200, 'receiving']);
    expect(first.body.transfer?.lines).toMatchObject([{ received: 2, damaged: 1, open: 2 }]);
    expect(position()).toMatchObject({ onHand: 4, unsellable: 1 });
    expect(doors.site.ledger.view.detail(sku('TEA'))?.balances).toContainEqual(
      expect.objectContaining({ bin: 'B1', lot: 'L1', expiry: '2030-01-31', quantity: 2 }),
    );
    expect(told(await receive([tea(2)]))).toEqual([200, 'closed']);
    expect(exceptions()).toEqual([]);
  });

  test('that is short stays open, also when nothing more has come, until somebody says so', async () => {
    const last = await receive([tea(3)], { isLast: true });
    expect([told(last), last.body.transfer]).toMatchObject([[200, 'receiving'], { isComplete: true }]);
    const closed = await doors.post(`${PATH}/close`, closing);
    expect(told(closed)).toEqual([200, 'closed']);
    expect(closed.body.transfer).toMatchObject({ closing, lines: [{ shipped: 5, received: 3, lost: 2, open: 0 }] });
    expect(closed.body.movements).toMatchObject([{ kind: 'transfer-lost', quantity: 2, position: { onHand: 4 } }]);
    const again = await doors.post(`${PATH}/close`, { ...closing, reason: 'theft' });
    expect([told(again), again.headers.get('idempotency-replayed')]).toEqual([[200, 'closed'], 'true']);
    expect(again.body.transfer).toMatchObject({ closing });
  });

  test('brings more than was shipped: recorded, told by an exception, and settled by closing', async () => {
    const over = await receive([tea(7)]);
    expect([told(over), over.body.exceptions]).toMatchObject([
      [200, 'receiving'],
      [{ kind: 'transfer-over', deficit: 2 }],
    ]);
    await receive([tea(1)]);
    expect(exceptions()).toEqual([['transfer-over', 3]]);
    const closed = await doors.post(`${PATH}/close`, closing);
    expect(closed.body.transfer).toMatchObject({ state: 'closed', lines: [{ received: 8, lost: -3 }] });
    expect(exceptions()).toEqual([]);
    expect(position().onHand).toBe(9);
  });

  test('turns up after all: received (P4), and no longer lost', async () => {
    await doors.post(`${PATH}/close`, closing);
    expect((await transfer())?.lines).toMatchObject([{ lost: 5 }]);
    const late = await receive([tea(4)]);
    expect(told(late)).toEqual([200, 'closed']);
    expect(late.body.transfer?.lines).toMatchObject([{ received: 4, lost: 1, open: 0 }]);
    expect(position().onHand).toBe(5);
  });

  test('is received once for each key', async () => {
    const key = { 'idempotency-key': 'k1' };
    const first = await receive([tea(2)], {}, key);
    const again = await receive([tea(2)], {}, key);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect([again.body.movements, position().onHand]).toEqual([first.body.movements, 3]);
    expect(told(await receive([tea(3)], {}, key))).toEqual([422, 'idempotency-key-reused']);
    await receive([tea(2)]);
    expect(position().onHand).toBe(5);
  });

  test.each<[string, object]>([
    ['from-itself', { from: 'BER1' }],
    ['flag-invalid', { isLast: 'yes' }],
    ['quantity-negative', { lines: [tea(-1)] }],
    ['expiry-without-lot', { lines: [tea(1, { expiry: '2030-01-31' })] }],
    ['condition-unknown', { lines: [tea(1, { condition: 'wet' })] }],
  ])('is refused with %s for %j', async (code, wrong) => {
    const answer = await receive([tea(1)], wrong);
    expect([answer.status, answer.body.problems?.[0]?.code]).toEqual([400, code]);
    expect(position().onHand).toBe(1);
  });

  test('is not shipped or cancelled here', async () => {
    expect(told(await doors.post(`${PATH}/ship`, undefined))).toEqual([409, 'transfer-state']);
    expect(told(await doors.post(`${PATH}/cancel`, undefined))).toEqual([409, 'transfer-state']);
  });
});

describe('a transfer that central has not told of, as with the link cut (P5)', () => {
  test('is received when it is said where it comes from', async () => {
    const unsaid = await receive([tea(2)]);
    expect([unsaid.status, unsaid.body.problems?.[0]?.code]).toEqual([400, 'from-required']);
    expect(told(await receive([tea(2)], { from: 'HAM1' }))).toEqual([200, 'receiving']);
    // It is known now.
    expect(told(await receive([tea(1)]))).toEqual([200, 'receiving']);
    await doors.site.direct(word(3));
    expect(await transfer()).toMatchObject({ state: 'closed', lines: [{ shipped: 3, received: 3, open: 0 }] });
  });

  test('opens its exception when it becomes known that too much came', async () => {
    await receive([tea(4)], { from: 'HAM1' });
    expect(exceptions()).toEqual([]);
    await doors.site.direct(word(3));
    expect(exceptions()).toEqual([['transfer-over', 1]]);
    await doors.site.direct(word(4));
    expect(await transfer()).toMatchObject({ state: 'closed' });
  });

  test('ends when it is closed, though its source, a mistyped name say, never tells; what still comes is counted', async () => {
    await receive([tea(2), tea(1, { condition: 'damaged' })], { from: 'NOWHERE' });
    expect(told(await doors.post(`${PATH}/close`, closing))).toEqual([200, 'closed']);
    const lines = [{ shipped: 0, received: 2, damaged: 1, lost: -3, open: 0 }];
    expect(await transfer()).toMatchObject({ state: 'closed', lines });
    await receive([tea(1)], { from: 'NOWHERE' });
    expect(await transfer()).toMatchObject({ state: 'closed', lines: [{ received: 3, lost: -4, open: 0 }] });
    expect(position().onHand).toBe(4);
    expect(exceptions()).toEqual([]);
  });

  test('may be another one that is expected: the answer says which, and both are closed with the goods counted once', async () => {
    await doors.site.direct(word(3));
    const arrived = await doors.post('/v1/transfers/T-l/receive', { from: 'HAM2', lines: [tea(3)] });
    expect([arrived.status, arrived.body]).toMatchObject([
      200,
      {
        expected: [{ id: 'T-1', from: 'HAM1', sku: 'TEA', inTransit: 3 }],
        hint: expect.stringContaining('T-1 from HAM1'),
      },
    ]);
    const open = async () =>
      (await doors.get('/v1/transfers?direction=in&state=open')).body.transfers?.map(({ id }) => id);
    expect(await open()).toEqual(['T-1', 'T-l']);
    for (const id of ['T-l', 'T-1']) {
      expect(told(await doors.post(`/v1/transfers/${id}/close`, { ...closing, reason: 'correction' }))).toEqual([
        200,
        'closed',
      ]);
    }
    expect(await open()).toEqual([]);
    expect(position().onHand).toBe(3);
    // What is known to have been shipped needs no hint, and neither do other goods.
    const other = await doors.post('/v1/transfers/T-7/receive', { from: 'HAM2', lines: [tea(1)] });
    expect(other.body).not.toHaveProperty('hint');
  });

  test('is closed in advance: what is missing is written off when it becomes known, in however many parts', async () => {
    await receive([tea(2)], { from: 'HAM1', isLast: true });
    expect(told(await doors.post(`${PATH}/close`, closing))).toEqual([200, 'closed']);
    await doors.site.direct(word(3));
    expect(await transfer()).toMatchObject({ state: 'closed', lines: [{ received: 2, lost: 1 }] });
    await doors.site.direct(word(2, {}, 'MUG'), word(2, {}, 'MUG'));
    expect(await transfer()).toMatchObject({ state: 'closed', lines: [{ lost: 1 }, { sku: 'MUG', lost: 2 }] });
    expect(doors.site.position('MUG').onHand).toBe(0);
  });

  test('is not closed before anything is known of it', async () => {
    expect(told(await doors.post(`${PATH}/close`, closing))).toEqual([404, 'unknown-transfer']);
    const answer = await doors.post(`${PATH}/close`, { reason: 'shrinkage' });
    expect([answer.status, answer.body.problems?.[0]?.code]).toEqual([400, 'required']);
  });
});

describe('central’s word', () => {
  test('of what was recorded here may be behind, and then changes nothing', async () => {
    await doors.site.direct(word(5));
    await receive([tea(4)]);
    await doors.post(`${PATH}/close`, closing);
    const before = await transfer();
    const { sequence } = doors.site.ledger.view.log();
    for (const old of [word(5), word(5, { received: 2 }), word(3, { received: 4 })]) await doors.site.direct(old);
    expect((await transfer())?.lines).toEqual(before?.lines);
    expect(doors.site.ledger.view.log().sequence).toBe(sequence);
  });

  test('leaves the SKUs that it does not name as they were', async () => {
    await doors.site.direct(word(5), word(2, {}, 'MUG'), word(6));
    expect((await transfer())?.lines).toMatchObject([
      { sku: 'TEA', shipped: 6 },
      { sku: 'MUG', shipped: 2 },
    ]);
  });

  test('is kept over a restart', async () => {
    await doors.site.direct(word(5));
    await receive([tea(2)], { isLast: true });
    const before = doors.site.ledger.transfers.named('T-1');
    doors.site.restart();
    expect(doors.site.ledger.transfers.named('T-1')).toEqual(before);
  });
});
