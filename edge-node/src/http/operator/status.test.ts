import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OpenDoors, unlinked } from '../../testing/open-doors.ts';

let doors: OpenDoors;
beforeEach(() => {
  doors = new OpenDoors({
    status: () => ({
      ...unlinked,
      sent: 2,
      applied: 1,
      lastContactAt: 1_700_000_000_000,
      down: { sequence: 7, need: true },
    }),
  });
});
afterEach(() => doors.close());

test('the status tells who this is, how far the log and central are, and what to look at', async () => {
  for (const quantity of [1, 1, 1]) await doors.receive('TEA', quantity);
  expect((await doors.get('/v1/status')).body).toMatchObject({
    warehouse: 'BER1',
    epoch: 0,
    sequence: 3,
    firstSequence: 1,
    sent: 2,
    applied: 1,
    backlog: 2,
    down: { sequence: 7, need: true },
    link: 'disconnected',
    lastContactAt: '2023-11-14T22:13:20.000Z',
    openExceptions: 1,
    databaseBytes: expect.any(Number),
    version: '0.0.0-test',
    hint: 'the broker cannot be reached',
  });
});

test('the status, the readiness and the metrics tell what the daily check found, once there was one', async () => {
  expect((await doors.get('/v1/status')).body).not.toHaveProperty('integrity');
  const findings: string[] = [];
  const checked = new OpenDoors({ integrity: () => ({ checkedAt: 1_700_000_000_000, durationMs: 40, findings }) });
  const sound = { state: 'sound', checkedAt: '2023-11-14T22:13:20.000Z', durationMs: 40, findings: [] };
  expect((await checked.get('/v1/status')).body).toMatchObject({ integrity: sound });
  expect((await checked.get('/metrics')).text).toMatch(/^edgestock_database_damaged\{.*\} 0$/m);
  findings.push('Tree 5 page 9: btreeInitPage() returns error code 11');
  expect((await checked.get('/readyz')).body).toMatchObject({
    status: 'ready',
    integrity: { state: 'damaged', findings },
  });
  expect((await checked.get('/metrics')).text).toMatch(/^edgestock_database_damaged\{.*\} 1$/m);
  checked.close();
});

describe('a node without a link', () => {
  test('is alive and ready: serving without one is its purpose', async () => {
    expect((await doors.get('/healthz')).status).toBe(200);
    expect((await doors.get('/readyz')).status).toBe(200);
  });
});

test('a node is not ready once it is stopping, or when its stock cannot be read', async () => {
  const stopping = AbortSignal.abort();
  expect((await doors.app.request('/readyz', {}, { stopping })).status).toBe(503);
  const { view } = doors.deps.ledger;
  view.log = () => {
    throw new Error('disk gone');
  };
  const { status, text } = await doors.get('/readyz');
  expect(status).toBe(503);
  expect(text).not.toContain('disk gone');
});

test('exceptions wait in the order in which they were opened, page by page', async () => {
  for (const text of ['A', 'B', 'C']) {
    await doors.post('/v1/sales', { till: 'T', receipt: text, lines: [{ sku: text, quantity: 1 }] });
  }
  const first = await doors.get('/v1/exceptions?limit=2');
  expect(first.body.exceptions).toHaveLength(2);
  expect(first.body.exceptions?.[0]).toMatchObject({
    sku: 'A',
    sequence: 1,
    openedAt: '2023-11-14T22:13:20.000Z',
  });
  const all = await doors.get('/v1/exceptions');
  const rest = await doors.get(`/v1/exceptions?after=${first.body.next}`);
  expect([...(first.body.exceptions ?? []), ...(rest.body.exceptions ?? [])]).toEqual(all.body.exceptions);
  expect(rest.body.next).toBeUndefined();
});

test('the metrics page counts what happened, under the name of the warehouse', async () => {
  const { replication } = doors.deps;
  replication.directivesCarriedOut = 3;
  replication.lastUnits.timedOut = 2;
  await doors.post('/v1/sales', { till: 'T', receipt: 'R', lines: [{ sku: 'A', quantity: 1 }] });
  await doors.get('/v1/stock/A');
  await doors.get('/v1/stock/NO');
  await doors.post('/v1/sales', { till: 'T' });
  const { text, headers } = await doors.get('/metrics');
  expect(headers.get('content-type')).toContain('text/plain');
  expect(text).toContain('edgestock_log_sequence{warehouse="BER1"} 1');
  expect(text).toContain('edgestock_ledger_movements_total{warehouse="BER1"} 1');
  expect(text).toContain('edgestock_down_sequence{warehouse="BER1"} 7');
  expect(text).toContain('edgestock_replication_directives_carried_out_total{warehouse="BER1"} 3');
  expect(text).toContain('edgestock_last_units_timed_out_total{warehouse="BER1"} 2');
  expect(text).toContain('edgestock_http_request_seconds_count{warehouse="BER1",route="stock",status="2xx"} 1');
  expect(text).toContain('edgestock_http_request_seconds_count{warehouse="BER1",route="stock",status="4xx"} 1');
  expect(text).toContain('edgestock_http_request_seconds_count{warehouse="BER1",route="sales",status="4xx"} 1');
  // Counters are set from the node's own, so a second page does not count twice.
  expect((await doors.get('/metrics')).text).toContain('edgestock_ledger_movements_total{warehouse="BER1"} 1');
});
