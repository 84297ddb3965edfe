import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseWarehouseId } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { migrate } from '@edgestock/shared/sqlite/migrate';
import { assertDurable, DatabaseRefused, openDatabase } from '@edgestock/shared/sqlite/open-database';
import { DataDirectoryInUse } from '@edgestock/shared/sqlite/process-lock';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { getTableColumns, getTableName, is } from 'drizzle-orm';
import { SQLiteTable } from 'drizzle-orm/sqlite-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EdgeStore } from './edge-store.ts';
import { migrations } from './migrations.ts';
import { WrongWarehouse } from './node-store.ts';
import * as schema from './schema.ts';

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

  it('refuses a database of a newer release instead of guessing', () => {
    const store = open();
    store.close();
    const raw = openDatabase(join(directory, 'edge.sqlite'), { cacheKiB: 1024 });
    raw.pragma(`user_version = ${migrations.length + 1}`);
    raw.close();
    expect(() => open()).toThrow(DatabaseRefused);
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

  it('explains each of its columns in the database itself', () => {
    const undocumented = migrations
      .flatMap(({ sql }) => sql.split('\n'))
      .filter((line) => /^ {8}[a-z_]+ (INTEGER|TEXT|BLOB)/.test(line) && !line.includes('--'))
      .map((line) => line.trim().split(' ')[0]);
    expect(undocumented).toEqual([]);
  });
});
