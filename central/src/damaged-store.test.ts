import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { DatabaseDamaged } from '@edgestock/shared/sqlite/database-check';
import { pagesOf, spoilPages } from '@edgestock/shared/testing/spoil-pages';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Central, type CentralDependencies, startCentral } from './central.ts';
import { StoreDamaged } from './store/store-damaged.ts';
import { Writer } from './writer/writer.ts';

const SOON = { timeout: 30_000, interval: 20 };
/** Long enough for a writer that would start again and again. */
const A_WHILE_MS = 2_000;

let directory: string;
let central: Central | undefined;
let said: { readonly message: string; readonly hint?: unknown }[];
beforeEach(() => {
  said = [];
  directory = mkdtempSync(join(tmpdir(), 'edgestock-damaged-'));
});
afterEach(async () => {
  await central?.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function start(dependencies: CentralDependencies = {}): Promise<Central> {
  const note = (facts: object, message: string) => void said.push({ ...facts, message });
  central = undefined;
  central = await startCentral(
    {
      ...{ host: '127.0.0.1', port: 0, dataDirectory: directory, natsUrls: ['nats://127.0.0.1:1'], corsOrigins: [] },
      ...{ logLevel: 'silent', roles: ['ingest', 'api', 'orders'] },
    },
    { log: { ...silentLog, warn: note, error: note }, ...dependencies },
  );
  return central;
}

/** What a disk may do to a file in use. Returns what puts it right again. */
function spoil(table: string): () => void {
  const path = join(directory, 'central.db');
  const pages = pagesOf(path, table);
  const sound = readFileSync(path);
  spoilPages(path, pages);
  const another = new Database(path);
  // What others have in memory of it is read anew.
  another.exec('CREATE TABLE filler (x INTEGER)');
  another.close();
  return () => {
    const bytes = readFileSync(path);
    sound.copy(bytes, 0, 0, sound.length);
    writeFileSync(path, bytes);
  };
}

test('a store that is damaged in use is told as such, in every place, and once; what can be read of it is read', {
  timeout: 90_000,
}, async () => {
  const { url } = await start();
  const get = async (path: string) => (await fetch(`${url}${path}`)).json();
  const reserve = () => {
    const body = JSON.stringify({ id: 'r1', owner: 'ana', lines: [{ sku: 'A', quantity: 1 }] });
    return fetch(`${url}/v1/reservations`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  };
  expect((await reserve()).status).toBe(409);
  expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^edgestock_central_database_damaged 0$/m);
  spoil('reservation');

  expect((await reserve()).status).toBe(503);
  const hint = expect.stringContaining('edgestock central restore');
  await expect
    .poll(() => get('/v1/status'), SOON)
    .toMatchObject({
      ingest: { isUp: false, state: 'store-damaged', since: expect.any(String), reason: expect.any(String), hint },
      integrity: { state: 'damaged', findings: [expect.any(String)], hint },
    });
  const probed = await fetch(`${url}/readyz`);
  expect(probed.status).toBe(503);
  expect(await probed.json()).toMatchObject({ reason: 'store-damaged', hint, integrity: { state: 'damaged' } });
  expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^edgestock_central_database_damaged 1$/m);

  const refusal = async () => (await reserve()).json();
  await expect.poll(refusal, SOON).toMatchObject({ status: 503, reason: 'store-damaged', retryable: true });
  expect((await fetch(`${url}/v1/availability/A`)).status).toBe(200);
  const unread = await fetch(`${url}/v1/reservations/r1`);
  expect(unread.status).toBe(503);
  expect(await unread.json()).toMatchObject({ reason: 'store-damaged', hint });

  await new Promise((resolve) => setTimeout(resolve, A_WHILE_MS));
  const told = said.filter(({ message }) => message.includes('damaged'));
  expect(told).toEqual([expect.objectContaining({ message: 'the database is damaged', hint })]);
  expect(said).not.toContainEqual(expect.objectContaining({ message: 'the writer starts again' }));
  await central?.stop();
  central = undefined;
  await expect(start()).rejects.toThrow(DatabaseDamaged);
});

test.each([
  {
    by: 'a read meets',
    find: async (url: string) => {
      spoil('quarantine');
      expect((await fetch(`${url}/v1/quarantine?state=all`)).status).toBe(503);
    },
  },
  // The one that is begun with the start of a large store.
  { by: 'only a check finds', find: async () => undefined },
])(
  'damage that $by ends what is written as well, also while much is asked',
  { timeout: 90_000 },
  async ({ by, find }) => {
    await start();
    await central?.stop();
    if (by === 'only a check finds') spoil('quarantine');
    const { url } = await start({ checkedFirstBytesMax: 1 });
    const pay = async () => {
      const body = JSON.stringify({ result: 'authorised' });
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${url}/v1/orders/o1/payment`, { method: 'POST', headers, body });
      const { reason = answer.status } = (await answer.json()) as { readonly reason?: string };
      return reason;
    };
    await find(url);
    await expect.poll(pay, SOON).toBe('store-damaged');
    const status = async () => (await fetch(`${url}/v1/status`)).json();
    expect((await fetch(`${url}/v1/availability/A`)).status).toBe(200);
    const hint = expect.stringContaining('copied over while central ran');
    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ reason: 'store-damaged', hint });
    expect(await status()).toMatchObject({ ingest: { isUp: false, state: 'store-damaged', hint } });
    expect(new Set(await Promise.all(Array.from({ length: 20 }, pay)))).toEqual(new Set(['store-damaged']));
    expect(said).not.toContainEqual(expect.objectContaining({ message: 'the writer starts again' }));
  },
);

test('a writer that is told of damage refuses at once, and tells of notices that were lost once it is up again', {
  timeout: 90_000,
}, async () => {
  const writer = new Writer(
    {
      natsUrls: ['nats://127.0.0.1:1'],
      store: { kind: 'sqlite', path: join(directory, 'central.db') },
      logLevel: 'silent',
    },
    {
      ...{ clock: systemClock, random: systemRandom, log: silentLog, onDamaged: expect.fail },
      onLasting: (error) => expect.fail(error.message),
    },
  );
  await writer.ready;
  const tried = () =>
    writer.promise({ command: 'pay', order: 'o1', result: 'authorised' }).catch(({ failure }) => failure);
  const notices: number[] = [];
  writer.onChange((changes) => void notices.push(changes.length));
  const underWay = tried();
  writer.storeIsDamaged('page 9: not a page');
  expect(await tried()).toBe('store-damaged');
  expect(await underWay).toBe('interrupted');
  await expect.poll(() => writer.isRunning, SOON).toBe(false);
  expect(writer.damage).toMatchObject({ reason: 'page 9: not a page' });
  writer.storeIsSound();
  await expect.poll(tried, SOON).toMatchObject({ outcome: 'unknown' });
  expect(notices).toEqual([0]);
  // Between two lives as well.
  await writer.crash();
  writer.storeIsDamaged('page 9: not a page');
  await new Promise((resolve) => setTimeout(resolve, A_WHILE_MS));
  expect(await tried()).toBe('store-damaged');
  await writer.stop();
});

test('damage that is met before anything is served ends the start, with what to do', { timeout: 90_000 }, async () => {
  await (await start()).stop();
  // Which the writer does not read at its start, and the API does.
  spoil('channel');
  await expect(start({ checkedFirstBytesMax: 1 })).rejects.toThrow(StoreDamaged);
});

test('a writer whose store is damaged stays down, and comes up again when it is said to be sound', {
  timeout: 90_000,
}, async () => {
  const damage: string[] = [];
  const path = join(directory, 'central.db');
  const writer = new Writer(
    { natsUrls: ['nats://127.0.0.1:1'], store: { kind: 'sqlite', path }, logLevel: 'silent' },
    {
      ...{ clock: systemClock, random: systemRandom, log: silentLog, onDamaged: (reason) => void damage.push(reason) },
      onLasting: (error) => expect.fail(error.message),
    },
  );
  await writer.ready;
  const tried = () =>
    writer.promise({ command: 'pay', order: 'o1', result: 'authorised' }).catch(({ failure }) => failure);
  expect(await tried()).toMatchObject({ outcome: 'unknown' });
  const mend = spoil('orders');
  await expect.poll(tried, SOON).toBe('store-damaged');
  expect(writer).toMatchObject({ isRunning: false, restarts: 0, damage: { reason: expect.any(String) } });
  expect(damage).toHaveLength(1);
  mend();
  writer.storeIsSound();
  await expect.poll(tried, SOON).toMatchObject({ outcome: 'unknown' });
  expect(writer.damage).toBeUndefined();
  await writer.stop();
});
