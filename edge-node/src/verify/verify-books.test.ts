import { join } from 'node:path';
import { genesisHash } from '@edgestock/shared/protocol/chain';
import { must } from '@edgestock/shared/runtime/assert';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BooksCopy } from '../testing/books-copy.ts';
import { sku, TestSite } from '../testing/site.ts';
import type { Verification } from './verify-books.ts';

/** Sequences 1 to 3 are trimmed, 4 to 10 are in the log; every table has rows. */
let site: TestSite;
let books: BooksCopy;
beforeEach(async () => {
  site = new TestSite();
  const { store } = site;
  const now = site.clock.now();
  store.transaction(() => {
    store.items.list({ sku: sku('A'), name: 'Tea' }, now);
    store.items.list({ sku: sku('B'), name: 'Milk' }, now);
    store.items.setBarcode({ barcode: '04006381333931', sku: sku('A'), multiple: 1 });
    store.imports.begin({ id: 'job', kind: 'stock', document: 'x.csv', atSequence: 0, rowCount: 2, begunAt: now });
    store.imports.stage(must(store.imports.find('job'), 'it was begun'), [{ key: 'A', line: 2, fields: '[]' }]);
  });
  await site.move('receive', [
    { sku: sku('A'), quantity: 10 },
    { sku: sku('B'), quantity: 5, lot: 'L1', expiry: '2030-01-31' },
    { sku: sku('C'), quantity: 2 },
  ]);
  store.outbox.setAppliedUpTo(3);
  expect(store.outbox.trim({ agedUpTo: Number.MAX_SAFE_INTEGER, rowsMax: 100 })).toBe(3);
  const idempotency = { scope: 'sale', key: 'T1\n1', fingerprint: 'f' } as const;
  await site.move('sale', [{ sku: sku('A'), quantity: 3 }], { idempotency });
  await site.move('move', [{ sku: sku('A'), quantity: 2, toBin: 'R1', toCondition: 'damaged' }]);
  await site.move('sale', [{ sku: sku('D'), quantity: 1 }]);
  await site.move('receive', [{ sku: sku('D'), quantity: 4 }]);
  await site.move('sale', [{ sku: sku('B'), quantity: 1 }]);
  await site.record({ type: 'count', lines: [{ sku: sku('B'), counted: 7 }] });
  await site.move('receive', [{ sku: sku('A'), quantity: 1 }]);
  books = new BooksCopy(site);
});
afterEach(() => site.dispose());

const places = ({ differences }: Verification) =>
  differences.map(({ table, sku: text, sequence }) =>
    [table, text, sequence].filter((part) => part !== undefined).join(' '),
  );

describe('books that nobody touched', () => {
  it('agree, before and after the first trimming, with a log or without one', async () => {
    expect(await books.verify()).toMatchObject({
      warehouse: 'BER1',
      checkpointSequence: 3,
      sequence: 10,
      movements: 7,
      skus: 4,
      differences: [],
    });
    site.store.outbox.setAppliedUpTo(10);
    site.store.outbox.trim({ agedUpTo: Number.MAX_SAFE_INTEGER, rowsMax: 100 });
    books.renew();
    expect(await books.verify()).toMatchObject({ checkpointSequence: 10, movements: 0, skus: 4, differences: [] });
  });
});

describe('an import on its way', () => {
  it.each([
    ['of which rows are missing', "UPDATE import_job SET state = 'staging'", /\(staging\) has 1 rows waiting; 1 of 2/],
    ['of which too many rows are staged', 'UPDATE import_job SET row_count = 0', /1 of 0 were staged/],
    ['that is being taken back', "UPDATE import_job SET state = 'dropping'", /goes on taking it back/],
    ['that failed', "UPDATE import_job SET state = 'failed', failure = 'x'", /is not gone on with/],
  ])('%s is a warning, no difference', async (_, sql, message) => {
    books.tamper(sql);
    const { differences, warnings } = await books.verify();
    expect(differences).toEqual([]);
    expect(warnings.map((warning) => warning.message)).toEqual([expect.stringMatching(message)]);
  });
});

