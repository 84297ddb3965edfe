import { emptyQuantities } from '@edgestock/shared/inventory/position';
import type { StateRow } from '@edgestock/shared/protocol/delta';
import { beforeEach, expect, it } from 'vitest';
import { migratedPglite, putNode, putPosition } from '../../../testing/migrated-pglite.ts';
import { skuOf, warehouseOf } from '../../../testing/node-log.ts';
import { WatchedSession } from '../../../testing/watched-session.ts';
import { PostgresChannelReader } from '../catalogue/channel-table.ts';
import { PostgresUnsettledTable } from '../epochs/unsettled-table.ts';
import { PostgresAvailabilityWriter } from './availability-table.ts';
import { PostgresPositionRepairTable } from './position-repair-table.ts';
import { PostgresPositionWriter } from './position-table.ts';

const pg = migratedPglite();
const [BER1, HAM1] = [warehouseOf('BER1'), warehouseOf('HAM1')];
const [A, B] = [skuOf('A'), skuOf('B')];
let session: WatchedSession;
let availability: PostgresAvailabilityWriter;
let writer: PostgresPositionWriter;
beforeEach(async () => {
  session = new WatchedSession(pg.session);
  const [channels, unsettled] = [new PostgresChannelReader(session), new PostgresUnsettledTable(session)];
  availability = new PostgresAvailabilityWriter(session, { channels, unsettled });
  writer = new PostgresPositionWriter(session, availability);
  await session.begin();
});

const state = (sku: string, version: number, quantities: Partial<StateRow['state']> = {}): StateRow => ({
  ...{ sku: skuOf(sku), version, sequence: version, at: version },
  state: { ...emptyQuantities, ...quantities },
});
/** `A BER1 v2 5 on hand, 3 granted, log 2` */
const positions = async () => {
  const rows = await pg.session.rows<{ text: string }>(
    `SELECT sku || ' ' || warehouse || ' v' || version || ' ' || on_hand || ' on hand, ' || granted || ' granted, log '
       || log_sequence || CASE WHEN suspect THEN ', suspect' ELSE '' END AS text
     FROM position ORDER BY sku, warehouse`,
  );
  return rows.map(({ text }) => text);
};

it('writes the newest of several states of a position, and tells what it was and is', async () => {
  await putPosition(pg.session, { sku: 'A', warehouse: 'BER1', on_hand: 1, granted: 1 });
  writer.put(BER1, state('A', 3, { onHand: 5, granted: 3 }), 3);
  writer.put(BER1, state('A', 2, { onHand: 9, granted: 9 }), 2);
  writer.put(HAM1, state('A', 1, { onHand: 2, quota: 3, granted: 3 }), 0);
  const { deficits, changes } = await writer.write();
  expect(changes.map(({ warehouse, before, after }) => [warehouse, before?.onHand, after.onHand])).toEqual([
    [BER1, 1, 5],
    [HAM1, undefined, 2],
  ]);
  expect(deficits).toEqual([{ warehouse: HAM1, sku: A }]);
  expect(await positions()).toEqual(['A BER1 v3 5 on hand, 3 granted, log 3', 'A HAM1 v1 2 on hand, 3 granted, log 0']);
  await availability.end();
  expect(await pg.session.rows('SELECT unspent FROM availability')).toEqual([{ unspent: 5 }]);
});

it('changes a position in its page, and no index with it', async () => {
  const updates = async () => {
    const [row] = await pg.session.rows<{ all: number; inPage: number }>(
      `SELECT sum(n_tup_upd)::bigint AS "all", sum(n_tup_hot_upd)::bigint AS "inPage" FROM pg_stat_xact_user_tables
       WHERE relname LIKE 'position\\__'`,
    );
    return row ?? { all: 0, inPage: 0 };
  };
  await putPosition(pg.session, { sku: 'A', warehouse: 'BER1', on_hand: 9, granted: 1, held: 1 });
  const before = await updates();
  writer.put(BER1, state('A', 2, { onHand: 8, granted: 1 }), 2);
  await writer.write();
  const after = await updates();
  expect([after.all - before.all, after.inPage - before.inPage]).toEqual([1, 1]);
});

it('takes of an older state nothing but that the log has come so far', async () => {
  await putPosition(pg.session, { sku: 'A', warehouse: 'BER1', on_hand: 1, version: 5, log_sequence: 1 });
  writer.put(BER1, state('A', 4, { onHand: 9, granted: 9 }), 4);
  expect(await writer.write()).toEqual({ deficits: [], changes: [] });
  expect(await positions()).toEqual(['A BER1 v5 1 on hand, 0 granted, log 4']);
  expect(await availability.end()).toEqual([]);
});

