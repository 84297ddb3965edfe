import { migrate } from '@edgestock/shared/sqlite/migrate';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { DEFAULT_CHANNEL } from '../../../rules/channel.ts';
import { skuOf, warehouseOf } from '../../../testing/node-log.ts';
import { SqliteUnsettledTable } from '../epochs/unsettled-table.ts';
import { migrations } from '../migrations.ts';
import { SqliteAvailabilityWriter } from './availability-table.ts';

it('takes from a channel only what its buffer leaves, and nothing when that is too little', () => {
  const database = new Database(':memory:');
  migrate(database, migrations);
  database.exec('UPDATE channel SET buffer = 2');
  const [sku, warehouse] = [skuOf('A'), warehouseOf('BER1')];
  const writer = new SqliteAvailabilityWriter(database, new SqliteUnsettledTable(database));
  const take = (units: number) => {
    writer.begin();
    const isTaken = writer.take(DEFAULT_CHANNEL, sku, [{ warehouse, units: -units }]);
    return { isTaken, changes: writer.end() };
  };
  writer.begin();
  writer.change(sku, [{ warehouse, units: 5 }]);
  expect(writer.end()).toEqual([{ sku, revision: 1 }]);
  expect(take(4)).toEqual({ isTaken: false, changes: [] });
  expect(take(3)).toEqual({ isTaken: true, changes: [{ sku, revision: 2 }] });
  expect(take(1)).toEqual({ isTaken: false, changes: [] });
  const row = database.prepare('SELECT unspent, buffer, revision FROM availability').get();
  expect(row).toEqual({ unspent: 2, buffer: 2, revision: 2 });
});
