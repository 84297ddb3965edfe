import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseWarehouseId } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { DataDirectoryUnusable } from '@edgestock/shared/sqlite/data-directory';
import { migrate } from '@edgestock/shared/sqlite/migrate';
import { assertDurable, DatabaseRefused, openDatabase } from '@edgestock/shared/sqlite/open-database';
import { DataDirectoryInUse } from '@edgestock/shared/sqlite/process-lock';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import Database from 'better-sqlite3';
import { getTableColumns, getTableName, is } from 'drizzle-orm';
import { SQLiteTable } from 'drizzle-orm/sqlite-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Transfer } from '../rules/transfer.ts';
import { EdgeStore } from './edge-store.ts';
import { migrations } from './migrations.ts';
import { WrongWarehouse } from './node-store.ts';
import * as schema from './schema.ts';
import { TransferStore } from './transfer-store.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'edgestock-store-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = (warehouse = 'BER1', dataDir = directory) =>
  EdgeStore.open({
    dataDir,
    warehouse: must(parseWarehouseId(warehouse), 'a warehouse id'),
    clock: new VirtualClock(),
    random: systemRandom,
  });

describe('opening a data directory', () => {
  it('is refused while another owner has it, and works as soon as that one closes', () => {
    const first = open();
    expect(() => open()).toThrow(DataDirectoryInUse);
    first.close();
    open().close();
  });

  it('is refused for another warehouse, and leaves the directory free', () => {
    open('BER1').close();
    expect(() => open('HAM1')).toThrow(WrongWarehouse);
    open('BER1').close();
  });

  it('keeps the instance of the install over restarts, and gives another install another one', () => {
    const first = open();
    const { instance } = first.outbox.identity();
    first.close();
    const again = open();
    expect(again.outbox.identity()).toEqual({ warehouse: 'BER1', epoch: 0, instance });
    again.close();
    const other = open('BER1', join(directory, 'other'));
    expect(other.outbox.identity().instance).not.toBe(instance);
    other.close();
  });

  it('says what to do about a directory that cannot be made', () => {
    const path = join(directory, 'file');
    writeFileSync(path, '');
    expect(() => open('BER1', join(path, 'node'))).toThrow(DataDirectoryUnusable);
    mkdirSync(join(directory, 'node', 'edge.sqlite'), { recursive: true });
    expect(() => open('BER1', join(directory, 'node'))).toThrow(DataDirectoryUnusable);
  });

  it('empties the write-ahead log that a killed node left, so that a full disk gets its space back', () => {
    const store = open();
    const killed = join(directory, 'killed');
    mkdirSync(killed);
    for (const name of ['edge.sqlite', 'edge.sqlite-wal']) copyFileSync(join(directory, name), join(killed, name));
    store.close();
    expect(statSync(join(killed, 'edge.sqlite-wal')).size).toBeGreaterThan(0);
    const again = open('BER1', killed);
    expect(statSync(join(killed, 'edge.sqlite-wal')).size).toBe(0);
    again.close();
  });

  it('refuses a database of a newer release instead of guessing', () => {
    const store = open();
    store.close();
    const raw = openDatabase(join(directory, 'edge.sqlite'), { cacheKiB: 1024 });
    raw.pragma(`user_version = ${migrations.length + 1}`);
    raw.close();
    expect(() => open()).toThrow(DatabaseRefused);
  });
});

describe('closing on a disk that takes no write', () => {
  it('ends cleanly and leaves the directory free: only the cursor is lost, which central says again', () => {
    const store = open();
    store.transaction(() => store.node.setHead({ sequence: 2, hash: new Uint8Array(32) }, 0));
    store.outbox.committed(store.node.head());
    store.outbox.setAppliedUpTo(2);
    store.node.setAppliedUpTo = () => {
      throw new Database.SqliteError('database or disk is full', 'SQLITE_FULL');
    };
    store.close();
    const again = open();
    expect(again.outbox.appliedUpTo()).toBe(0);
    expect(again.outbox.head().sequence).toBe(2);
    again.close();
  });

  it('does not hide a mistake of ours, and closes all the same', () => {
    const store = open();
    store.outbox.flush = () => {
      throw new Error('ours');
    };
    expect(() => store.close()).toThrow('ours');
    open().close();
  });
});