it('never takes back what a node had granted, nor what central knows to have been given back and allocated', async () => {
  await putPosition(pg.session, {
    ...{ sku: 'A', warehouse: 'BER1', granted: 9, returned: 3, returned_seen: 2, allocated_sent: 2, allocated: 1 },
  });
  writer.put(BER1, state('A', 2, { granted: 8, returned: 2, allocated: 2 }), 2);
  await writer.write();
  expect(
    await pg.session.rows('SELECT granted, returned, returned_seen, allocated_sent, allocated FROM position'),
  ).toEqual([{ granted: 9, returned: 3, returned_seen: 2, allocated_sent: 2, allocated: 2 }]);
  expect(availability.excluded()).toEqual([]);
});

it('takes a warehouse that is ahead of central out of the answers before its numbers change', async () => {
  await putNode(pg.session, BER1);
  for (const sku of ['A', 'B']) await putPosition(pg.session, { sku, warehouse: 'BER1', granted: 5 });
  await availability.recount(A);
  await availability.recount(B);
  writer.put(BER1, state('A', 2, { granted: 6 }), 2);
  writer.put(BER1, state('B', 2, { granted: 5, returned: 2 }), 2);
  await writer.write();
  await availability.end();
  expect(availability.excluded()).toEqual([BER1]);
  expect(await pg.session.rows('SELECT sku, unspent FROM availability ORDER BY sku')).toEqual([
    { sku: 'A', unspent: 0 },
    { sku: 'B', unspent: 0 },
  ]);
});

it('marks as suspect what is older than a delta that could not be applied, and what was never seen', async () => {
  await putPosition(pg.session, { sku: 'A', warehouse: 'BER1', version: 2 });
  await putPosition(pg.session, { sku: 'B', warehouse: 'BER1', version: 2 });
  writer.suspect(BER1, A, 3);
  writer.suspect(BER1, B, 2);
  writer.suspect(BER1, skuOf('C'), 1);
  writer.put(BER1, state('D', 2), 2);
  writer.suspect(BER1, skuOf('D'), 1);
  await writer.write();
  expect(await positions()).toEqual([
    'A BER1 v2 0 on hand, 0 granted, log 1, suspect',
    'B BER1 v2 0 on hand, 0 granted, log 1',
    'C BER1 v0 0 on hand, 0 granted, log 0, suspect',
    'D BER1 v2 0 on hand, 0 granted, log 2',
  ]);
  expect((await availability.end()).map(({ sku }) => sku)).toEqual(['A', 'C', 'D']);
  // Said again it changes nothing.
  availability.begin();
  writer.suspect(BER1, A, 3);
  await writer.write();
  expect(await availability.end()).toEqual([]);
});

it('needs the same few statements, however many positions a transaction brings', async () => {
  const statements: number[] = [];
  for (const count of [1, 500]) {
    await session.begin();
    for (let index = 0; index < count; index += 1) {
      writer.put(BER1, state(`NEW${count}.${index}`, 1, { onHand: 1 }), 1);
      writer.suspect(HAM1, skuOf(`BAD${count}.${index}`), 1);
    }
    expect((await writer.write()).changes).toHaveLength(count);
    statements.push(session.statements);
  }
  // The first also read what is kept at hand: channels and unsettled warehouses.
  expect(statements).toEqual([5, 3]);
});

it('repairs positions past their order; of a settled warehouse promised quota stays counted', async () => {
  const repair = new PostgresPositionRepairTable(pg.session);
  const promised = { granted: 9, returned: 1, allocated_sent: 2, held: 3, version: 7, log_sequence: 7 };
  for (const warehouse of ['BER1', 'HAM1']) await putPosition(pg.session, { sku: 'A', warehouse, ...promised });
  const row = state('A', 3, { onHand: 4, granted: 5, returned: 2 });
  await repair.replace(BER1, [row, state('B', 1)], { isSettled: true });
  await repair.replace(HAM1, [row], { isSettled: false });
  expect(await positions()).toEqual([
    'A BER1 v3 4 on hand, 6 granted, log 7',
    'A HAM1 v3 4 on hand, 5 granted, log 7',
    'B BER1 v1 0 on hand, 0 granted, log 0',
  ]);
  const known = await repair.known(BER1, [A, skuOf('Z')]);
  expect([...known.keys()]).toEqual([A]);
  expect(known.get(A)).toMatchObject({ position: { granted: 6 }, atCentral: { returned: 2, allocatedSent: 2 } });
  await repair.advanceLog(BER1, [
    { sku: A, sequence: 5 },
    { sku: B, sequence: 5 },
  ]);
  await repair.empty(BER1, [A]);
  expect((await positions()).slice(0, 1)).toEqual(['A BER1 v0 0 on hand, 7 granted, log 7']);
  expect(await repair.between(BER1, '', undefined)).toEqual([B]);
  expect(await repair.between(BER1, '', A)).toEqual([]);
  expect(await repair.skusAfter(BER1, '', 1)).toEqual([A]);
});
