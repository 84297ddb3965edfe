import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '@edgestock/shared/sqlite/migrate';
import { openDatabase } from '@edgestock/shared/sqlite/open-database';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { DEFAULT_CHANNEL } from '../../rules/channel.ts';
import { NodeLog, skuOf, warehouseOf } from '../../testing/node-log.ts';
import { openedSqlite } from '../../testing/opened-sqlite.ts';
import { describeCentralStore } from '../central-store.contract.ts';
import { channelOf, NOW, reserve } from '../contract-fixture.contract.ts';
import { StoreFull } from '../store-full.ts';
import { backUpCentral, restoreCentral } from './central-backup.ts';
import { SqliteCentralStore } from './central-store.ts';
import { migrations } from './migrations.ts';
import { openCentralReader, openCentralStore } from './open-central-store.ts';
import { promiseTables } from './promises/promise-tables.ts';

describeCentralStore('central store on SQLite', async () => openedSqlite(openCentralStore));

it('is refused when its file is damaged, with what to do; without the check it would be served', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'edgestock-central-'));
  const path = join(directory, 'central.db');
  await openCentralStore(path).close();
  const raw = new Database(path);
  // A table that opening does not read.
  const page = Number(raw.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'quarantine'").pluck().get());
  raw.close();
  const file = await readFile(path);
  const head = (page - 1) * 4_096;
  for (let at = head; at < head + 12; at += 1) file[at] = (file[at] ?? 0) ^ 0xff;
  await writeFile(path, file);
  const hint = expect.stringContaining('Restore the last backup');
  expect(() => openCentralStore(path)).toThrow(expect.objectContaining({ name: 'DatabaseDamaged', hint }));
  await openCentralStore(path, { isChecked: false }).close();
  await rm(directory, { recursive: true });
});

it('applies nothing of a call that fails half-way', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'edgestock-central-'));
  const path = join(directory, 'central.db');
  const store = openCentralStore(path);
  const log = new NodeLog('BER1');
  await store.enrol(log.warehouse, log.enrolRequest(), 1);
  log.record('A', 1);
  log.record('B', 1);
  // The log of batches is written after the positions: a failure there must take the positions back.
  const saboteur = new Database(path);
  saboteur.exec(
    "CREATE TRIGGER full BEFORE INSERT ON batch WHEN NEW.last_sequence = 2 BEGIN SELECT raise(ABORT, 'full'); END",
  );
  saboteur.close();
  await expect(store.applyBatches([log.verified(1, 1), log.verified(2, 2)], 1)).rejects.toThrow('full');
  expect(await store.positionsOf(log.warehouse, undefined, 10)).toEqual([]);
  expect(await store.warehouse(log.warehouse)).toMatchObject({ appliedUpTo: 0 });
  const { outcomes, changes } = await store.applyBatches([log.verified(1, 1)], 1);
  expect(outcomes).toMatchObject([{ outcome: 'applied' }]);
  expect(changes).toEqual([{ sku: 'A', revision: 1 }]);
  await store.close();
  await rm(directory, { recursive: true });
});

const shop = { channel: channelOf('shop'), warehouses: [], buffer: 0 };

