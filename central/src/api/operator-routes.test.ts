import { systemClock } from '@edgestock/shared/runtime/clock';
import { CannotListen } from '@edgestock/shared/runtime/listening';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { emptyIngestMetrics } from '../ingest/ingest-metrics.ts';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { ApiUnderTest, NOW } from '../testing/api-under-test.ts';
import { NodeLog, warehouseOf } from '../testing/node-log.ts';
import { startHttpServer } from './http-server.ts';

let central: ApiUnderTest;
beforeEach(async () => {
  central = await ApiUnderTest.start();
});
afterEach(() => central.stop());

const json = async (path: string): Promise<unknown> => (await central.fetch(path)).json();
const NOW_TEXT = new Date(NOW).toISOString();

test('the status, the readiness and the metrics tell what the daily check of the store found', async () => {
  expect(await json('/v1/status')).not.toHaveProperty('integrity');
  const findings: string[] = [];
  const checked = await ApiUnderTest.start({ integrity: () => ({ checkedAt: NOW, durationMs: 40, findings }) });
  const told = async (path: string) => (await checked.fetch(path)).json();
  expect(await told('/v1/status')).toMatchObject({
    integrity: { state: 'sound', checkedAt: NOW_TEXT, durationMs: 40 },
  });
  expect(await (await checked.fetch('/metrics')).text()).toMatch(/^edgestock_central_database_damaged 0$/m);
  findings.push('page 9: not a page');
  expect((await checked.fetch('/readyz')).status).toBe(503);
  expect(await told('/readyz')).toMatchObject({ reason: 'store-damaged', integrity: { state: 'damaged', findings } });
  expect(await (await checked.fetch('/metrics')).text()).toMatch(/^edgestock_central_database_damaged 1$/m);
  await checked.stop();
});

describe('GET /v1/warehouses', () => {
  test('tells of every warehouse how far it is known', async () => {
    await central.move('HAM1', { sku: 'A', quantity: 3 });
    await central.move('BER1', { sku: 'A', quantity: 10 }, { sku: 'B', quantity: 1 });
    central.clock.offsetMs = 2_000;
    expect(await json('/v1/warehouses')).toMatchObject({
      warehouses: [
        {
          warehouse: 'BER1',
          epoch: 1,
          appliedUpTo: 2,
          committedUpTo: 2,
          backlog: 0,
          asOf: NOW_TEXT,
          heardAt: NOW_TEXT,
          lagMs: 2_000,
          isSilent: false,
        },
        { warehouse: 'HAM1', appliedUpTo: 1 },
      ],
    });
    expect(await json('/v1/warehouses/HAM1')).toMatchObject({ warehouse: 'HAM1', appliedUpTo: 1 });
  });

  test('says of a warehouse of which nothing is known that it is of no age, and everywhere else too', async () => {
    const log = new NodeLog('BER1');
    await central.store.store.enrol(log.warehouse, log.enrolRequest(), NOW);
    const unknown = { asOf: null, lagMs: null };
    expect(await json('/v1/warehouses')).toMatchObject({ warehouses: [{ warehouse: 'BER1', ...unknown }] });
    expect(await json('/v1/warehouses/BER1/stock')).toMatchObject({ ...unknown, positions: [] });
    expect(await json('/v1/availability/A')).toMatchObject({ available: 0, asOf: null, ageMs: null, stale: ['BER1'] });
    expect(await json('/v1/status')).toMatchObject({ warehouses: { unknown: ['BER1'], silent: [] } });
    expect(await (await central.fetch('/metrics')).text()).not.toContain('lag_seconds{');
    await central.move('BER1', { sku: 'A', quantity: 1 });
    expect(await json('/v1/status')).toMatchObject({ warehouses: { unknown: [] } });
  });

  test('knows no warehouse that was never enrolled', async () => {
    const response = await central.fetch('/v1/warehouses/MUC1');
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'unknown-warehouse' });
    expect((await central.fetch('/v1/warehouses/not%20one')).status).toBe(400);
  });
});

describe('GET /v1/warehouses/{id}/stock', () => {
  test('pages through the positions in the order of their SKUs', async () => {
    await central.move('BER1', { sku: 'C', quantity: 3 }, { sku: 'A', quantity: 1 }, { sku: 'B', quantity: -2 });
    expect(await json('/v1/warehouses/BER1/stock?limit=2')).toMatchObject({
      warehouse: 'BER1',
      asOf: NOW_TEXT,
      positions: [
        { sku: 'A', onHand: 1, quota: 1, available: 0, version: 1, sequence: 2 },
        { sku: 'B', onHand: -2, available: -2 },
      ],
      next: 'B',
    });
    const last = await json('/v1/warehouses/BER1/stock?limit=2&after=B');
    expect(last).toMatchObject({ positions: [{ sku: 'C', onHand: 3 }] });
    expect(last).not.toHaveProperty('next');
  });

  test.each(['?limit=0', '?limit=1001', '?limit=x', '?after=%00', '?page=2'])('refuses %s', async (query) => {
    await central.move('BER1', { sku: 'A', quantity: 1 });
    expect((await central.fetch(`/v1/warehouses/BER1/stock${query}`)).status).toBe(400);
  });
});

