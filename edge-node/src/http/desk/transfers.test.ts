import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { differencesIn } from '../../testing/differences-in.ts';
import { type Answer, OpenDoors } from '../../testing/open-doors.ts';
import { sku } from '../../testing/site.ts';

const PATH = '/v1/transfers';
const plan = { id: 'T-1', to: 'HAM1', lines: [{ sku: 'TEA', quantity: 4 }] };

let doors: OpenDoors;
beforeEach(async () => {
  doors = new OpenDoors();
  await doors.receive('TEA', 10);
});
afterEach(() => doors.close());

const position = (text = 'TEA') => doors.site.position(text);
const told = (answer: Answer) => [answer.status, answer.body.transfer?.state ?? answer.body.code];
const kinds = () => doors.site.ledger.view.movementsAfter(0, 100).map((one) => [one.kind, one.quantity]);

describe('a transfer from here', () => {
  test('is planned: its units are set aside, and it says where it is', async () => {
    const answer = await doors.post(PATH, { ...plan, note: 'with the evening truck', actor: 'ana' });
    expect([answer.status, answer.headers.get('location')]).toEqual([201, '/v1/transfers/T-1']);
    expect(answer.body).toMatchObject({
      transfer: {
        ...{ id: 'T-1', from: 'BER1', to: 'HAM1', state: 'planned', note: 'with the evening truck' },
        lines: [{ sku: 'TEA', planned: 4, shipped: 0, received: 0, damaged: 0, lost: 0, open: 0 }],
      },
      movements: [{ kind: 'commit', quantity: 4, position: { onHand: 10, committed: 4, available: 6 } }],
    });
    expect((await doors.get(`${PATH}/T-1`)).body.transfer).toEqual(answer.body.transfer);
    expect((await doors.get('/v1/stock/TEA/explain')).body).toMatchObject({
      transfers: [{ transfer: 'T-1', to: 'HAM1', committed: 4, inTransit: 0 }],
    });
  });

  test('of more than is available is refused per SKU, and nothing of it is set aside', async () => {
    const lines = [...plan.lines, { sku: 'TEA', quantity: 7 }, { sku: 'MUG', quantity: 1 }];
    const answer = await doors.post(PATH, { ...plan, lines });
    expect(told(answer)).toEqual([409, 'insufficient']);
    expect(answer.body).toMatchObject({
      shortages: [
        { sku: 'TEA', requested: 11, available: 10 },
        { sku: 'MUG', requested: 1, available: 0 },
      ],
    });
    expect(position().committed).toBe(0);
    expect((await doors.get(`${PATH}/T-1`)).body.code).toBe('unknown-transfer');
  });

  test.each<[string, object]>([
    ['to-itself', { to: 'BER1' }],
    ['warehouse-malformed', { to: 'a b' }],
    ['required', { to: undefined }],
    ['quantity-invalid', { lines: [{ sku: 'TEA', quantity: -1 }] }],
    ['quantity-invalid', { lines: Array.from({ length: 2 }, () => ({ sku: 'BIG', quantity: 10 ** 12 })) }],
    ['id-malformed', { id: '.' }],
    ['id-malformed', { id: '..' }],
    ['sku-or-barcode', { lines: [{ quantity: 1 }] }],
    ['too-few', { lines: [] }],
    ['unknown-field', { from: 'HAM1' }],
  ])('is refused with %s for %j', async (code, wrong) => {
    // Enough even of the most that one line may be, twice.
    for (const _ of [1, 2]) await doors.receive('BIG', 10 ** 12);
    const answer = await doors.post(PATH, { ...plan, ...wrong });
    expect([answer.status, answer.body.problems?.[0]?.code]).toEqual([400, code]);
    expect(position().committed).toBe(0);
  });

  test('repeated is the first one; another body under its name is refused; without a name the node makes one of its own', async () => {
    await doors.post(PATH, plan);
    const again = await doors.post(PATH, plan);
    expect([again.status, again.headers.get('idempotency-replayed'), position().committed]).toEqual([201, 'true', 4]);
    expect(told(await doors.post(PATH, { ...plan, to: 'MUC1' }))).toEqual([422, 'id-reused']);
    const { id: _, ...unnamed } = plan;
    const key = { 'idempotency-key': 'k1' };
    const first = await doors.post(PATH, unnamed, key);
    const second = await doors.post(PATH, unnamed, key);
    expect(first.body.transfer?.id).toMatch(/^BER1-/);
    expect([second.body.transfer, position().committed]).toEqual([first.body.transfer, 8]);
  });

  test('is cancelled before it left: its units are free again, once', async () => {
    await doors.post(PATH, plan);
    expect(told(await doors.post(`${PATH}/T-1/cancel`, { actor: 'ana' }))).toEqual([200, 'cancelled']);
    const again = await doors.post(`${PATH}/T-1/cancel`, undefined);
    expect([told(again), again.headers.get('idempotency-replayed')]).toEqual([[200, 'cancelled'], 'true']);
    expect(position()).toMatchObject({ onHand: 10, committed: 0 });
    expect(told(await doors.post(`${PATH}/T-9/cancel`, undefined))).toEqual([404, 'unknown-transfer']);
  });
});

