import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { PgliteDatabase } from '../../testing/pglite-database.ts';
import { migrate, SchemaRefused } from './migrate.ts';
import { migrations } from './migrations.ts';
import type { Parameter } from './session.ts';

let database: PgliteDatabase;
beforeAll(async () => {
  database = await PgliteDatabase.open();
}, 60_000);
afterEach(() => database.empty());
afterAll(() => database.close());

it('makes the store once, however often it is asked', async () => {
  await migrate(database, migrations);
  await migrate(database, migrations);
  const steps = await database.reads.rows('SELECT step, name FROM schema_step');
  expect(steps).toEqual(migrations.map(({ name }, place) => ({ step: place + 1, name })));
  expect(await database.reads.rows('SELECT central_epoch, revision, structure FROM meta')).toEqual([
    { central_epoch: 1, revision: 0, structure: 0 },
  ]);
});

it('refuses the schema of a newer release, and leaves it', async () => {
  const later = [...migrations, { name: 'later', sql: 'CREATE TABLE later (id BIGINT)' }];
  await migrate(database, later);
  await expect(migrate(database, migrations)).rejects.toThrow(SchemaRefused);
  expect(await database.reads.rows('SELECT id FROM later')).toEqual([]);
});

it('leaves nothing of a step that fails', async () => {
  const broken = [{ name: 'broken', sql: 'CREATE TABLE half (id BIGINT); SELECT 1 / 0' }];
  await expect(migrate(database, broken)).rejects.toThrow('division by zero');
  await expect(database.reads.rows('SELECT id FROM half')).rejects.toThrow('half');
});

it.each([
  ['meta', 'CREATE TABLE meta (key TEXT, value TEXT)'],
  ['lane', 'CREATE TYPE lane AS ENUM ($$left$$, $$right$$)'],
  ['step', 'CREATE TABLE schema_step (version TEXT)'],
  ['text', 'CREATE TABLE schema_step (step TEXT)'],
])('refuses a database in which %s is somebody else’s, and leaves nothing there', async (name, theirs) => {
  await database.transaction((session) => session.script(theirs));
  const tables = () => database.reads.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
  const before = await tables();
  const refusal = await migrate(database, migrations).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(SchemaRefused);
  expect(refusal).toMatchObject({
    message: expect.stringMatching(new RegExp(`holds tables that are not edgestock's: .*${name}`)),
    hint: expect.stringContaining('createdb'),
  });
  expect(await tables()).toEqual(before);
});

it('takes and gives every type there is, also in arrays', async () => {
  const bytes = Uint8Array.from([0, 255, 92]);
  const words = ['plain', '', 'NULL', 'a"b\\c', '{,}', "it's", null];
  const back = async (type: string, value: Parameter) => {
    const [row] = await database.reads.rows<{ value: unknown }>(`SELECT $1::${type} AS value`, [value]);
    return row?.value;
  };
  const each = async (type: string, value: Parameter) => {
    const rows = await database.reads.rows<{ value: unknown }>(`SELECT unnest($1::${type}[]) AS value`, [value]);
    return rows.map((row) => row.value);
  };
  expect(await back('bigint', Number.MAX_SAFE_INTEGER)).toBe(Number.MAX_SAFE_INTEGER);
  expect(await back('boolean', false)).toBe(false);
  expect(Buffer.from((await back('bytea', bytes)) as Uint8Array)).toEqual(Buffer.from(bytes));
  expect(await back('text', null)).toBeNull();
  expect(await each('text', words)).toEqual(words);
  expect(await each('bigint', [1, -2, null])).toEqual([1, -2, null]);
  expect(await each('boolean', [true, false])).toEqual([true, false]);
  expect((await each('bytea', [bytes])).map((one) => Buffer.from(one as Uint8Array))).toEqual([Buffer.from(bytes)]);
  expect(await each('text', [])).toEqual([]);
});