it('promises nothing of a call that fails half-way', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'edgestock-central-'));
  const path = join(directory, 'central.db');
  const store = openCentralStore(path);
  const log = new NodeLog('BER1');
  await store.enrol(log.warehouse, log.enrolRequest(), 1);
  log.record('A', 5);
  log.record('B', 5);
  await store.applyBatches([log.verified(1, 2)], 1);
  await store.promise([{ command: 'set-channel', record: { ...shop, warehouses: 'all' } }], NOW);
  const before = await store.positionsOf(log.warehouse, undefined, 10);
  // Holds are the last to be written of a line: the one of B fails after everything of A.
  const saboteur = new Database(path);
  saboteur.exec("CREATE TRIGGER full BEFORE INSERT ON hold WHEN NEW.sku = 'B' BEGIN SELECT raise(ABORT, 'full'); END");
  const failed = store.promise(
    [{ command: 'set-channel', record: shop }, reserve('r1', { A: 1 }), reserve('r2', { A: 1, B: 2 })],
    NOW,
  );
  await expect(failed).rejects.toThrow('full');
  saboteur.exec('DROP TRIGGER full');
  saboteur.close();
  expect(await store.positionsOf(log.warehouse, undefined, 10)).toEqual(before);
  expect(await store.reservation('r1')).toBeUndefined();
  expect(await store.channels()).toMatchObject([{ warehouses: 'all' }, { channel: 'shop', warehouses: 'all' }]);
  expect(await store.currentRevision()).toBe(4);
  // Nothing of it is remembered in memory either: not the channel, not the revisions.
  const { outcomes, changes } = await store.promise([reserve('r2', { A: 5, B: 2 })], NOW);
  expect(outcomes).toMatchObject([{ outcome: 'reserved', isReplay: false }]);
  expect(changes).toEqual([
    { sku: 'A', revision: 5 },
    { sku: 'B', revision: 6 },
  ]);
  for (const channel of [DEFAULT_CHANNEL, shop.channel]) {
    expect((await store.availability(skuOf('B'), channel)).available).toBe(3);
  }
  await store.close();
  await rm(directory, { recursive: true });
});

it('forgets nothing that is owed to a node, nor takes it twice, when a call fails half-way', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'edgestock-central-'));
  const path = join(directory, 'central.db');
  const store = openCentralStore(path);
  const log = new NodeLog('BER1');
  await store.enrol(log.warehouse, log.enrolRequest(), 1);
  log.stock('A', 10);
  log.grant('A', 5);
  await store.applyBatches([log.verified(1, 2)], 1);
  await store.promise([reserve('r1', { A: 4 })], NOW);
  const rules = [{ sku: skuOf('A'), sharePercent: 0 }];
  const saboteur = new Database(path);
  const failing = async (work: () => Promise<unknown>) => {
    const before = await store.positionsOf(log.warehouse, undefined, 10);
    // What goes back is told at the end of its transaction.
    saboteur.exec("CREATE TRIGGER full BEFORE INSERT ON directive BEGIN SELECT raise(ABORT, 'full'); END");
    await expect(work()).rejects.toThrow('full');
    saboteur.exec('DROP TRIGGER full');
    expect(await store.positionsOf(log.warehouse, undefined, 10)).toEqual(before);
    return work();
  };
  const setRule = () => store.promise([{ command: 'set-sku-policy', warehouse: log.warehouse, rules }], NOW);
  const release = () => store.promise([{ command: 'release', reservation: 'r1', reason: 'left' }], NOW);
  const returned = async () => (await store.positionsOf(log.warehouse, undefined, 10))[0]?.atCentral.returned;
  await failing(setRule);
  expect(await returned()).toBe(1);
  await failing(release);
  expect(await returned()).toBe(5);
  log.grant('A', 3);
  await failing(() => store.applyBatches([log.verified(3, 3)], NOW));
  expect(await returned()).toBe(8);
  expect((await store.availability(skuOf('A'), DEFAULT_CHANNEL)).available).toBe(0);
  const { debts } = saboteur.prepare<[], { debts: number }>('SELECT count(*) AS debts FROM recall_debt').get() ?? {};
  expect(debts).toBe(0);
  saboteur.close();
  await store.close();
  await rm(directory, { recursive: true });
});