describe('an item of central replaces its barcodes', () => {
  it('without reading those of all others: a page of the catalogue took a hundred times as long', () => {
    open().close();
    const database = new Database(join(directory, 'edge.sqlite'));
    const plan = database
      .prepare<[], { detail: string }>("EXPLAIN QUERY PLAN DELETE FROM barcode WHERE sku = 'A'")
      .all();
    database.close();
    expect(plan.map(({ detail }) => detail)).toEqual([expect.stringContaining('USING INDEX barcode_by_sku')]);
  });
});

describe('every open of a database', () => {
  it('sets synchronous=FULL again: the driver reopens a WAL database with NORMAL (P1)', () => {
    const path = join(directory, 'durable.sqlite');
    openDatabase(path, { cacheKiB: 1024 }).close();
    const again = openDatabase(path, { cacheKiB: 1024 });
    expect(again.pragma('synchronous', { simple: true })).toBe(2);
    again.pragma('synchronous = NORMAL');
    expect(() => assertDurable(again)).toThrow('synchronous=FULL');
    again.close();
  });
});

describe('the epoch', () => {
  it('is provisional until central issues one, and the log keeps its numbers', () => {
    const store = open();
    store.outbox.adoptEpoch(4);
    store.outbox.adoptEpoch(4);
    expect(store.outbox.identity().epoch).toBe(4);
    expect(() => store.outbox.adoptEpoch(5)).toThrow('the log is in epoch 4');
    store.close();
  });
});