describe('what was altered is found, and where', () => {
  it.each([
    // The log: bytes, hashes, rows.
    [
      'the last byte of a movement',
      'UPDATE movement SET delta = flip(delta, -1) WHERE sequence = 6',
      'movement 6',
      /bytes are not/,
    ],
    [
      'the first byte of a movement',
      'UPDATE movement SET delta = flip(delta, 0) WHERE sequence = 6',
      'movement 6',
      /bytes are not/,
    ],
    [
      'a byte in its middle',
      'UPDATE movement SET delta = flip(delta, 3) WHERE sequence = 6',
      'movement 6',
      /bytes are not/,
    ],
    [
      'the last movement',
      'UPDATE movement SET delta = flip(delta, -1) WHERE sequence = 10',
      'movement 10',
      /bytes are not/,
    ],
    ['a hash', 'UPDATE movement SET hash = flip(hash, 5) WHERE sequence = 6', 'movement 6', /stored hash was altered/],
    [
      'the last hash',
      'UPDATE movement SET hash = flip(hash, 31) WHERE sequence = 10',
      'movement 10',
      /stored hash was altered/,
    ],
    ['a removed movement', 'DELETE FROM movement WHERE sequence = 6', 'movement 6', /movement 6 is missing/],
    [
      'several removed ones',
      'DELETE FROM movement WHERE sequence IN (5, 6, 7)',
      'movement 5',
      /movements 5 to 7 are missing/,
    ],
    ['the removed end of the log', 'DELETE FROM movement WHERE sequence > 8', 'node 10', /last movements were removed/],
    [
      'a movement filed under another SKU',
      "UPDATE movement SET sku = 'B' WHERE sequence = 6",
      'movement B 6',
      /says "D"/,
    ],
    // The node's own row.
    ['the sequence of the head', 'UPDATE node SET sequence = 11', 'node 11', /removed/],
    ['the hash of the head', 'UPDATE node SET hash = flip(hash, 0)', 'node 10', /hash of the head/],
    [
      'the hash of the checkpoint',
      'UPDATE node SET checkpoint_hash = flip(checkpoint_hash, 0)',
      'movement 4',
      /checkpoint hash/,
    ],
    ['the place of the checkpoint', 'UPDATE node SET checkpoint_sequence = 2', 'movement 3', /missing/],
    ["central's cursor", 'UPDATE node SET applied_up_to = 99', 'node', /applied up to 99/],
    ['the row itself', 'DELETE FROM node', 'node', /missing/],
    ['the epochs', 'DELETE FROM epoch', 'epoch', /no epoch/],
    ['the begin of an epoch', 'UPDATE epoch SET first_sequence = 50', 'epoch 50', /not a place/],
    // What was derived from the log.
    ...[
      ['on_hand', 'on hand is'],
      ['unsellable', 'unsellable is'],
      ['reserved', 'reserved is'],
      ['committed', 'committed is'],
      ['quota', 'quota is'],
      ['safety_stock', 'safety stock is'],
      ['version', 'version is'],
      ['sequence', 'last sequence is'],
      ['changed_at', 'time of the last change is'],
    ].map(
      ([column, words]) =>
        [
          `${column} of a position`,
          `UPDATE position SET ${column} = ${column} + 1 WHERE sku = 'A'`,
          'position A 10',
          new RegExp(words ?? ''),
        ] as const,
    ),
    [
      'on hand of a position of which all was trimmed',
      "UPDATE position SET on_hand = 3 WHERE sku = 'C'",
      'position C',
      /checkpoint makes it 2/,
    ],
    [
      'the last sequence of such a position',
      "UPDATE position SET sequence = 7 WHERE sku = 'C'",
      'position C',
      /is not there/,
    ],
    ['a removed position', "DELETE FROM position WHERE sku = 'A'", 'position A', /was removed/],
    [
      'an added position',
      "INSERT INTO position VALUES ('X', 5, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0)",
      'position X',
      /checkpoint makes it 0/,
    ],
    [
      'a balance',
      "UPDATE balance SET quantity = quantity + 1 WHERE sku = 'A' AND bin = 'R1'",
      'balance A 10',
      /bin R1, damaged: is 3, .* make 2/,
    ],
    ['a removed balance', "DELETE FROM balance WHERE sku = 'A' AND bin = 'R1'", 'balance A 10', /is 0/],
    ['an added balance', "INSERT INTO balance VALUES ('A', 'R9', '', 0, 4)", 'balance A 10', /bin R9/],
    ['the bin of a balance', "UPDATE balance SET bin = 'R2' WHERE bin = 'R1'", 'balance A 10', /bin R1/],
    ['the lot of a balance', "UPDATE balance SET lot = 'L2' WHERE sku = 'B' AND lot = 'L1'", 'balance B 9', /lot L1/],
    [
      'a sum of the checkpoint',
      "UPDATE checkpoint_balance SET quantity = 11 WHERE sku = 'A'",
      'movement A 4',
      /left on hand 7 where 11/,
    ],
    [
      'a removed sum of the checkpoint',
      "DELETE FROM checkpoint_balance WHERE sku = 'C'",
      'position C',
      /checkpoint makes it 0/,
    ],
    // What names a place in the log, or an item.
    [
      'a key of movements that are not there',
      'UPDATE idempotency SET first_sequence = 40',
      'idempotency 40',
      /log ends at 10/,
    ],
    ['a key of too many movements', 'UPDATE idempotency SET movement_count = 90', 'idempotency 4', /up to 93/],
    ['a key of no movement', 'UPDATE idempotency SET movement_count = 0', 'idempotency 4', /0 movements/],
    ['a key of trimmed movements', 'UPDATE idempotency SET first_sequence = 2', 'idempotency 2', /trimmed/],
    [
      'the exceptions of a key',
      `UPDATE idempotency SET exceptions = '[{"sequence":9}]'`,
      'idempotency 4',
      /did not open/,
    ],
    [
      'an exception of no movement',
      'UPDATE exception SET sequence = 77 WHERE resolved_at IS NULL',
      'exception D 77',
      /not there/,
    ],
    [
      'an exception of another SKU',
      "UPDATE exception SET sku = 'A' WHERE resolved_at IS NULL AND sku = 'D'",
      'exception A 6',
      /of "D"/,
    ],
    [
      'when an exception was resolved',
      'UPDATE exception SET resolved_by = 88 WHERE resolved_at IS NOT NULL',
      'exception D 88',
      /not there/,
    ],
    ['a removed item', "DELETE FROM item WHERE sku = 'C'", 'item C', /was removed/],
    ['a barcode of no item', "UPDATE barcode SET sku = 'X'", 'barcode X', /no item/],
    ['a barcode of no units', 'UPDATE barcode SET multiple = 0', 'barcode A', /0 units/],
    ['the expiry of a lot', "UPDATE lot SET expiry = '2030-02-30'", 'lot B', /no date/],
    ['a lot of no item', "UPDATE lot SET sku = 'X'", 'lot X', /no item/],
    ['the progress of an import', 'UPDATE import_job SET applied_count = 1', 'import_job', /waiting/],
    ['a lost row of an import', 'DELETE FROM import_row', 'import_job', /0 rows waiting/],
    ['rows of no import', 'DELETE FROM import_job', 'import_row', /not there/],
  ] as const)('%s', async (_, sql, place, message) => {
    books.tamper(sql);
    const verification = await books.verify();
    expect(verification.differenceCount).toBeGreaterThan(0);
    expect(places(verification)).toContain(place);
    expect(verification.differences.map((difference) => difference.message).join('\n')).toMatch(message);
  });

  it('an index that lost a movement is not taken for the log', async () => {
    for (let sale = 0; sale < 64; sale += 1) await site.move('sale', [{ sku: sku('A'), quantity: 1 }]);
    books.renew();
    expect((await books.verify()).differences).toEqual([]);
    const index = 'CREATE INDEX movement_waypoint ON movement (sku, sequence) WHERE sequence % 61 = 0';
    books.tamper(`DROP INDEX movement_waypoint;
      ${index} AND sequence <> 61;
      PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET sql = '${index}' WHERE name = 'movement_waypoint';`);
    expect((await books.verify()).differences.map(({ message }) => message).join('\n')).toContain('REINDEX');
  });

  it('one altered byte is one break of the chain, not a broken rest', async () => {
    books.tamper('UPDATE movement SET delta = flip(delta, -1) WHERE sequence = 5');
    const { differences } = await books.verify();
    expect(differences.filter(({ message }) => /hash|bytes/.test(message))).toHaveLength(1);
  });

  it('every byte of a movement and of its hash counts', async () => {
    const database = new Database(join(books.dataDir, 'edge.sqlite'));
    const row = database
      .prepare<[], { delta: number; hash: number }>(
        'SELECT length(delta) AS delta, length(hash) AS hash FROM movement WHERE sequence = 5',
      )
      .get();
    database.close();
    for (const [column, bytes] of Object.entries(row ?? {})) {
      for (let at = 0; at < bytes; at += 1) {
        const flip = `UPDATE movement SET ${column} = flip(${column}, ${at}) WHERE sequence = 5`;
        books.tamper(flip);
        expect(places(await books.verify()), `${column}, byte ${at}`).toContain('movement 5');
        books.tamper(flip);
      }
    }
    expect((await books.verify()).differenceCount).toBe(0);
  });

  it('the hash before the first movement is that of every log', async () => {
    books.tamper('DELETE FROM checkpoint_balance; UPDATE node SET checkpoint_sequence = 0');
    expect(places(await books.verify())).toContain('node 0');
    expect(genesisHash.every((byte) => byte === 0)).toBe(true);
  });

  it('a log wrong throughout lists a hundred differences and counts the rest', async () => {
    for (let index = 0; index < 150; index += 1) await site.move('receive', [{ sku: sku(`S${index}`), quantity: 1 }]);
    books.renew();
    books.tamper('UPDATE position SET on_hand = 9');
    const { differences, differenceCount } = await books.verify();
    expect([differences.length, differenceCount]).toEqual([100, 154]);
  });
});
