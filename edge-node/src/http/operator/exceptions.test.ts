import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OpenDoors } from '../../testing/open-doors.ts';

let doors: OpenDoors;
let receipts: number;
beforeEach(() => {
  receipts = 0;
  doors = new OpenDoors();
});
afterEach(() => doors.close());

const sell = (sku: string, quantity: number) => {
  receipts += 1;
  return doors.post('/v1/sales', { till: 'T', receipt: `R-${receipts}`, lines: [{ sku, quantity }] });
};
const list = async (state: string) => (await doors.get(`/v1/exceptions?state=${state}`)).body.exceptions ?? [];
const anna = { actor: 'anna', note: 'Counted with Ben: the case stood in the yard.' };
const resolve = (id: unknown, body: object = anna) => doors.post(`/v1/exceptions/${id}/resolve`, body);

/** Sells below zero; the id of the exception that this opens. */
async function oversold(): Promise<number> {
  await doors.receive('TEA', 1);
  await sell('TEA', 3);
  const [found] = (await list('open')).filter(({ kind }) => kind === 'negative-on-hand');
  return found?.id ?? 0;
}

describe('an open exception', () => {
  test('is closed by a person, who and why are kept, also over a restart', async () => {
    const id = await oversold();
    await doors.site.clock.advance(1_000);
    const { status, body } = await resolve(id);
    expect(status).toBe(200);
    expect(body).toEqual({
      ...{ id, kind: 'negative-on-hand', sku: 'TEA', sequence: 2, deficit: 2 },
      openedAt: '2023-11-14T22:13:20.000Z',
      resolvedAt: '2023-11-14T22:13:21.000Z',
      resolution: { by: 'person', ...anna },
    });
    expect((await list('open')).map(({ kind }) => kind)).toEqual(['unknown-sku']);
    expect(await list('resolved')).toEqual([body]);
    doors.site.restart();
    expect(doors.site.ledger.view.resolvedExceptions(0, 9)).toMatchObject([{ id, resolution: { actor: 'anna' } }]);
  });

  test('closed twice by the same request answers the same', async () => {
    const id = await oversold();
    const first = await resolve(id);
    await doors.site.clock.advance(60_000);
    const again = await resolve(id);
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect([first, again].map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([null, 'true']);
  });

  test('closed already says by whom, and keeps what was said first', async () => {
    const id = await oversold();
    const first = await resolve(id);
    const second = await resolve(id, { actor: 'ben', note: 'Me too.' });
    expect([second.status, second.body]).toEqual([
      409,
      expect.objectContaining({ code: 'exception-resolved', exception: first.body }),
    ]);
    expect(await list('resolved')).toEqual([first.body]);
  });

  test('that a movement made good is told as that', async () => {
    const id = await oversold();
    await doors.receive('TEA', 2);
    expect((await resolve(id)).body).toMatchObject({
      code: 'exception-resolved',
      exception: { resolution: { by: 'movement', sequence: 3 } },
    });
  });

  test('comes back as a new one when the shortage gets worse, and not when it gets better', async () => {
    const id = await oversold();
    await resolve(id);
    await doors.receive('TEA', 1);
    expect((await list('open')).map(({ kind }) => kind)).toEqual(['unknown-sku']);
    await sell('TEA', 2);
    const [, worse] = await list('open');
    expect(worse).toMatchObject({ kind: 'negative-on-hand', sequence: 4, deficit: 3 });
    expect(worse?.id).toBeGreaterThan(id);
    expect((await list('resolved')).map((row) => row.id)).toEqual([id]);
  });

  test('of any kind can be closed, also one that no movement makes good', async () => {
    const lines = [{ sku: 'MILK', quantity: 2, lot: 'L', expiry: '2023-11-01' }];
    await doors.post('/v1/movements', { kind: 'receive', lines });
    await doors.post('/v1/sales', { till: 'T', receipt: 'R', lines: [{ sku: 'MILK', quantity: 1, lot: 'L' }] });
    const open = await list('open');
    expect(open.map(({ kind }) => kind)).toEqual(['unknown-sku', 'expired-sold']);
    for (const { id } of open) expect((await resolve(id)).status).toBe(200);
    expect((await doors.get('/v1/status')).body).toMatchObject({ openExceptions: 0 });
    await sell('MILK', 1);
    expect((await list('open')).map(({ kind }) => kind)).not.toContain('unknown-sku');
  });
});

describe('what cannot be closed', () => {
  test.each(['77', '0', '-1', 'x', '1e3', '99999999999999999999'])('an exception %s is not there', async (id) => {
    await oversold();
    const { status, body } = await resolve(id);
    expect([status, body.code]).toEqual([404, 'unknown-exception']);
  });

  test.each([
    [{ actor: 'anna' }, 'note'],
    [{ note: 'x' }, 'actor'],
    [{ ...anna, note: '' }, 'note'],
    [{ ...anna, note: 'x'.repeat(1_001) }, 'note'],
    [{ ...anna, why: 'x' }, 'why'],
  ])('%j is refused at %s, and it stays open', async (body, path) => {
    const id = await oversold();
    const answer = await resolve(id, body);
    expect([answer.status, answer.body.problems?.[0]?.path]).toEqual([400, path]);
    expect((await list('open')).map((row) => row.id)).toContain(id);
  });

  test('a state that is none is refused', async () => {
    expect((await doors.get('/v1/exceptions?state=closed')).body.problems).toMatchObject([{ path: 'state' }]);
  });
});

test('closed exceptions are told page by page, as open ones are', async () => {
  for (const sku of ['A', 'B', 'C']) await sell(sku, 1);
  for (const { id } of await list('open')) await resolve(id);
  const all = await list('resolved');
  expect(all).toHaveLength(6);
  const first = await doors.get('/v1/exceptions?state=resolved&limit=4');
  const rest = await doors.get(`/v1/exceptions?state=resolved&limit=4&after=${first.body.next}`);
  expect([...(first.body.exceptions ?? []), ...(rest.body.exceptions ?? [])]).toEqual(all);
  expect(rest.body.next).toBeUndefined();
});