describe('the schema', () => {
  it('is mirrored by the typed tables, column by column', () => {
    const database = openDatabase(join(directory, 'schema.sqlite'), { cacheKiB: 1024 });
    migrate(database, migrations);
    const typeOf: Record<string, string> = {
      SQLiteInteger: 'INTEGER',
      SQLiteBoolean: 'INTEGER',
      SQLiteText: 'TEXT',
      SQLiteBlobBuffer: 'BLOB',
    };
    const mirrored = Object.values(schema)
      .filter((table) => is(table, SQLiteTable))
      .map((table) => [
        getTableName(table),
        Object.values(getTableColumns(table)).map(
          (column) => `${column.name} ${typeOf[column.columnType]} ${column.notNull ? 'required' : 'optional'}`,
        ),
      ]);
    const tables = database
      .prepare<[], { name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .all();
    const actual = tables.map(({ name }) => [
      name,
      (database.pragma(`table_info(${name})`) as { name: string; type: string; notnull: number; pk: number }[]).map(
        (column) => `${column.name} ${column.type} ${column.notnull === 1 || column.pk > 0 ? 'required' : 'optional'}`,
      ),
    ]);
    database.close();
    expect(Object.fromEntries(mirrored)).toEqual(Object.fromEntries(actual));
  });

  it('closes, on the way up, exceptions for being unknown whose SKU a catalogue has named since', () => {
    const database = openDatabase(join(directory, 'old.sqlite'), { cacheKiB: 1024 });
    migrate(database, migrations.slice(0, 2));
    database.exec(`
      INSERT INTO item (sku, name, is_listed, updated_at) VALUES ('A', NULL, 1, 50), ('B', NULL, 0, 60);
      INSERT INTO exception (kind, sku, sequence, deficit, opened_at)
      VALUES ('unknown-sku', 'A', 1, 0, 10), ('expired-sold', 'A', 1, 0, 10), ('unknown-sku', 'B', 2, 0, 10);`);
    migrate(database, migrations);
    const rows = database.prepare('SELECT kind, sku, resolved_at, closed_by FROM exception ORDER BY id').raw().all();
    database.close();
    expect(rows).toEqual([
      ['unknown-sku', 'A', 50, null],
      ['expired-sold', 'A', null, null],
      ['unknown-sku', 'B', null, null],
    ]);
  });

  it('keeps, on the way up, imports and their rows, under the keys that their commands have had', () => {
    const database = openDatabase(join(directory, 'imports.sqlite'), { cacheKiB: 1024 });
    migrate(database, migrations.slice(0, 3));
    database.exec(`
      INSERT INTO import_job VALUES ('j', 'stock', 'x.csv', 'applying', 7, 3, 3, 1, 0, 50, NULL), ('k', 'stock', 'y.csv', 'done', 7, 1, 1, 1, 0, 50, 60);
      INSERT INTO import_row VALUES ('j', 'A', 4, '[]'), ('j', 'B', 3, '[]');`);
    migrate(database, migrations);
    const jobs = database.prepare('SELECT id, state, applied_count, last_line, key_prefix, failure FROM import_job');
    expect(jobs.raw().all()).toEqual([
      ['j', 'applying', 1, 4, 'j', null],
      ['k', 'done', 1, 0, 'k', null],
    ]);
    expect(database.prepare('SELECT job, key, line FROM import_row').raw().all()).toEqual([
      ['j', 'A', 4],
      ['j', 'B', 3],
    ]);
    expect(() => database.exec("INSERT INTO import_row VALUES ('none', 'A', 4, '[]')")).toThrow('FOREIGN KEY');
  });

  it('keeps the transfers that central had told of, with their lines', () => {
    const database = new Database(':memory:');
    migrate(
      database,
      migrations.slice(
        0,
        migrations.findIndex(({ name }) => name === 'transfers with lines'),
      ),
    );
    const lines = [
      { sku: 'B', shipped: 4, received: 1, damaged: 2, lost: 1 },
      { sku: 'A', shipped: 3, received: 3, damaged: 0, lost: 0 },
    ];
    const state = JSON.stringify({ transfer: 'T-1', from: 'HAM1', to: 'BER1', lines, isClosed: true });
    database.prepare("INSERT INTO transfer VALUES ('T-1', 'HAM1', 'BER1', 1, ?, 50)").run(state);
    migrate(database, migrations);
    const transfers = new TransferStore(database);
    expect(transfers.named('T-1')).toMatchObject([{ from: 'HAM1', to: 'BER1', state: 'closed', changedAt: 50, lines }]);
    database.close();
  });

  it('keeps the transfers that were known by name alone, each with its lines, and then takes one of another source', () => {
    const database = openDatabase(join(directory, 'transfers.sqlite'), { cacheKiB: 1024 });
    const step = migrations.findIndex(({ name }) => name === 'transfers by source and name');
    migrate(database, migrations.slice(0, step));
    database.exec(`
      INSERT INTO transfer VALUES (3, 'T-1', 'HAM1', 'BER1', 'closed', 'a note', 1, 'theft', 'ana', NULL, NULL, 10, 20),
        (5, 'T-2', 'BER1', 'HAM1', 'shipped', NULL, 0, NULL, NULL, 'p', 's', 30, 40);
      INSERT INTO transfer_line VALUES ('T-1', 'B', 0, 0, 4, 1, 2, 1), ('T-1', 'A', 1, 0, 3, 3, 0, 0), ('T-2', 'A', 0, 2, 2, 0, 0, 0);`);
    migrate(database, migrations);
    expect(database.pragma('foreign_key_check')).toEqual([]);
    const transfers = new TransferStore(database);
    const first = {
      ...{ id: 'T-1', from: 'HAM1', to: 'BER1', state: 'closed', note: 'a note', isComplete: true },
      ...{ closing: { reason: 'theft', actor: 'ana' }, plannedAs: undefined, shippedAs: undefined },
      ...{ madeAt: 10, changedAt: 20 },
      lines: [
        { sku: 'B', planned: 0, shipped: 4, received: 1, damaged: 2, lost: 1 },
        { sku: 'A', planned: 0, shipped: 3, received: 3, damaged: 0, lost: 0 },
      ],
    };
    const second = { id: 'T-2', from: 'BER1', plannedAs: 'p', shippedAs: 's', lines: [{ sku: 'A', planned: 2 }] };
    expect(transfers.page({}, 0, 9).transfers).toMatchObject([first, second]);
    expect(transfers.page({}, 3, 9).transfers).toMatchObject([second]);
    transfers.save({ ...(first as never as Transfer), from: 'MUC1' as never, state: 'receiving' });
    expect(transfers.named('T-1').map(({ from, state }) => [from, state])).toEqual([
      ['HAM1', 'closed'],
      ['MUC1', 'receiving'],
    ]);
    database.close();
  });

  it('explains each of its columns in the database itself', () => {
    const undocumented = migrations
      .flatMap(({ sql }) => sql.split('\n'))
      .filter((line) => /^ {8}[a-z_]+ (INTEGER|TEXT|BLOB)/.test(line) && !line.includes('--'))
      .map((line) => line.trim().split(' ')[0]);
    expect(undocumented).toEqual([]);
  });
});