describe('shipping', () => {
  beforeEach(() => doors.post(PATH, plan));

  test('takes what was planned off the hand, and its set-aside with it', async () => {
    const answer = await doors.post(`${PATH}/T-1/ship`, undefined);
    expect(told(answer)).toEqual([200, 'shipped']);
    expect(answer.body.transfer?.lines).toMatchObject([{ planned: 4, shipped: 4, open: 4 }]);
    expect(position()).toMatchObject({ onHand: 6, committed: 0 });
    expect(kinds().slice(1)).toEqual([
      ['commit', 4],
      ['uncommit', 4],
      ['transfer-ship', -4],
    ]);
    const [shipped] = doors.site.ledger.view.movementsAfter(3, 1);
    expect(shipped?.details).toEqual({ document: 'T-1', otherWarehouse: 'HAM1' });
    expect((await differencesIn(doors.site)).length).toBe(0);
  });

  test('less than planned gives up the rest; more, and of other SKUs, is recorded as it happened', async () => {
    await doors.receive('MUG', 1);
    const lines = [
      { sku: 'TEA', quantity: 2 },
      { sku: 'MUG', quantity: 3 },
    ];
    const answer = await doors.post(`${PATH}/T-1/ship`, { lines });
    expect(told(answer)).toEqual([200, 'shipped']);
    expect([position(), position('MUG')]).toMatchObject([
      { onHand: 8, committed: 0 },
      { onHand: -2, committed: 0 },
    ]);
    expect(answer.body.exceptions).toMatchObject([{ kind: 'negative-on-hand' }]);
  });

  test('takes the goods from the bin and lot that are named', async () => {
    await doors.site.move('move', [{ sku: sku('TEA'), quantity: 3, toBin: 'B2' }]);
    await doors.post(`${PATH}/T-1/ship`, { lines: [{ sku: 'TEA', quantity: 3, bin: 'B2' }] });
    expect(doors.site.ledger.view.detail(sku('TEA'))?.balances).toMatchObject([{ bin: '', quantity: 7 }]);
  });

  test('happens once: repeated it is answered, with other contents refused', async () => {
    await doors.post(`${PATH}/T-1/ship`, { actor: 'ana' });
    const again = await doors.post(`${PATH}/T-1/ship`, { actor: 'ana' });
    expect([told(again), again.headers.get('idempotency-replayed')]).toEqual([[200, 'shipped'], 'true']);
    expect(told(await doors.post(`${PATH}/T-1/ship`, { lines: plan.lines }))).toEqual([409, 'transfer-state']);
    expect(told(await doors.post(`${PATH}/T-1/cancel`, undefined))).toEqual([409, 'transfer-state']);
    expect(position().onHand).toBe(6);
  });

  test('of one that was cancelled is recorded: somebody loaded it all the same (P4)', async () => {
    await doors.post(`${PATH}/T-1/cancel`, undefined);
    expect(told(await doors.post(`${PATH}/T-1/ship`, undefined))).toEqual([200, 'shipped']);
    expect(position()).toMatchObject({ onHand: 6, committed: 0 });
  });

  test('does not come about by itself: what arrived there before it left here leaves the plan as it is', async () => {
    await doors.site.direct(arrivalOf(3));
    expect((await doors.get(`${PATH}/T-1`)).body.transfer).toMatchObject({
      state: 'planned',
      lines: [{ received: 3 }],
    });
    expect(told(await doors.post(`${PATH}/T-1/ship`, undefined))).toEqual([200, 'receiving']);
    await doors.site.direct(arrivalOf(4));
    expect(told(await doors.get(`${PATH}/T-1`))).toEqual([200, 'closed']);
    // Old news change nothing.
    await doors.site.direct(arrivalOf(3));
    expect(told(await doors.get(`${PATH}/T-1`))).toEqual([200, 'closed']);
  });

  test('what comes back, or is missing, is not the source’s to say', async () => {
    await doors.post(`${PATH}/T-1/ship`, undefined);
    expect(told(await doors.post(`${PATH}/T-1/receive`, { lines: plan.lines }))).toEqual([409, 'transfer-state']);
    const closing = { reason: 'theft', actor: 'ana' };
    expect(told(await doors.post(`${PATH}/T-1/close`, closing))).toEqual([409, 'transfer-state']);
  });

  test('that arrives with too much is the destination’s to look into: nothing here could close an exception', async () => {
    await doors.post(`${PATH}/T-1/ship`, undefined);
    await doors.site.direct(arrivalOf(6));
    // Of a SKU, too, that no movement here has: the exception would name a place that is none.
    await doors.site.direct(arrivalOf(1, 'MUG'));
    const kinds = doors.site.ledger.view.openExceptions(0, 9).map(({ kind }) => kind);
    expect(kinds).not.toContain('transfer-over');
    expect(await differencesIn(doors.site)).toEqual([]);
  });

  function arrivalOf(received: number, of = 'TEA') {
    const line = { sku: sku(of), shipped: 0, received, damaged: 0, lost: 0 };
    const ends = { transfer: 'T-1', from: doors.site.ledger.view.log().warehouse, to: 'HAM1' as never };
    return { kind: 'transfer', transfer: { ...ends, lines: [line], isClosed: false } } as const;
  }
});

