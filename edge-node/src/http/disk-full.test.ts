import { type Log, silentLog } from '@edgestock/shared/runtime/log';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OpenDoors } from '../testing/open-doors.ts';

/** SQLite's own bound on pages stands for the disk here; `lab/src/e2e/full-disk.e2e.test.ts` fills a real one. */
const told: { level: string; event: string; facts: object }[] = [];
const log: Log = {
  ...silentLog,
  info: (facts, event) => void told.push({ level: 'info', event, facts }),
  error: (facts, event) => void told.push({ level: 'error', event, facts }),
};
const LOTS_OF_PAGES = 1_000_000;

let doors: OpenDoors;
let receipts: number;
beforeEach(async () => {
  told.length = 0;
  receipts = 0;
  doors = new OpenDoors({ log });
  await doors.receive('TEA', 1_000);
});
afterEach(() => doors.close());

const sell = () => {
  receipts += 1;
  return doors.post('/v1/sales', { till: 'T', receipt: `R-${receipts}`, lines: [{ sku: 'TEA', quantity: 1 }] });
};

/** No page can be added any more; sells until one is needed. */
async function fillDisk() {
  doors.site.store.boundPages(1);
  for (let sales = 0; sales < 500; sales += 1) {
    const answer = await sell();
    if (answer.status !== 201) return answer;
  }
  throw new Error('the bound did not hold');
}

test('on a full disk a sale is refused with 507 and what to do, and reads go on', async () => {
  const { status, body, headers } = await fillDisk();
  expect([status, body.code]).toEqual([507, 'insufficient-storage']);
  expect(body).toMatchObject({ hint: expect.stringContaining('free space on the node') });
  expect(headers.get('retry-after')).not.toBeNull();
  expect((await doors.get('/v1/stock/TEA')).status).toBe(200);
});

test('the status, the readiness and the metrics show failing writes, until one is taken again', async () => {
  const since = new Date(doors.site.clock.now()).toISOString();
  await fillDisk();
  const failing = {
    since,
    reason: expect.stringContaining('SQLITE_FULL'),
    hint: expect.stringContaining('disk is full'),
  };
  await doors.site.clock.advance(60_000);
  await sell();
  expect((await doors.get('/v1/status')).body).toMatchObject({ writesFailing: failing });
  const ready = await doors.get('/readyz');
  expect(ready.status).toBe(200);
  expect(ready.body).toMatchObject({ status: 'ready', writesFailing: failing });
  expect((await doors.get('/metrics')).text).toContain('edgestock_writes_failing{warehouse="BER1"} 1');

  doors.site.store.boundPages(LOTS_OF_PAGES);
  expect((await doors.get('/v1/status')).body).toMatchObject({ writesFailing: failing });
  expect((await sell()).status).toBe(201);
  for (const path of ['/v1/status', '/readyz'])
    expect((await doors.get(path)).body).not.toHaveProperty('writesFailing');
  expect((await doors.get('/metrics')).text).toContain('edgestock_writes_failing{warehouse="BER1"} 0');
});

test('the log has one line when writes begin to fail and one when they work again, which counts the refused', async () => {
  await fillDisk();
  const together = await Promise.all([sell(), sell(), sell(), sell()]);
  expect(together.map(({ status }) => status)).toEqual([507, 507, 507, 507]);
  await sell();
  doors.site.store.boundPages(LOTS_OF_PAGES);
  await sell();
  await sell();
  expect(told).toMatchObject([
    { level: 'error', event: 'writes are failing', facts: { hint: expect.stringContaining('disk is full') } },
    { level: 'info', event: 'writes work again', facts: { refused: 6 } },
  ]);
});

test('an exception is not closed on a full disk, and can be closed after', async () => {
  doors.site.store.exceptions.close = () => {
    throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
  };
  const words = { actor: 'anna', note: 'Not on the list yet.' };
  expect((await doors.post('/v1/exceptions/1/resolve', words)).status).toBe(507);
  expect(doors.site.ledger.writesFailing).toBeDefined();
  Reflect.deleteProperty(doors.site.store.exceptions, 'close');
  expect((await doors.post('/v1/exceptions/1/resolve', words)).status).toBe(200);
  expect(doors.site.ledger.writesFailing).toBeUndefined();
});

test('a refused sale that is sent again is recorded once, and nothing of the refused one remains', async () => {
  const before = doors.site.onHand('TEA');
  await fillDisk();
  const sold = receipts - 1;
  expect(doors.site.onHand('TEA')).toBe(before - sold);
  doors.site.store.boundPages(LOTS_OF_PAGES);
  receipts -= 1;
  expect((await sell()).status).toBe(201);
  expect(doors.site.onHand('TEA')).toBe(before - sold - 1);
});
