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