it('takes over a store from before there were promises: what was granted is on offer, and every node gets its policy', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'edgestock-central-'));
  const path = join(directory, 'central.db');
  const old = openDatabase(path, { cacheKiB: 1_024 });
  migrate(old, migrations.slice(0, migrations.indexOf(promiseTables)));
  old.exec(`
    INSERT INTO node (warehouse, epoch, instance, enrolled_at, applied_hash) VALUES ('BER1', 1, 'instance-BER1', 1, zeroblob(32));
    INSERT INTO position (sku, warehouse, on_hand, unsellable, reserved, committed, quota, safety_stock, version, sequence,
      log_sequence, at, suspect, granted)
    VALUES ('A', 'BER1', 9, 0, 0, 0, 4, 0, 1, 1, 1, 1, 0, 4), ('B', 'BER1', 9, 0, 0, 0, 0, 0, 1, 2, 2, 1, 0, 0);
    INSERT INTO availability (sku, channel, available, revision) VALUES ('A', 'default', 5, 2), ('B', 'default', 9, 1);
    UPDATE meta SET revision = 2;`);
  old.close();
  const store = openCentralStore(path);
  const ber = warehouseOf('BER1');
  expect(await store.availability(skuOf('A'), DEFAULT_CHANNEL)).toMatchObject({ available: 4, revision: 3 });
  expect(await store.availability(skuOf('B'), DEFAULT_CHANNEL)).toMatchObject({ available: 0, revision: 4 });
  expect(await store.currentRevision()).toBe(4);
  // What nodes must know is written with the first write of a life.
  await store.clampTimes(NOW);
  expect(await store.settings(ber)).toMatchObject({ class: 'store', sharePercent: 50 });
  expect(await store.downHead(ber)).toMatchObject({ sequence: 1, carriedOut: 0 });
  await store.close();
  const again = openCentralStore(path);
  expect(await again.downHead(ber)).toMatchObject({ sequence: 1 });
  await again.close();
  await rm(directory, { recursive: true });
});

it('takes over promises of an earlier build, which kept no terms: what it cannot know it does not hold against a repetition', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'edgestock-central-'));
  const path = join(directory, 'central.db');
  const old = openDatabase(path, { cacheKiB: 1_024 });
  migrate(
    old,
    migrations.slice(
      0,
      migrations.findIndex(({ name }) => name === 'promises as they were asked for'),
    ),
  );
  old.exec(`
    INSERT INTO reservation (id, channel, owner, state, created_at, expires_at) VALUES ('r', 'default', 'cart', 'held', 1, 9000);
    INSERT INTO reservation_line (reservation, sku, requested, promised) VALUES ('r', 'A', 2, 2);
    INSERT INTO orders (id, channel, owner, state, payment, placed_at, payment_due_at, on_shortage, is_cancelling, wake_at)
    VALUES ('o', 'default', 'cart', 'placed', 'awaited', 1, 9000, 'cancel', 0, 9000);
    INSERT INTO order_line (order_id, sku, place, ordered, cancelled, backordered) VALUES ('o', 'A', 0, 1, 0, 0);`);
  old.close();
  const store = openCentralStore(path);
  const common = { channel: DEFAULT_CHANNEL, owner: 'cart' } as const;
  const reserve = { command: 'reserve', id: 'r', ...common, ttlSeconds: 7, expiresAt: 9_000 } as const;
  const place = { command: 'place-order', id: 'o', ...common, paymentTtlSeconds: 7, paymentDueAt: 9_000 } as const;
  const [units, unit] = [[{ sku: skuOf('A'), quantity: 2 }], [{ sku: skuOf('A'), quantity: 1 }]];
  const { outcomes } = await store.promise(
    [
      { ...reserve, lines: units, isPartial: false },
      { ...reserve, lines: units, isPartial: true },
      { ...reserve, lines: unit, isPartial: false },
      { ...place, lines: unit, onShortage: 'refuse' },
      { ...place, lines: unit, onShortage: 'cancel' },
      { ...place, lines: unit, onShortage: 'backorder' },
    ],
    2,
  );
  expect(outcomes.map(({ outcome }) => outcome)).toEqual([
    ...['reserved', 'reserved', 'key-reused'],
    ...['order', 'order', 'key-reused'],
  ]);
  await store.close();
  await rm(directory, { recursive: true });
});

it('is read only where it exists', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'edgestock-central-'));
  const path = join(directory, 'central.db');
  expect(() => openCentralReader(path)).toThrow();
  await openCentralStore(path).close();
  const { reader, close } = openCentralReader(path);
  expect(await reader.stats()).toMatchObject({ warehouses: 0 });
  close();
  await rm(directory, { recursive: true });
});

