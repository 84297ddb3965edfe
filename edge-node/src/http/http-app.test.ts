import type { Log } from '@edgestock/shared/runtime/log';
import { silentLog } from '@edgestock/shared/runtime/log';
import { fc, test as property } from '@fast-check/vitest';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LedgerUnavailable } from '../ledger/ledger-unavailable.ts';
import { ImportSite } from '../testing/import-site.ts';
import { OpenDoors } from '../testing/open-doors.ts';

test('the doors of a whole node leave the fast router in place, also with imports', async () => {
  const site = new ImportSite();
  const doors = new OpenDoors({ imports: site.jobs });
  await doors.get('/healthz');
  expect(doors.app.router.name).toContain('RegExpRouter');
  doors.close();
  site.site.dispose();
});

describe('what is not there', () => {
  let doors: OpenDoors;
  beforeEach(() => {
    doors = new OpenDoors();
  });
  afterEach(() => doors.close());

  test.each(['/', '/v1', '/v1/stock/', '/v1/stock/a/b', '/v2/stock'])(
    '%s is a problem like any other',
    async (path) => {
      const { status, body, headers } = await doors.get(path);
      expect([status, body.code]).toEqual([404, 'route-not-found']);
      expect(headers.get('content-type')).toBe('application/problem+json');
    },
  );

  test.each([
    ['/task/O-1.1', 'Is /v1/tasks/:id meant?'],
    ['/orders', 'This is a node; orders are at central: ask /v1/orders there.'],
    ['/v1/order/O-1', 'This is a node; orders are at central: ask /v1/orders/:id there.'],
    ['/v1/availability/A', 'This is a node; availability is at central: ask /v1/availability/:sku there.'],
    ['/', 'The routes begin with /v1/.'],
    ['/favicon.ico', 'The routes begin with /v1/.'],
    ['/v1/stock/A/B', 'A SKU or barcode in a path is URL-encoded: / is %2F.'],
  ])('%s is told with a hint: %s', async (path, hint) => {
    expect((await doors.get(path)).body).toMatchObject({ code: 'route-not-found', hint });
  });

  test.each([
    ['/v1/nowhere/', 404],
    ['/v1/transfers/', 404],
    ['/v1/counts/x/', 404],
  ])('%s with thousands of characters is not told back at length', async (path, expected) => {
    const { status, body } = await doors.get(`${path}${'x'.repeat(5000)}`);
    expect([status, body.detail]).toEqual([expected, expect.stringContaining('xxx')]);
    expect(JSON.stringify(body).length).toBeLessThan(600);
  });

  test.each([
    ['PUT', '/v1/stock/TEA', 'GET, HEAD'],
    ['GET', '/v1/sales', 'POST'],
    ['DELETE', '/v1/movements', 'POST, GET, HEAD'],
    ['OPTIONS', '/v1/sales', 'POST'],
  ])('%s %s is told what the route takes', async (method, path, allowed) => {
    const response = await doors.app.request(path, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, allowed]);
    expect(await response.json()).toMatchObject({ code: 'method-not-allowed' });
  });

  test('HEAD has the headers of GET and no body', async () => {
    await doors.receive('TEA', 1);
    const response = await doors.app.request('/v1/stock/TEA', { method: 'HEAD' });
    expect([response.status, response.headers.get('etag'), await response.text()]).toEqual([200, '"v1"', '']);
  });
});

describe('what fails inside', () => {
  const lines: { facts: object; event: string }[] = [];
  const log: Log = { ...silentLog, error: (facts, event) => lines.push({ facts, event }) };
  const sale = { till: 'T', receipt: 'R', lines: [{ sku: 'A', quantity: 1 }] };
  let doors: OpenDoors;
  beforeEach(() => {
    lines.length = 0;
    doors = new OpenDoors({ log });
  });
  afterEach(() => doors.close());

  test.each([
    ['SQLITE_IOERR_FSYNC', 503, 'outcome-unknown', 'replace it'],
    ['SQLITE_BUSY', 503, 'unavailable', 'sent again unchanged'],
    ['SQLITE_FULL', 507, 'insufficient-storage', 'disk is full'],
  ])(
    'a write that the database refuses with %s is a %i that may be repeated, with the hint for the operator',
    async (...given) => {
      const [sqlite, expected, code, hint] = given;
      doors.site.ledger.record = () =>
        Promise.reject(new LedgerUnavailable(Object.assign(new Error(), { code: sqlite })));
      const { status, body, headers } = await doors.post('/v1/sales', sale);
      expect([status, body.code]).toEqual([expected, code]);
      expect(body).toMatchObject({ hint: expect.stringContaining(hint) });
      expect(headers.get('retry-after')).toBe('2');
    },
  );

  test('a full disk is a 507 also where the ledger is not asked, and that is logged', async () => {
    doors.site.ledger.view.page = () => {
      throw Object.assign(new Error(), { code: 'SQLITE_FULL' });
    };
    expect((await doors.get('/v1/stock')).status).toBe(507);
    expect(lines).toMatchObject([{ event: 'write refused by the stock database' }]);
  });

  test('a defect is a 500 that tells nothing but the id under which the log tells all', async () => {
    const secret = 'a path, a key, a row';
    doors.site.ledger.record = () => Promise.reject(new Error(secret));
    doors.site.ledger.view.page = () => {
      throw new Error(secret);
    };
    for (const { status, body, text } of [await doors.post('/v1/sales', sale), await doors.get('/v1/stock')]) {
      expect([status, body.code]).toEqual([500, 'internal']);
      expect(text).not.toContain(secret);
      expect(lines.shift()).toMatchObject({ facts: { requestId: body.requestId, err: { message: secret } } });
    }
  });
});

describe('whatever is sent', () => {
  const doors = new OpenDoors();
  afterAll(() => doors.close());
  const writes = ['/v1/sales', '/v1/returns', '/v1/movements', '/v1/counts'];
  const headers = fc.record(
    {
      'content-type': fc.constantFrom('application/json', 'application/json;charset=', 'text/json', ';;'),
      'if-match': fc.string({ unit: 'grapheme-ascii' }),
      'idempotency-key': fc.string({ unit: 'grapheme-ascii' }),
    },
    { requiredKeys: ['content-type'] },
  );
  /** Bodies close to right ones, with one member made of anything. */
  const nearly = fc
    .record({
      member: fc.constantFrom('till', 'receipt', 'kind', 'lines', 'quantity', 'sku', 'barcode', 'bin', 'serials'),
      value: fc.jsonValue(),
    })
    .map(({ member, value }) => {
      const line = { sku: 'TEA', quantity: 0, [member]: value };
      return JSON.stringify({
        till: 'T',
        receipt: 'R',
        kind: 'sale',
        lines: [{ ...line, quantity: 0 }],
        [member]: value,
      });
    });
  const garbage = fc.oneof(
    nearly,
    fc.json(),
    fc.string({ unit: 'binary' }),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  );

  property.prop([fc.constantFrom(...writes), headers, garbage])(
    'garbage is never a 500 and never changes stock',
    async (path, headers, body) => {
      const response = await doors.app.request(path, { method: 'POST', headers, body });
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(response.status).toBeLessThan(500);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(doors.site.ledger.view.log().sequence).toBe(0);
    },
  );

  property.prop([fc.webPath(), fc.webQueryParameters()])('no path and no query is a 500', async (path, query) => {
    for (const prefix of ['', '/v1/stock', '/v1/scan', '/v1/movements', '/v1/exceptions']) {
      const response = await doors.app.request(`${prefix}${path}?${query}`);
      expect(response.status).toBeLessThan(500);
      await response.body?.cancel();
    }
  });
});
