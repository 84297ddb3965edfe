import { beforeEach, expect, it } from 'vitest';
import { DEFAULT_CHANNEL } from '../../../rules/channel.ts';
import { migratedPglite, putNode, putPosition } from '../../../testing/migrated-pglite.ts';
import { skuOf, warehouseOf } from '../../../testing/node-log.ts';
import { WatchedSession } from '../../../testing/watched-session.ts';
import { channelOf } from '../../contract-fixture.contract.ts';
import { PostgresChannelReader, PostgresChannelWriter } from '../catalogue/channel-table.ts';
import { PostgresUnsettledTable } from '../epochs/unsettled-table.ts';
import { raiseStructure } from '../session.ts';
import { PostgresAvailabilityWriter } from './availability-table.ts';

const pg = migratedPglite();
const [A, B] = [skuOf('A'), skuOf('B')];
const [BER1, HAM1] = [warehouseOf('BER1'), warehouseOf('HAM1')];
const NORTH = channelOf('north');

let session: WatchedSession;
let writer: PostgresAvailabilityWriter;
const writerOn = (on: WatchedSession) =>
  new PostgresAvailabilityWriter(on, {
    channels: new PostgresChannelReader(on),
    unsettled: new PostgresUnsettledTable(on),
  });
beforeEach(() => {
  session = new WatchedSession(pg.session);
  writer = writerOn(session);
});
const begin = async () => {
  await session.begin();
  writer.begin();
};
/** `A default 5-2 @1`: five unspent, two of them kept. */
const answers = async () => {
  const rows = await pg.session.rows<{ text: string }>(
    `SELECT sku || ' ' || channel || ' ' || unspent || '-' || buffer || ' @' || revision AS text FROM availability
     ORDER BY sku, channel`,
  );
  return rows.map(({ text }) => text);
};

it('takes from a channel only what its buffer leaves, and nothing when that is too little', async () => {
  await pg.session.run('UPDATE channel SET buffer = 2');
  const take = async (units: number) => {
    await begin();
    const isTaken = await writer.take(DEFAULT_CHANNEL, [[A, [{ warehouse: BER1, units: -units }]]]);
    return { isTaken, changes: await writer.end() };
  };
  await begin();
  await writer.change(A, [{ warehouse: BER1, units: 5 }]);
  expect(await writer.end()).toEqual([{ sku: A, revision: 1 }]);
  expect(await take(4)).toEqual({ isTaken: false, changes: [] });
  expect(await take(3)).toEqual({ isTaken: true, changes: [{ sku: A, revision: 2 }] });
  expect(await take(1)).toEqual({ isTaken: false, changes: [] });
  expect(await answers()).toEqual(['A default 2-2 @2']);
});

it('takes and reads what the transaction itself has changed, although nothing of it is written yet', async () => {
  await begin();
  await writer.change(A, [{ warehouse: BER1, units: 5 }]);
  expect(await writer.take(DEFAULT_CHANNEL, [[A, [{ warehouse: BER1, units: -3 }]]])).toBe(true);
  expect(await writer.take(DEFAULT_CHANNEL, [[A, [{ warehouse: BER1, units: -3 }]]])).toBe(false);
  await writer.change(A, [{ warehouse: BER1, units: 2 }]);
  expect(await writer.available(DEFAULT_CHANNEL, A)).toBe(4);
  await writer.change(A, [{ warehouse: BER1, units: -4 }]);
  expect(await writer.available(DEFAULT_CHANNEL, A)).toBe(0);
  expect(await writer.take(DEFAULT_CHANNEL, [[A, [{ warehouse: BER1, units: -1 }]]])).toBe(false);
  // One revision for all of it.
  expect(await writer.end()).toEqual([{ sku: A, revision: 1 }]);
  expect(await answers()).toEqual(['A default 0-0 @1']);
});

it('writes the answers of a transaction with the same few statements, however many they are', async () => {
  const statements: number[] = [];
  for (const count of [1, 700]) {
    await begin();
    for (let index = 0; index < count; index += 1)
      await writer.change(skuOf(`S${index}`), [{ warehouse: BER1, units: 1 }]);
    expect(await writer.end()).toHaveLength(count);
    statements.push(session.statements);
  }
  // The first also read what is kept at hand: channels and unsettled warehouses.
  expect(statements).toEqual([4, 2]);
  expect((await answers()).slice(0, 2)).toEqual(['S0 default 2-0 @2', 'S1 default 1-0 @3']);
});