it.each([
  ['SQLITE_FULL', true],
  ['SQLITE_IOERR_SHMSIZE', true],
  ['SQLITE_IOERR_WRITE', true],
  ['SQLITE_IOERR_READ', false],
  ['SQLITE_CORRUPT', false],
])('takes %s from a write for a full disk: %s', async (code, isFull) => {
  const database = new Database(':memory:');
  migrate(database, migrations);
  const store = new SqliteCentralStore(database);
  // What the driver throws when a disk fails so; the trigger has it happen in the middle of a transaction.
  database.function('fail', () => {
    throw new Database.SqliteError('disk I/O error', code);
  });
  database.exec('CREATE TEMP TRIGGER failing BEFORE INSERT ON main.node BEGIN SELECT fail(); END');
  const log = new NodeLog('BER1');
  const failure = await store.enrol(log.warehouse, log.enrolRequest(), 1).catch((error: unknown) => error);
  expect(failure instanceof StoreFull).toBe(isFull);
  expect(failure).toHaveProperty('message', expect.stringContaining('disk I/O error'));
  expect(await store.warehouses()).toEqual([]);
  await store.close();
});

it('is not backed up where it is closed, or not whole, and the refusal says where the store in use is', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'edgestock-central-'));
  await openCentralStore(join(directory, 'central.db')).close();
  const backedUp = (state: string) => {
    const raw = new Database(join(directory, 'central.db'));
    raw.prepare("UPDATE meta SET move_state = ?, move_other = 'postgres://db.example/shop'").run(state);
    raw.close();
    const to = join(directory, `${state}.db`);
    try {
      backUpCentral({ dataDirectory: directory, to, now: NOW });
      return 'made';
    } catch (error) {
      expect(existsSync(to)).toBe(false);
      return error;
    }
  };
  const hint = expect.stringContaining('Back up postgres://db.example/shop');
  expect(backedUp('left')).toMatchObject({ message: expect.stringContaining('was moved to postgres://'), hint });
  for (const state of ['arriving', 'arrived']) {
    expect(backedUp(state)).toMatchObject({ message: expect.stringContaining('is not whole'), hint });
  }
  expect(backedUp('here')).toBe('made');
  await rm(directory, { recursive: true });
});

it('may be restored over one that was moved away, and says where that one is', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'edgestock-central-'));
  const path = join(directory, 'central.db');
  await openCentralStore(path).close();
  const from = join(directory, 'backup.db');
  backUpCentral({ dataDirectory: directory, to: from, now: NOW });
  const raw = new Database(path);
  raw.exec("UPDATE meta SET move_state = 'left', move_other = 'postgres://db.example/shop', central_epoch = 7");
  raw.close();
  const restored = await restoreCentral({ from, dataDirectory: directory, replace: true, now: 5 });
  expect(restored).toMatchObject({ movedTo: 'postgres://db.example/shop', newEpoch: 8 });
  await rm(directory, { recursive: true });
});

it('may be restored from a copy of one that was moved away, but not of one that is not whole', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'edgestock-central-'));
  await openCentralStore(join(directory, 'central.db')).close();
  const restoredFrom = async (state: string) => {
    const from = join(directory, `${state}.db`);
    backUpCentral({ dataDirectory: directory, to: from, now: NOW });
    const raw = new Database(from);
    raw.prepare('UPDATE meta SET move_state = ?').run(state);
    raw.close();
    const restored = join(directory, state);
    return { restored, done: restoreCentral({ from, dataDirectory: restored, replace: false, now: NOW }) };
  };
  for (const state of ['arriving', 'arrived']) {
    await expect((await restoredFrom(state)).done).rejects.toThrow('is not whole');
  }
  const { restored, done } = await restoredFrom('left');
  expect(await done).not.toHaveProperty('movedTo');
  const store = openCentralStore(join(restored, 'central.db'));
  expect(await store.centralEpoch()).toBeGreaterThan(1);
  await store.close();
  await rm(directory, { recursive: true });
});