describe('GET /v1/stock/{sku}/explain', () => {
  test('shows both sides of the number: the sum, each share, and the movements behind it', async () => {
    await central.move('BER1', { sku: 'A', quantity: 10 });
    await central.move('BER1', { sku: 'A', quantity: -4 });
    await central.move('HAM1', { sku: 'A', quantity: -2 });
    expect(await json('/v1/stock/A/explain')).toMatchObject({
      sku: 'A',
      available: 6,
      because: '6 in BER1 + 0 in HAM1 = 6',
      warehouses: [
        {
          warehouse: 'BER1',
          available: 6,
          because: '10 granted - 4 given back = 6',
          nodeBecause: '6 on hand - 10 quota = -4',
          asOf: NOW_TEXT,
          isHistoryBehind: false,
          movements: [
            { sequence: 2, kind: 'sale', quantity: -4, onHand: 6 },
            { sequence: 1, kind: 'receive', quantity: 10, onHand: 10 },
          ],
        },
        { warehouse: 'HAM1', available: 0, because: '0 granted = 0', nodeBecause: '-2 on hand = -2' },
      ],
    });
  });

  test('shows as many movements as asked for', async () => {
    for (let sold = 0; sold < 5; sold += 1) await central.move('BER1', { sku: 'A', quantity: -1 });
    const { warehouses } = (await json('/v1/stock/A/explain?limit=2')) as {
      warehouses: { movements: { sequence: number }[] }[];
    };
    expect(warehouses[0]?.movements.map(({ sequence }) => sequence)).toEqual([5, 4]);
  });

  test('explains a SKU that nobody ever had as 0', async () => {
    expect(await json('/v1/stock/X/explain')).toMatchObject({
      available: 0,
      warehouses: [],
      because: expect.any(String),
    });
  });
});