it('changes the answers of those channels alone that sell from the warehouse, and shows one revision in all', async () => {
  const channels = new PostgresChannelWriter(pg.session);
  await channels.set({ channel: NORTH, warehouses: [HAM1], buffer: 1 });
  await begin();
  await writer.change(A, [{ warehouse: BER1, units: 5 }]);
  await writer.change(A, [{ warehouse: HAM1, units: 2 }]);
  await writer.change(B, [{ warehouse: BER1, units: 0 }]);
  await writer.end();
  expect(await answers()).toEqual(['A default 7-0 @1', 'A north 2-1 @1', 'B default 0-0 @2', 'B north 0-1 @2']);
  await begin();
  expect(await writer.take(DEFAULT_CHANNEL, [[A, [{ warehouse: HAM1, units: -1 }]]])).toBe(true);
  // The other channel has one unit less, too, and keeps the last.
  expect(await writer.take(NORTH, [[A, [{ warehouse: HAM1, units: -1 }]]])).toBe(false);
  await writer.end();
  expect(await answers()).toEqual(['A default 6-0 @3', 'A north 1-1 @3', 'B default 0-0 @2', 'B north 0-1 @2']);
});

it('notices channels and unsettled warehouses that another process has changed', async () => {
  await begin();
  await writer.change(A, [{ warehouse: BER1, units: 1 }]);
  await writer.end();
  await pg.session.run("INSERT INTO channel (channel, is_all, buffer) VALUES ('north', true, 0)");
  await pg.session.run("INSERT INTO unsettled (warehouse) VALUES ('HAM1')");
  await raiseStructure(pg.session);
  await begin();
  await writer.change(A, [{ warehouse: BER1, units: 1 }]);
  await writer.change(A, [{ warehouse: HAM1, units: 9 }]);
  await writer.end();
  expect(await answers()).toEqual(['A default 2-0 @2', 'A north 1-0 @2']);
});

it('does not go on with channels that a transaction had changed which failed', async () => {
  await begin();
  await pg.session.run('SAVEPOINT before');
  await new PostgresChannelWriter(pg.session).set({ channel: DEFAULT_CHANNEL, warehouses: [HAM1], buffer: 0 });
  await writer.rebuild(DEFAULT_CHANNEL);
  await writer.change(A, [{ warehouse: BER1, units: 1 }]);
  await pg.session.run('ROLLBACK TO SAVEPOINT before');
  await begin();
  await writer.change(A, [{ warehouse: BER1, units: 1 }]);
  await writer.end();
  expect(await answers()).toEqual(['A default 1-0 @1']);
});

it('takes a warehouse out of the answers and back into them', async () => {
  await putNode(pg.session, BER1);
  await putPosition(pg.session, { sku: 'A', warehouse: 'BER1', granted: 7, returned: 1, held: 2 });
  await putPosition(pg.session, { sku: 'A', warehouse: 'HAM1', granted: 1 });
  await begin();
  await writer.rebuild(DEFAULT_CHANNEL);
  await writer.end();
  expect(await answers()).toEqual(['A default 5-0 @1']);
  await begin();
  await writer.exclude(BER1);
  await writer.change(A, [{ warehouse: BER1, units: 3 }]);
  expect(writer.excluded()).toEqual([BER1]);
  await writer.end();
  expect(await answers()).toEqual(['A default 1-0 @2']);
  await begin();
  await writer.include(BER1);
  expect(writer.takeRisen()).toEqual([A]);
  await writer.end();
  expect(await answers()).toEqual(['A default 5-0 @3']);
});

it('sums up anew from the positions, whatever it was told before', async () => {
  await putPosition(pg.session, { sku: 'A', warehouse: 'BER1', granted: 4 });
  await begin();
  await writer.change(A, [{ warehouse: BER1, units: 99 }]);
  await writer.recount(A);
  await writer.end();
  expect(await answers()).toEqual(['A default 4-0 @1']);
});

it('finds the buffer of a SKU, and shows it when it changes', async () => {
  const channels = new PostgresChannelWriter(pg.session);
  await channels.setBuffer(DEFAULT_CHANNEL, A, 3);
  await begin();
  await writer.bufferChanged(DEFAULT_CHANNEL, A);
  await writer.change(A, [{ warehouse: BER1, units: 4 }]);
  await writer.end();
  await channels.setBuffer(DEFAULT_CHANNEL, A, undefined);
  await begin();
  await writer.bufferChanged(DEFAULT_CHANNEL, A);
  expect(writer.takeRisen()).toEqual([A]);
  expect(await writer.end()).toEqual([{ sku: A, revision: 2 }]);
  expect(await answers()).toEqual(['A default 4-0 @2']);
});