test('are listed in order, by state and direction, a page at a time, and counted', async () => {
  for (const id of ['T-1', 'T-2', 'T-3']) await doors.post(PATH, { ...plan, id, lines: [{ sku: 'TEA', quantity: 1 }] });
  await doors.post(`${PATH}/T-2/cancel`, undefined);
  await doors.post(`${PATH}/T-3/ship`, undefined);
  await doors.post(`${PATH}/T-4/receive`, { from: 'HAM1', lines: [{ sku: 'TEA', quantity: 1 }] });
  const ids = async (query: string) => (await doors.get(`${PATH}?${query}`)).body.transfers?.map(({ id }) => id);
  expect(await ids('')).toEqual(['T-1', 'T-2', 'T-3', 'T-4']);
  expect(await ids('state=cancelled')).toEqual(['T-2']);
  expect(await ids('direction=in')).toEqual(['T-4']);
  expect(await ids('direction=out&state=shipped')).toEqual(['T-3']);
  const page = await doors.get(`${PATH}?limit=3`);
  expect(await ids(`after=${page.body.next}`)).toEqual(['T-4']);
  expect((await doors.get(`${PATH}?direction=up`)).status).toBe(400);
  expect((await doors.get('/v1/status')).body).toMatchObject({ openTransfers: 3 });
  expect((await doors.get('/metrics')).text).toContain('edgestock_transfers_open{warehouse="BER1"} 3');
});
