import { systemClock } from '@edgestock/shared/runtime/clock';
import type { HttpService } from '@edgestock/shared/runtime/http-service';
import { JsonDoor } from '@edgestock/shared/runtime/json-door';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RemoteImport } from '../import/remote-import.ts';
import { httpLimits } from '../limits.ts';
import { newCounters } from '../replication/counters.ts';
import { faults, ImportSite } from '../testing/import-site.ts';
import { type AnswerBody, unlinked } from '../testing/open-doors.ts';
import { sku } from '../testing/site.ts';
import { createHttpApp } from './http-app.ts';
import { serveHttp } from './serve-http.ts';

let bench: ImportSite;
let server: HttpService;
let remote: RemoteImport;
beforeEach(async () => {
  bench = new ImportSite();
  const { app } = createHttpApp({
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
  remote = new RemoteImport({ door: new JsonDoor({ url: server.url, clock: systemClock }), clock: systemClock });
});
afterEach(async () => {
  await server.stop();
  bench.site.dispose();
});

async function send(method: string, path: string, body: unknown) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${server.url}${path}`, { method, headers, body: JSON.stringify(body) });
  return { ...((await response.json()) as AnswerBody), status: response.status };
}

const put = (path: string, body: unknown) =>
  fetch(`${server.url}${path}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

describe('an import through a running node', () => {
  it('does what it does on a directory, and is the same import there', async () => {
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

  it('ends as a plain failure when the data keeps it from being applied', async () => {
    const full = { sku: sku('A'), quantity: 1_000_000_000_000, bin: 'FULL' };
    for (let times = 0; times < 4; times += 1) await bench.site.move('receive', [full]);
    let id = '';
    const begin = remote.begin.bind(remote);
    remote.begin = (job) => {
      id = job.id;
      return begin(job);
    };
    const importing = bench.import('stock', 'sku,quantity,bin\nA,1000000000000,R1\n', { target: remote });
    await expect(importing).rejects.toMatchObject({
      name: 'ImportFailed',
      message: expect.stringContaining('line 2 of file.csv cannot be applied'),
      hint: expect.stringContaining('What was applied stays'),
    });
    const { sequence } = bench.site.store.outbox.head();
    const again = await send('POST', `/v1/imports/${id}/apply`, {});
    expect([again.status, again.code, again.detail?.slice(0, 7), again.detail?.slice(-6)]).toEqual([
      409,
      'import-failed',
      'Import ',
      ' unit?',
    ]);
    expect(bench.site.store.outbox.head().sequence).toBe(sequence);
  });

  it('says which address does not answer', async () => {
    await server.stop();
    await expect(remote.drop('x')).rejects.toMatchObject({
      message: expect.stringContaining(`nothing answers at ${server.url}`),
      hint: expect.stringContaining('Nothing is lost by calling it again'),
    });
  });
});

describe('the import doors', () => {
  const id = 'c'.repeat(64);

  it('refuse rows of an import that nobody began, rows that cannot be, and rows beyond a chunk', async () => {
    expect((await put(`/v1/imports/${id}/rows`, [])).status).toBe(404);
    await bench.jobs.begin({ id, kind: 'stock', document: 'x.csv', rowCount: 1 });
    expect((await put(`/v1/imports/${id}/rows`, [{ line: 2, sku: 'A', quantity: 1.5 }])).status).toBe(400);
    const many = Array.from({ length: 1_001 }, (_, line) => ({ line: line + 1, sku: `S${line}`, quantity: 1 }));
    expect((await put(`/v1/imports/${id}/rows`, many)).status).toBe(400);
    expect(bench.jobs.status(id)?.stagedCount).toBe(0);
  });

  it('do not apply an import with rows missing', async () => {
    await bench.jobs.begin({ id, kind: 'stock', document: 'x.csv', rowCount: 2 });
    const response = await fetch(`${server.url}/v1/imports/${id}/apply`, { method: 'POST' });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([409, 'import-rows-missing']);
  });

  it('do not apply what is being taken back', async () => {
    const rows = Array.from({ length: 1_500 }, (_, index) => ({ line: index + 2, sku: sku(`S${index}`), quantity: 1 }));
    await bench.jobs.begin({ id, kind: 'stock', document: 'x.csv', rowCount: rows.length });
    bench.jobs.stage(id, rows);
    const [dropped, applied] = await Promise.all([
      fetch(`${server.url}/v1/imports/${id}`, { method: 'DELETE' }),
      fetch(`${server.url}/v1/imports/${id}/apply`, { method: 'POST' }),
    ]);
    expect([dropped.status, applied.status >= 400]).toEqual([200, true]);
    expect([bench.site.store.outbox.head().sequence, bench.jobs.status(id)]).toEqual([0, undefined]);
  });

  it('refuse a begin of the same import as another one, and rows beyond the announced number', async () => {
    await bench.jobs.begin({ id, kind: 'stock', document: 'x.csv', rowCount: 1 });
    const rows = [2, 3].map((line) => ({ line, sku: `S${line}`, quantity: 1 }));
    const answers = [
      await send('POST', '/v1/imports/stock', { id, document: 'x.csv', rowCount: 2 }),
      await send('POST', '/v1/imports/catalogue', { id, document: 'x.csv', rowCount: 1 }),
      await send('PUT', `/v1/imports/${id}/rows`, rows),
    ];
    expect(answers.map(({ status, code }) => [status, code])).toEqual([
      [409, 'import-begun-otherwise'],
      [409, 'import-begun-otherwise'],
      [409, 'import-rows-too-many'],
    ]);
  });

  it('say in plain words what is wrong with a body', async () => {
    await bench.jobs.begin({ id, kind: 'stock', document: 'x.csv', rowCount: 1 });
    const begun = await send('POST', '/v1/imports/stock', { id: 'X', document: '', rowCount: 0 });
    const row = { line: 2, sku: 'A', quantity: 1 };
    const put = await send('PUT', `/v1/imports/${id}/rows`, [{ ...row, line: 0, lot: 5 }, 7]);
    const whole = await send('PUT', `/v1/imports/${id}/rows`, row);
    expect([begun, put, whole].flatMap(({ problems }) => problems?.map(({ message }) => message))).toEqual([
      'id must be 64 hexadecimal digits in lower case, not "X"',
      'document must be text of 1 to 128 characters without line breaks, not ""',
      'rowCount must be the number of rows of the file: a whole number from 1, not 0',
      'line of entry 0 must be the number of a line in the file: a whole number from 1, not 0',
      'lot of entry 0 must be text of 0 to 128 characters without line breaks, not 5',
      'entry 1 must be a JSON object, not 7',
      'the body must be a JSON array, not an object',
    ]);
  });
});
