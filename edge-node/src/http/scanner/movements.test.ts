import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OpenDoors } from '../../testing/open-doors.ts';
import { sku } from '../../testing/site.ts';

let doors: OpenDoors;
beforeEach(() => {
  doors = new OpenDoors();
});
afterEach(() => doors.close());

const receive = { kind: 'receive', lines: [{ sku: 'TEA', quantity: 5 }] };

describe('POST /v1/movements', () => {
  test('records all lines of a document, and answers for each', async () => {
    const { status, body, headers } = await doors.post('/v1/movements', {
      kind: 'receive',
      lines: [
        { sku: 'TEA', quantity: 5, bin: 'A1', lot: 'L1', expiry: '2027-01-31' },
        { sku: 'MUG', quantity: 2, serials: ['S1', 'S2'] },
      ],
      document: 'PO-7',
      actor: 'Ada',
    });
    expect(status).toBe(201);
    expect(body.movements?.map(({ sequence, position }) => [sequence, position.onHand])).toEqual([
      [1, 5],
      [2, 2],
    ]);
    expect(headers.get('etag')).toBeNull();
    expect((await doors.get('/v1/movements')).body.movements?.[0]).toMatchObject({
      document: 'PO-7',
      actor: 'Ada',
      bin: 'A1',
      lot: 'L1',
      expiry: '2027-01-31',
    });
  });

  test('moves units between bins, and says so when it is not told where to', async () => {
    await doors.receive('TEA', 5);
    const line = { sku: 'TEA', quantity: 2 };
    const moved = await doors.post('/v1/movements', { kind: 'move', lines: [{ ...line, toBin: 'B2' }] });
    expect(moved.body.movements?.[0]?.position.onHand).toBe(5);
    const lost = await doors.post('/v1/movements', { kind: 'move', lines: [line] });
    expect([lost.status, lost.body.problems?.[0]?.code]).toEqual([400, 'target-required']);
  });

  test('an adjustment needs a reason, for the line or for all', async () => {
    const adjust = { kind: 'adjust', lines: [{ sku: 'TEA', quantity: -1 }] };
    const bare = await doors.post('/v1/movements', adjust);
    expect([bare.status, bare.body.problems?.[0]]).toMatchObject([400, { line: 0, code: 'reason-required' }]);
    expect((await doors.post('/v1/movements', { ...adjust, reason: 'damaged' })).status).toBe(201);
    const own = { ...adjust, lines: [{ sku: 'TEA', quantity: 1, reason: 'found' }] };
    expect((await doors.post('/v1/movements', own)).status).toBe(201);
  });

  test('a count is sent to its own door, an unknown kind is told the known ones', async () => {
    const count = await doors.post('/v1/movements', { ...receive, kind: 'count' });
    expect([count.status, count.body.code]).toEqual([400, 'counts-elsewhere']);
    expect(count.body.detail).toContain('/v1/counts');
    const typo = await doors.post('/v1/movements', { ...receive, kind: 'recieve' });
    expect(typo.body.problems?.[0]?.message).toContain('receive, sale, return');
    expect(doors.site.onHand('TEA')).toBe(0);
  });
});

