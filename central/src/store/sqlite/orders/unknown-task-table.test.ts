import { migrate } from '@edgestock/shared/sqlite/migrate';
import { SteadyDatabase } from '@edgestock/shared/sqlite/steady-database';
import { expect, it } from 'vitest';
import type { TaskFacts } from '../../../rules/task-fact.ts';
import { skuOf, warehouseOf } from '../../../testing/node-log.ts';
import { migrations } from '../migrations.ts';
import { SqliteUnknownTaskTable } from './unknown-task-table.ts';

it('does not count a unit twice that was given up and left all the same', () => {
  const database = new SteadyDatabase(':memory:');
  migrate(database, migrations);
  const table = new SqliteUnknownTaskTable(database);
  const said = (fact: TaskFacts['fact'], quantity: number) =>
    table.report({ fact, warehouse: warehouseOf('W1'), task: 'o.1', lines: [{ sku: skuOf('A'), quantity }] }, 1);
  said('allocate', 3);
  said('give-up', 1);
  expect(table.get(warehouseOf('W1'), 'o.1')?.lines).toMatchObject([{ quantity: 3, shipped: 0, givenUp: 1 }]);
  said('ship', 3);
  expect(table.get(warehouseOf('W1'), 'o.1')?.lines).toMatchObject([{ quantity: 3, shipped: 3, givenUp: 0 }]);
  expect(table.openCount()).toBe(0);
  database.close();
});
