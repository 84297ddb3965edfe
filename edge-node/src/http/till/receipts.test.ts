import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OpenDoors } from '../../testing/open-doors.ts';

let doors: OpenDoors;
beforeEach(() => {
  doors = new OpenDoors();
});
afterEach(() => doors.close());

const sale = { till: 'T1', receipt: 'R-1', lines: [{ sku: 'TEA', quantity: 2 }] };

describe('POST /v1/sales', () => {
  test('answers 201 with every movement, its position after it, and the ETag of the one position', async () => {
    await doors.receive('TEA', 10);
    const { status, body, headers } = await doors.post('/v1/sales', sale);
    expect(status).toBe(201);
    expect(body).toEqual({
      sequence: 2,
      movements: [
        {
          sequence: 2,
          sku: 'TEA',
          kind: 'sale',
          quantity: -2,
          line: 0,
          position: {
            onHand: 8,
            unsellable: 0,
            reserved: 0,
            committed: 0,
            quota: 0,
            safetyStock: 0,
            available: 8,
            version: 2,
            sequence: 2,
          },
        },
      ],
      exceptions: [],
    });
    expect(headers.get('etag')).toBe('"v2"');
  });

  test('a repeated receipt gets the first answer, marked as replayed, and sells nothing more', async () => {
    await doors.receive('TEA', 10);
    const first = await doors.post('/v1/sales', sale);
    const again = await doors.post('/v1/sales', sale);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(doors.site.onHand('TEA')).toBe(8);
  });

  test('the order of keys, white space and the form of a time do not make a repeated receipt another one', async () => {
    await doors.post('/v1/sales', { ...sale, occurredAt: '2026-03-29T01:30:00+01:00' });
    const text =
      '{ "occurredAt": 1774744200000,\n"lines": [{"quantity": 2, "sku": "TEA"}], "receipt": "R-1", "till": "T1" }';
    const again = await doors.post('/v1/sales', text);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  test('a receipt with another body is refused, and names the till and receipt', async () => {
    await doors.post('/v1/sales', sale);
    const { status, body } = await doors.post('/v1/sales', { ...sale, lines: [{ sku: 'TEA', quantity: 3 }] });
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'idempotency-key-reused', key: 'T1/R-1' });
  });

  test('the same receipt number of another till, or as a return, is another document', async () => {
    await doors.receive('TEA', 10);
    await doors.post('/v1/sales', sale);
    expect((await doors.post('/v1/sales', { ...sale, till: 'T2' })).headers.get('idempotency-replayed')).toBeNull();
    expect((await doors.post('/v1/returns', sale)).body.movements?.[0]?.position.onHand).toBe(8);
  });

  test('the receipt counts, not an Idempotency-Key beside it', async () => {
    await doors.post('/v1/sales', sale, { 'idempotency-key': 'one' });
    const again = await doors.post('/v1/sales', sale, { 'idempotency-key': 'two' });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  test('a sale beyond the stock of an unknown item is recorded, with the exceptions that it opened', async () => {
    const { status, body } = await doors.post('/v1/sales', sale);
    expect(status).toBe(201);
    expect(body.movements?.[0]?.position.onHand).toBe(-2);
    expect(body.exceptions?.map(({ kind }) => kind)).toContain('unknown-sku');
  });

  test('the log tells the till, the receipt and the time by the clock of the till', async () => {
    await doors.post('/v1/sales', { ...sale, occurredAt: '2026-03-29T01:30:00+01:00', actor: 'Ada' });
    const { movements } = (await doors.get('/v1/movements')).body;
    expect(movements?.[0]).toMatchObject({ document: 'T1/R-1', actor: 'Ada', occurredAt: '2026-03-29T00:30:00.000Z' });
  });

  test('If-Match holds for a receipt on one SKU', async () => {
    await doors.receive('TEA', 10);
    const { status } = await doors.post('/v1/sales', sale, { 'if-match': '"v7"' });
    expect(status).toBe(412);
  });
});

describe('POST /v1/returns', () => {
  test('brings the units back, in the condition they are in', async () => {
    const returned = { ...sale, lines: [{ sku: 'TEA', quantity: 1, condition: 'damaged' }] };
    const { status, body } = await doors.post('/v1/returns', returned);
    expect(status).toBe(201);
    expect(body.movements?.[0]).toMatchObject({
      kind: 'return',
      quantity: 1,
      position: { onHand: 1, unsellable: 1, available: 0 },
    });
  });
});

describe('a barcode that cannot be read', () => {
  const url = `https://shop.example/p/${'x'.repeat(60)}`;
  const sold = (barcode: string, receipt: string, path = '/v1/sales') =>
    doors.post(path, { till: 'T1', receipt, lines: [{ barcode, quantity: 2 }] });

  test.each([
    ['a wrong check digit in a label', '(01)04006381333932', '(01)04006381333932'],
    ['a date that does not exist', '(01)04006381333931(17)991345', '(01)04006381333931(17)991345'],
    ['a comma', 'TEA,GREEN', 'TEA%2CGREEN'],
    ['a separator', '0104006381333932\u001d', '0104006381333932%1D'],
    ['an escape of its own and a comma', '100%,', '100%25%2C'],
    ['a long address', url, expect.stringMatching(/^https:\/\/shop\.example\/p\/x{24}~[0-9a-f]{16}$/)],
    ['nothing but spaces', '   ', '%20 %20'],
  ])('does not keep a sale from being recorded: %s (P4)', async (_, barcode, derived) => {
    const { status, body } = await sold(barcode, 'R-1');
    expect(status).toBe(201);
    expect(body.movements).toMatchObject([{ sku: derived, quantity: -2 }]);
    const shown = (await doors.get('/v1/exceptions')).body.exceptions;
    expect(shown).toContainEqual(expect.objectContaining({ kind: 'unreadable-barcode', sku: derived, barcode }));
  });

  test('is recorded under the same SKU each time, and comes back under it', async () => {
    const skuOf = ({ text }: { readonly text: string }) => /"sku":"([^"]+)"/.exec(text)?.[1] ?? '';
    const derived = skuOf(await sold(url, 'R-1'));
    await sold(url, 'R-2');
    expect(skuOf(await sold(url, 'R-3', '/v1/returns'))).toBe(derived);
    expect(doors.site.onHand(derived)).toBe(-2);
    expect(skuOf(await sold(`${url}y`, 'R-4'))).not.toBe(derived);
  });

  test('is one receipt however often it is sent, with the same answer', async () => {
    const first = await sold('TEA,GREEN', 'R-1');
    const again = await sold('TEA,GREEN', 'R-1');
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect(doors.site.onHand('TEA%2CGREEN')).toBe(-2);
  });

  test('says as much of the text as fits', async () => {
    const long = `${'ä'.repeat(500)},`;
    await sold(long, 'R-1');
    const shown = (await doors.get('/v1/exceptions')).body.exceptions;
    expect(shown).toContainEqual(expect.objectContaining({ barcode: 'ä'.repeat(256) }));
  });

  test('is refused where nothing has happened yet that must be kept', async () => {
    const lines = [{ barcode: 'TEA,GREEN', quantity: 2 }];
    expect((await doors.post('/v1/movements', { kind: 'receive', lines })).status).toBe(400);
    const counts = await doors.post('/v1/counts', { lines: [{ barcode: 'TEA,GREEN', counted: 2 }] });
    expect(counts.status).toBe(400);
    expect((await doors.post('/v1/movements', { kind: 'sale', lines })).status).toBe(201);
  });
});
