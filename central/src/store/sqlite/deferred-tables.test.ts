import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from '@edgestock/shared/runtime/assert';
import { migrate } from '@edgestock/shared/sqlite/migrate';
import { openDatabase } from '@edgestock/shared/sqlite/open-database';
import { SteadyDatabase } from '@edgestock/shared/sqlite/steady-database';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEFAULT_CHANNEL } from '../../rules/channel.ts';
import { NodeLog, skuOf } from '../../testing/node-log.ts';
import { openedSqlite } from '../../testing/opened-sqlite.ts';
import { describeCentralStore } from '../central-store.contract.ts';
import { NOW } from '../contract-fixture.contract.ts';
import type { Tables } from '../tables/tables.ts';
import { STORE_FILE } from './central-backup.ts';
import { SqliteCentralStore } from './central-store.ts';
import { migrations } from './migrations.ts';
import { sqliteTables } from './sqlite-tables.ts';

/** What an adapter must answer at once. */
const immediate: Partial<Record<keyof Tables, readonly string[]>> = {
  availability: ['begin', 'takeRisen', 'excluded'],
  downLogWriter: ['begin'],
  positionDigests: ['isTakenOver'],
  positions: ['begin', 'put', 'suspect'],
  quota: ['begin', 'takeFreed'],
  unsettled: ['begin'],
};

/** Questions that may be asked together: nothing else may be under way beside them. */
const questions: ReadonlySet<string> = new Set([
  ...['answers.found', 'buffers.of', 'channels.get', 'orders.known', 'reservations.known'],
  ...[
    'orderFinder.ofTask',
    'orderFinder.waitingUnits',
    'quota.offered',
    'quota.offers',
    'unsettled.has',
    'unknownTasks.get',
  ],
]);

/**
 * SQLite's tables as a server's would be: each call does its work later, and none may be made while another is under way, but for
 * questions that are asked together. A desk that does not wait for a table is found by whatever it asks next.
 */
class DeferredTables {
  readonly #underWay = new Set<{ readonly called: string }>();

  over(tables: Tables): Tables {
    const names = Object.keys(tables) as readonly (keyof Tables)[];
    return Object.fromEntries(names.map((name) => [name, this.#over(name, tables[name])])) as unknown as Tables;
  }

  /** Throws when something was begun that nobody waited for. */
  assertQuiet(asked: string): void {
    const other = [...this.#underWay].find(({ called }) => !(questions.has(asked) && questions.has(called)));
    assert(other === undefined, () => `${asked} while ${other?.called} is under way: nobody waits for it`);
  }

  #over(name: keyof Tables, table: object): object {
    return new Proxy(table, {
      get: (target, method) => {
        const work: unknown = Reflect.get(target, method, target);
        if (typeof work !== 'function') return work;
        const called = `${name}.${String(method)}`;
        const isImmediate = immediate[name]?.includes(String(method)) ?? false;
        return (...asked: readonly unknown[]) => {
          this.assertQuiet(called);
          return isImmediate
            ? Reflect.apply(work, target, asked)
            : this.#later(called, () => Reflect.apply(work, target, asked));
        };
      },
    });
  }

  async #later(called: string, work: () => unknown): Promise<unknown> {
    const one = { called };
    this.#underWay.add(one);
    await new Promise((resolve) => setImmediate(resolve));
    try {
      return work();
    } finally {
      this.#underWay.delete(one);
    }
  }
}

let template: string;
beforeAll(() => {
  template = mkdtempSync(join(tmpdir(), 'edgestock-central-'));
  const database = openDatabase(join(template, STORE_FILE), { cacheKiB: 1_024 });
  migrate(database, migrations);
  database.close();
});
afterAll(() => rmSync(template, { recursive: true }));

function openDeferred(path: string, deferred: DeferredTables): SqliteCentralStore {
  const database = openDatabase(path, { cacheKiB: 1_024 });
  // Nothing here is about what survives.
  database.pragma('synchronous = OFF');
  return new SqliteCentralStore(database, deferred.over(sqliteTables(database)));
}

describeCentralStore('central store on tables that take their time', async () => {
  const deferred = new DeferredTables();
  const opened = openedSqlite((path) => openDeferred(path, deferred), { from: join(template, STORE_FILE) });
  return {
    ...opened,
    close: async () => {
      await opened.close();
      deferred.assertQuiet('closing');
    },
  };
});

it('tables that take their time tell who does not wait for one', async () => {
  const database = new SteadyDatabase(':memory:');
  const deferred = new DeferredTables();
  migrate(database, migrations);
  const tables = deferred.over(sqliteTables(database));
  const forgotten = tables.nodes.count();
  expect(() => tables.channels.all()).toThrow('channels.all while nodes.count is under way');
  expect(() => tables.quota.takeFreed()).toThrow('quota.takeFreed while nodes.count is under way');
  expect(await forgotten).toBe(0);
  expect(await tables.channels.all()).toHaveLength(1);
  database.close();
});

it('a read that is asked for in the middle of a write sees all of it', async () => {
  const path = join(template, 'read-in-turn.db');
  copyFileSync(join(template, STORE_FILE), path);
  const store = openDeferred(path, new DeferredTables());
  const log = new NodeLog('W1');
  await store.enrol(log.warehouse, log.enrolRequest(), NOW);
  log.record('A', 3);
  let isOver = false;
  const write = store.applyBatches([log.verified(1, 1)], NOW).then(() => {
    isOver = true;
  });
  const seen = new Set<string>();
  while (!isOver) {
    const [warehouse, { available }] = await Promise.all([
      store.warehouse(log.warehouse),
      store.availability(skuOf('A'), DEFAULT_CHANNEL),
    ]);
    seen.add(`${warehouse?.appliedUpTo} applied, ${available} available`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await write;
  expect([...seen]).toEqual(['1 applied, 3 available']);
  await store.close();
});
