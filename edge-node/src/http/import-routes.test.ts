import { systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RemoteImport } from '../import/remote-import.ts';
import { httpLimits } from '../limits.ts';
import { newCounters } from '../replication/counters.ts';
import { faults, ImportSite } from '../testing/import-site.ts';
import { unlinked } from '../testing/open-doors.ts';
import { createHttpApp } from './http-app.ts';
import { type HttpService, serveHttp } from './serve-http.ts';

let bench: ImportSite;
let server: HttpService;
let remote: RemoteImport;
beforeEach(async () => {
  bench = new ImportSite();
  const app = createHttpApp({
    ledger: bench.site.ledger,
    imports: bench.jobs,
    status: () => unlinked,
    replication: newCounters(),
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    limits: httpLimits,
    version: '0.0.0-test',
  });
  server = await serveHttp(app, { port: 0, limits: httpLimits, clock: systemClock });
  remote = new RemoteImport({ url: server.url, clock: systemClock });
});
afterEach(async () => {
  await server.stop();
  bench.site.dispose();
});

const put = (path: string, body: unknown) =>
  fetch(`${server.url}${path}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

describe('an import through a running node', () => {
  it('does what it does on a directory, and is the same import there', async () => {
    expect(await remote.warehouse()).toBe('BER1');
    await bench.import('catalogue', 'sku,barcode,units\nTEA,037600665605,12\n', { target: remote });
    const stock = `sku,quantity,bin\n${Array.from({ length: 2_500 }, (_, i) => `S${i},${i},R1`).join('\n')}\n`;
    expect(await bench.import('stock', stock, { target: remote })).toMatchObject({ outcome: 'imported', rows: 2_500 });
    expect([bench.site.onHand('S7'), bench.site.onHand('S2499')]).toEqual([7, 2_499]);
    expect((await bench.import('stock', stock)).outcome).toBe('unchanged');
  });

  it('is refused by what the node knows, and nothing of it stays', async () => {
    const result = await bench.import('stock', 'barcode,quantity\n4006381333931,1\n', { target: remote });
    expect(faults(result)).toEqual(['2 barcode-unknown']);
    expect(bench.site.store.imports.unfinished()).toEqual([]);
  });

  it('says which address does not answer', async () => {
    await server.stop();
    await expect(remote.warehouse()).rejects.toThrow(`no node answers at ${server.url}`);
  });
});

describe('the import doors', () => {
  const id = 'c'.repeat(64);

  it('refuse rows of an import that nobody began, rows that cannot be, and rows beyond a chunk', async () => {
    expect((await put(`/v1/imports/${id}/rows`, [])).status).toBe(404);
    bench.jobs.begin({ id, kind: 'stock', document: 'x.csv', rowCount: 1 });
    expect((await put(`/v1/imports/${id}/rows`, [{ line: 2, sku: 'A', quantity: 1.5 }])).status).toBe(400);
    const many = Array.from({ length: 1_001 }, (_, line) => ({ line: line + 1, sku: `S${line}`, quantity: 1 }));
    expect((await put(`/v1/imports/${id}/rows`, many)).status).toBe(400);
    expect(bench.jobs.status(id)?.stagedCount).toBe(0);
  });

  it('do not apply an import with rows missing', async () => {
    bench.jobs.begin({ id, kind: 'stock', document: 'x.csv', rowCount: 2 });
    const response = await fetch(`${server.url}/v1/imports/${id}/apply`, { method: 'POST' });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([409, 'import-rows-missing']);
  });
});