describe('an Idempotency-Key', () => {
  const headers = { 'idempotency-key': 'k-1' };

  test('makes a repeated write the same write', async () => {
    const first = await doors.post('/v1/movements', receive, headers);
    const again = await doors.post('/v1/movements', receive, headers);
    expect(again.status).toBe(201);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.text).toBe(first.text);
    expect(doors.site.onHand('TEA')).toBe(5);
  });

  test('refuses another body, and the same words at another door', async () => {
    const count = { lines: [{ sku: 'TEA', counted: 5 }] };
    await doors.post('/v1/counts', count, headers);
    const { status, body } = await doors.post('/v1/movements', receive, headers);
    expect([status, body.code]).toEqual([422, 'idempotency-key-reused']);
  });

  test('counts before a stale If-Match: a retry of what succeeded succeeds', async () => {
    const both = { ...headers, 'if-match': '"v0"' };
    await doors.post('/v1/movements', receive, both);
    expect((await doors.post('/v1/movements', receive, both)).status).toBe(201);
  });

  test('holds although the catalogue has learned the barcode meanwhile', async () => {
    const scanned = { kind: 'receive', lines: [{ barcode: '4006381333931', quantity: 1 }] };
    await doors.post('/v1/movements', scanned, headers);
    doors.site.store.items.list({ sku: sku('PEN'), name: 'Pen' }, 0);
    doors.site.store.items.setBarcode({ barcode: '04006381333931', sku: sku('PEN'), multiple: 1 });
    const again = await doors.post('/v1/movements', scanned, headers);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  test.each(['', 'é', 'x'.repeat(256)])('of unusable form is refused: %j', async (key) => {
    const { status, body } = await doors.post('/v1/movements', receive, { 'idempotency-key': key });
    expect([status, body.problems?.[0]?.code]).toEqual([400, 'idempotency-key-malformed']);
  });

  test('is asked for where the site demands one; a receipt needs none', async () => {
    const strict = new OpenDoors({ isIdempotencyKeyRequired: true });
    expect((await strict.post('/v1/movements', receive)).body.code).toBe('idempotency-key-required');
    expect((await strict.post('/v1/movements', receive, headers)).status).toBe(201);
    const sale = { till: 'T', receipt: 'R', lines: receive.lines };
    expect((await strict.post('/v1/sales', sale)).status).toBe(201);
    strict.close();
  });
});

describe('If-Match', () => {
  test('lets a write pass that saw the current state, and answers the next tag', async () => {
    await doors.receive('TEA', 5);
    const { status, headers } = await doors.post('/v1/movements', receive, { 'if-match': '"v1"' });
    expect([status, headers.get('etag')]).toEqual([201, '"v2"']);
  });

  test.each(['"v0"', 'W/"v1"', '"other"', 'v1', '"v0", "v2"'])('refuses %s with the current state', async (tag) => {
    await doors.receive('TEA', 5);
    const { status, body, headers } = await doors.post('/v1/movements', receive, { 'if-match': tag });
    expect(status).toBe(412);
    expect(body).toMatchObject({ code: 'stale-position', sku: 'TEA', current: { onHand: 5, version: 1 } });
    expect(headers.get('etag')).toBe('"v1"');
    expect(doors.site.onHand('TEA')).toBe(5);
  });

  test('takes a list in which the current state stands', async () => {
    await doors.receive('TEA', 5);
    expect((await doors.post('/v1/movements', receive, { 'if-match': '"v0", "v1"' })).status).toBe(201);
  });

  test('* asks only that there is a state', async () => {
    const unknown = await doors.post('/v1/movements', receive, { 'if-match': '*' });
    expect([unknown.status, unknown.body.code]).toEqual([412, 'stale-position']);
    await doors.receive('TEA', 5);
    expect((await doors.post('/v1/movements', receive, { 'if-match': '*' })).status).toBe(201);
  });

  test('on several SKUs is refused and says why', async () => {
    const two = { kind: 'receive', lines: [...receive.lines, { sku: 'MUG', quantity: 1 }] };
    const { status, body } = await doors.post('/v1/movements', two, { 'if-match': '"v1"' });
    expect([status, body.code]).toEqual([400, 'if-match-ambiguous']);
    expect(body.detail).toContain('2 SKUs');
  });
});

describe('GET /v1/movements', () => {
  beforeEach(async () => {
    for (const quantity of [1, 2, 3]) await doors.receive('TEA', quantity);
  });

  test('gives the log page by page, from its begin when no place is named', async () => {
    const first = await doors.get('/v1/movements?limit=2');
    expect(first.body).toMatchObject({ firstSequence: 1, sequence: 3, next: 2 });
    expect(first.body.movements?.[1]).toEqual({
      sequence: 2,
      at: '2023-11-14T22:13:20.000Z',
      kind: 'receive',
      sku: 'TEA',
      quantity: 2,
      line: 0,
      position: expect.objectContaining({ onHand: 3, available: 3, version: 2 }),
    });
    const last = await doors.get(`/v1/movements?limit=2&after=${first.body.next}`);
    expect(last.body.movements?.map(({ sequence }) => sequence)).toEqual([3]);
    expect(last.body.next).toBeUndefined();
  });

  test('tells a reader that the log does not reach that far', async () => {
    const { status, body } = await doors.get('/v1/movements?after=4');
    expect([status, body.code, body.sequence]).toEqual([409, 'beyond-log', 3]);
  });

  test('tells a reader that what it asks for is gone, instead of skipping it', async () => {
    const { outbox } = doors.site.store;
    outbox.setAppliedUpTo(2);
    expect(outbox.trim({ agedUpTo: Number.MAX_SAFE_INTEGER, rowsMax: 100 })).toBe(2);
    const { status, body } = await doors.get('/v1/movements?after=0');
    expect([status, body.code]).toEqual([410, 'log-trimmed']);
    expect((await doors.get('/v1/movements')).body.movements?.map(({ sequence }) => sequence)).toEqual([3]);
  });

  test.each(['limit=0', 'limit=1001', 'limit=1.5', 'after=-1', 'after=x', 'page=2'])('refuses ?%s', async (query) => {
    const { status, body } = await doors.get(`/v1/movements?${query}`);
    expect([status, body.problems?.[0]?.path]).toEqual([400, query.split('=')[0]]);
  });
});
