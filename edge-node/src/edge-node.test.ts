import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TakenOver } from '@edgestock/shared/protocol/rejoin';
import { must } from '@edgestock/shared/runtime/assert';
import { type Clock, systemClock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import { DatabaseDamaged } from '@edgestock/shared/sqlite/database-check';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readEdgeConfig } from './config.ts';
import { type EdgeNode, startEdgeNode } from './edge-node.ts';
import { writeRejoin } from './rejoin/rejoin-file.ts';
import { AdoptedBooks, REJOIN_DIRECTORY } from './store/adopted-books.ts';
import { MovementStore } from './store/movement-store.ts';
import { sku, TestSite } from './testing/site.ts';

const PAGE_BYTES = 4_096;

let directory: string;
let node: EdgeNode | undefined;
let told: string[];
const log: Log = {
  debug: () => undefined,
  info: (_facts, event) => void told.push(event),
  warn: (_facts, event) => void told.push(event),
  error: (_facts, event) => void told.push(event),
  child: () => log,
};

beforeEach(() => {
  told = [];
  directory = mkdtempSync(join(tmpdir(), 'edgestock-node-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await node?.stop();
  node = undefined;
  rmSync(directory, { recursive: true, force: true });
});

const start = async (clock: Clock = systemClock) => {
  const config = readEdgeConfig(
    {
      EDGESTOCK_EDGE_WAREHOUSE: 'BER1',
      EDGESTOCK_EDGE_DATA_DIR: directory,
      EDGESTOCK_EDGE_PORT: '0',
      EDGESTOCK_EDGE_NATS_URL: 'nats://127.0.0.1:1',
    },
    {},
  );
  node = await startEdgeNode(config, { log, clock });
  return node;
};
const call = async (path: string, body?: object) => {
  const init = body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${node?.url}${path}`, init);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const sell = (receipt: string) => call('/v1/sales', { till: 'T', receipt, lines: [{ sku: 'A', quantity: 1 }] });

/** The disk fails under the next so many writes of the log. */
function failWrites(times: number): void {
  const append = MovementStore.prototype.append;
  const spy = vi.spyOn(MovementStore.prototype, 'append');
  for (let failed = 0; failed < times; failed += 1) {
    spy.mockImplementationOnce(() => {
      throw new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_FSYNC');
    });
  }
  spy.mockImplementation(function (this: MovementStore, ...args) {
    append.apply(this, args);
  });
}

describe('a disk that fails under a write', () => {
  it('fails that write with "nobody knows", and the database is opened again, checked, at the same address', async () => {
    await start();
    expect((await sell('1')).status).toBe(201);
    failWrites(1);
    expect(await sell('2')).toMatchObject({ status: 503, body: { code: 'outcome-unknown' } });
    await expect.poll(async () => (await sell('2')).status, { timeout: 5_000 }).toBe(201);
    expect((await call('/v1/status')).body).toMatchObject({ sequence: 2 });
    expect(told.filter((event) => event === 'the disk failed under a write')).toHaveLength(1);
    expect(told).toContain('the database was checked and opened again');
  });

  it('gets no other write by the same connection, and reads go on', async () => {
    // Nothing that waits goes on before the node is stopped: it is not opened again for now.
    await start({ ...systemClock, sleep: (_delayMs, signal) => systemClock.sleep(60_000, signal) });
    await sell('1');
    failWrites(1);
    const [first, second] = [await sell('2'), await sell('3')];
    expect([first.body.code, second.body.code]).toEqual(['outcome-unknown', 'unavailable']);
    expect(await call('/v1/stock/A')).toMatchObject({ status: 200, body: { onHand: -1 } });
    expect((await call('/readyz')).body).toMatchObject({ status: 'ready', writesFailing: {} });
  });

  it('and has damaged the database: every door says why it is closed, until it can be opened', async () => {
    await start();
    await node?.stop();
    await start();
    const sound = spoil();
    failWrites(1);
    await sell('2');
    await expect
      .poll(async () => (await call('/readyz')).body.detail, { timeout: 5_000 })
      .toEqual(expect.stringContaining('is damaged'));
    expect(await call('/v1/stock/A')).toMatchObject({
      status: 503,
      body: { code: 'unavailable', hint: expect.stringContaining('restore the last backup') },
    });
    expect((await call('/healthz')).status).toBe(200);
    writeFileSync(join(directory, 'edge.sqlite'), sound);
    await expect.poll(async () => (await call('/readyz')).status, { timeout: 10_000 }).toBe(200);
  });
});

/** A rejoin whose log is taken back whole, and that waits for the node to be opened: 3 units came, in a life before. */
async function takenBack(): Promise<void> {
  const before = new TestSite();
  try {
    await before.move('receive', [{ sku: sku('A'), quantity: 3 }]);
    const { outbox } = before.store;
    const { sequence: applied, hash } = outbox.head();
    const slice = must(outbox.slice(0, { deltasMax: 10, bytesMax: 1e6 }), 'a slice');
    const { warehouse } = outbox.identity();
    const instance = 'the-fresh-one';
    const books = AdoptedBooks.open(join(directory, REJOIN_DIRECTORY), { warehouse, instance, now: 1 });
    books.adopt({ ...outbox.identity(), epoch: 1, ...slice, schema: 3, downAck: 0 });
    books.close();
    const taken: TakenOver = {
      ...{ outcome: 'taken-over', epoch: 2, applied, recount: 'none', lost: 0, statesAhead: 0 },
      ...{ hash: Buffer.from(hash).toString('hex'), window: { from: 0, to: 1 } },
      down: { centralEpoch: 0, sequence: 0, hash: '0'.repeat(64) },
    };
    writeRejoin(directory, { instance, sawEpoch: 1, askedAt: 1, taken, statesAhead: [] });
  } finally {
    before.dispose();
  }
}

describe('a log that was taken back', () => {
  it('is taken up when the disk fails meanwhile, too: at the same address, with what was sold since', async () => {
    await start();
    await sell('1');
    await takenBack();
    failWrites(1);
    await sell('2');
    await expect.poll(async () => (await sell('2')).status, { timeout: 5_000 }).toBe(201);
    expect((await call('/v1/stock/A')).body).toMatchObject({ onHand: 1 });
    const { body } = await call('/v1/status');
    expect(body).toMatchObject({ epoch: 2, sequence: 3, rejoined: { epoch: 2 } });
    expect(body).not.toHaveProperty('restored');
    // The receipt is known from the books before.
    await sell('1');
    expect((await call('/v1/status')).body).toMatchObject({ sequence: 3 });
  });
});

describe('books that were rolled back', () => {
  it('are known as such, also when the database is opened again after the disk failed', async () => {
    await start();
    await sell('1');
    await node?.stop();
    const old = readFileSync(join(directory, 'edge.sqlite'));
    await start();
    await sell('2');
    await node?.stop();
    writeFileSync(join(directory, 'edge.sqlite'), old);
    await start();
    expect((await call('/v1/status')).body).toMatchObject({ sequence: 1, restored: { kind: 'rolled-back' } });
    failWrites(1);
    await sell('3');
    await expect.poll(async () => (await sell('3')).status, { timeout: 5_000 }).toBe(201);
    expect((await call('/v1/status')).body).toMatchObject({ sequence: 2, restored: { kind: 'rolled-back' } });
    const promise = { id: 'R', owner: 'o', lines: [{ sku: 'A', quantity: 1 }] };
    expect(await call('/v1/reservations', promise)).toMatchObject({ status: 409, body: { code: 'restored' } });
  });
});

it('a database that is damaged is refused at the start, and the directory is free again', async () => {
  await start();
  await node?.stop();
  const sound = spoil();
  await expect(start()).rejects.toThrow(DatabaseDamaged);
  writeFileSync(join(directory, 'edge.sqlite'), sound);
  await start();
});

/** Flips the heads of all pages but the first; what the file was before. */
function spoil(): Buffer {
  const path = join(directory, 'edge.sqlite');
  const sound = readFileSync(path);
  const spoilt = Buffer.from(sound);
  for (let page = PAGE_BYTES; page < spoilt.length; page += PAGE_BYTES) {
    for (let at = page; at < page + 12; at += 1) spoilt[at] = (spoilt[at] ?? 0) ^ 0xff;
  }
  writeFileSync(path, spoilt);
  return sound;
}
