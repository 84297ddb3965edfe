import { afterEach, beforeEach, expect, test } from 'vitest';
import { OpenDoors } from '../../testing/open-doors.ts';
import { sku } from '../../testing/site.ts';

let doors: OpenDoors;
beforeEach(async () => {
  doors = new OpenDoors();
  await doors.receive('TEA', 10);
});
afterEach(() => doors.close());

test('a count records the difference to what the books said', async () => {
  const { status, body } = await doors.post('/v1/counts', { lines: [{ sku: 'TEA', counted: 7 }], document: 'C-1' });
  expect(status).toBe(201);
  expect(body.movements?.[0]).toMatchObject({ kind: 'count', quantity: -3, position: { onHand: 7 } });
});

test('a count of what was there a while ago leaves later movements standing', async () => {
  await doors.receive('TEA', 5);
  const { body } = await doors.post('/v1/counts', { lines: [{ sku: 'TEA', counted: 9, atSequence: 1 }] });
  expect(body.movements?.[0]?.position.onHand).toBe(14);
});

test('nothing at all may be counted, and cases are counted in units', async () => {
  expect((await doors.post('/v1/counts', { lines: [{ sku: 'TEA', counted: 0 }] })).status).toBe(201);
  doors.site.store.items.setBarcode({ barcode: 'CASE', sku: sku('TEA'), multiple: 12 });
  const { body } = await doors.post('/v1/counts', { lines: [{ barcode: 'CASE', counted: 3 }] });
  expect(body.movements?.[0]?.position.onHand).toBe(36);
});

test.each([
  [{ counted: -1 }, 'counted-invalid'],
  [{ counted: 1.5 }, 'counted-invalid'],
  [{ counted: 1, atSequence: 2 }, 'sequence-unknown'],
  [{ counted: 1, atSequence: -1 }, 'sequence-invalid'],
  [{ counted: 1, quantity: 1 }, 'unknown-field'],
])('a line with %j is refused', async (line, code) => {
  const { status, body } = await doors.post('/v1/counts', { lines: [{ sku: 'TEA', ...line }] });
  expect([status, body.problems?.[0]]).toMatchObject([400, { line: 0, code }]);
  expect(doors.site.onHand('TEA')).toBe(10);
});