describe('for operators', () => {
  test('the status tells store, ingest, revision and who is silent', async () => {
    await central.move('BER1', { sku: 'A', quantity: 10 });
    central.clock.offsetMs = 60_000;
    expect(await json('/v1/status')).toMatchObject({
      role: 'central',
      version: '0.0.0-test',
      revision: 1,
      store: { path: central.store.path, bytes: expect.any(Number) },
      ingest: { isUp: false, state: 'absent' },
      warehouses: { enrolled: 1, silent: ['BER1'], fenced: [] },
    });
  });

  test('a node that has stopped sending by its own judgement is among the fenced, with its reason', async () => {
    await central.move('BER1', { sku: 'A', quantity: 10 });
    const spoken = { committed: 0, sent: 0, skewMs: 0, schemaMin: 1, schemaMax: 1, nodeFence: 'rolled back' };
    await central.store.store.recordHeard([{ warehouse: warehouseOf('BER1'), at: NOW, ...spoken }]);
    expect(await json('/v1/warehouses/BER1')).toMatchObject({ nodeFence: { reason: 'rolled back' } });
    expect(await json('/v1/status')).toMatchObject({ warehouses: { fenced: ['BER1'] } });
    expect(await (await central.fetch('/metrics')).text()).toContain('edgestock_central_warehouses_fenced 1');
  });

  test('the probes tell alive and ready', async () => {
    expect((await central.fetch('/healthz')).status).toBe(200);
    expect((await central.fetch('/readyz')).status).toBe(200);
    central.store.opened.close();
    expect((await central.fetch('/readyz')).status).toBe(503);
    expect((await central.fetch('/healthz')).status).toBe(200);
  });

  test('the metrics count answers by route and show every warehouse', async () => {
    await central.move('BER1', { sku: 'A', quantity: 10 });
    await central.fetch('/v1/availability/A');
    await central.fetch('/v1/availability/%00');
    const page = await (await central.fetch('/metrics')).text();
    const count = (status: string) =>
      `edgestock_central_http_request_seconds_count{route="/v1/availability/:sku",status="${status}"} 1`;
    expect(page).toContain(count('2xx'));
    expect(page).toContain(count('4xx'));
    expect(page).toContain('edgestock_central_revision 1');
    expect(page).toContain('edgestock_central_epoch 1');
    expect(page).toContain('edgestock_central_warehouse_backlog{warehouse="BER1"} 0');
    expect(page).toContain('edgestock_central_ingest_deltas_applied_total 0');
  });

  test('a store that takes no writes is told in the status and the metrics, and central stays ready to read', async () => {
    const failing = { since: NOW_TEXT, reason: 'database or disk is full', hint: 'make room' };
    const counters = { ...emptyIngestMetrics(), storeFailing: 1 };
    const full = await ApiUnderTest.start({
      ingest: () => ({ isUp: false, state: 'store-failing', ...failing, counters }),
    });
    expect((await full.fetch('/readyz')).status).toBe(200);
    expect(await (await full.fetch('/v1/status')).json()).toMatchObject({
      ingest: { state: 'store-failing', ...failing },
    });
    expect(await (await full.fetch('/metrics')).text()).toContain('edgestock_central_ingest_store_failing 1');
    await full.stop();
  });

  test('a store that fails is told as a problem, and the next request is answered', async () => {
    const { opened } = central.store;
    opened.close();
    const response = await central.fetch('/v1/availability/A');
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ code: 'internal' });
    expect((await central.fetch('/healthz')).status).toBe(200);
  });

  test('a store that cannot be read for now is told as such, and the status without it', async () => {
    let isCut = false;
    const { reader } = central.store;
    const away = async () => {
      throw new StoreUnavailable('the database server cannot be reached');
    };
    const cut = await ApiUnderTest.start({
      reader: new Proxy(reader, {
        get: (target, name) => {
          if (isCut && name !== 'life') return away;
          const found: unknown = Reflect.get(target, name);
          return typeof found === 'function' ? found.bind(target) : found;
        },
      }),
    });
    const told = async (path: string) => {
      const response = await cut.fetch(path);
      return [response.status, response.headers.get('retry-after'), await response.text()] as const;
    };
    expect((await told('/metrics'))[2]).toContain('edgestock_central_oversold 0');
    isCut = true;
    for (const path of ['/v1/availability/A', '/readyz', '/v1/warehouses']) {
      const [status, retryAfter, body] = await told(path);
      expect([status, retryAfter]).toEqual([503, '1']);
      expect(JSON.parse(body)).toMatchObject({ code: 'unavailable', reason: 'store-away', retryable: true });
    }
    const [status, , body] = await told('/v1/status');
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ role: 'central', promises: { pending: 0 } });
    expect(JSON.parse(body)).not.toHaveProperty('warehouses');
    expect(JSON.parse(body).store).toMatchObject({ isUp: false, reason: 'the database server cannot be reached' });
    // No figure is better than that of a moment ago: nobody is told that nothing is oversold.
    expect((await told('/metrics'))[2]).not.toContain('edgestock_central_oversold 0');
    await cut.stop();
  });

  test('a store that does not answer keeps nobody from the status or the probe for longer than a second; both say so', async () => {
    let isDeaf = false;
    const deaf = await ApiUnderTest.start({
      reader: new Proxy(central.store.reader, {
        get: (target, name) => {
          const found: unknown = Reflect.get(target, name);
          if (isDeaf && (name === 'stats' || name === 'currentRevision')) return () => new Promise(() => undefined);
          return typeof found === 'function' ? found.bind(target) : found;
        },
      }),
    });
    isDeaf = true;
    const signal = AbortSignal.timeout(5_000);
    const [response, probed] = await Promise.all(['/v1/status', '/readyz'].map((path) => deaf.fetch(path, { signal })));
    expect(probed?.status).toBe(503);
    expect(await probed?.json()).toMatchObject({ reason: 'store-away', detail: expect.stringContaining('within 1 s') });
    expect(await response?.json()).toMatchObject({
      role: 'central',
      store: { isUp: false, since: NOW_TEXT, reason: 'no answer within 1 s', hint: expect.any(String) },
      promises: { pending: 0 },
    });
    await deaf.stop();
  });

  test('a port in use is told with what to do', async () => {
    const port = Number(new URL(central.api.url).port);
    const second = startHttpServer({ host: '127.0.0.1', port, clock: systemClock });
    await expect(second).rejects.toThrow(CannotListen);
    await expect(second).rejects.toMatchObject({ hint: expect.stringContaining('--port') });
  });
});

describe('CORS', () => {
  test('is off until an origin is named', async () => {
    const origin = 'https://shop.example';
    const closed = await central.fetch('/v1/availability/A', { headers: { origin } });
    expect(closed.headers.get('access-control-allow-origin')).toBeNull();
    const open = await ApiUnderTest.start({ corsOrigins: [origin] });
    const allowed = await open.fetch('/v1/availability/A', { headers: { origin } });
    const other = await open.fetch('/v1/availability/A', { headers: { origin: 'https://other.example' } });
    await open.stop();
    expect(allowed.headers.get('access-control-allow-origin')).toBe(origin);
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });
});
