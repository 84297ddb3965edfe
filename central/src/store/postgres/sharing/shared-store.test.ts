import { systemClock } from '@edgestock/shared/runtime/clock';
import { beforeEach, describe, expect, it } from 'vitest';
import { migratedPglite, putNode } from '../../../testing/migrated-pglite.ts';
import { PostgresSharedStore } from './shared-store.ts';

const pg = migratedPglite();
const LONG_MS = 60_000;
const SHORT_MS = 20;
let shared: PostgresSharedStore;
beforeEach(() => {
  shared = new PostgresSharedStore(pg.session);
});

describe('lanes', () => {
  it('belong to whoever asked first, and to nobody else for the whole term', async () => {
    expect(await shared.claim('one', 8, LONG_MS)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(await shared.claim('two', 8, LONG_MS)).toEqual([]);
    expect(await shared.beat('one', LONG_MS)).toEqual({ workers: 1, owned: [0, 1, 2, 3, 4, 5, 6, 7] });
    expect(await shared.beat('two', LONG_MS)).toEqual({ workers: 2, owned: [] });
  });

  it('that nobody renews go to the next one, and are not given back by a late renewal', async () => {
    await shared.claim('dead', 3, SHORT_MS);
    await shared.beat('dead', SHORT_MS);
    await systemClock.sleep(SHORT_MS * 2);
    expect(await shared.claim('next', 3, LONG_MS)).toEqual([0, 1, 2]);
    expect(await shared.beat('dead', LONG_MS)).toMatchObject({ owned: [] });
    expect(await shared.beat('next', LONG_MS)).toMatchObject({ owned: [0, 1, 2] });
  });

  it('that have ended are lost, also where nobody has taken them', async () => {
    await shared.claim('slow', 2, SHORT_MS);
    await systemClock.sleep(SHORT_MS * 2);
    expect(await shared.beat('slow', LONG_MS)).toMatchObject({ owned: [] });
  });

  it('given back are free at once, others stay, and nobody gives back what another has', async () => {
    await shared.claim('one', 4, LONG_MS);
    await shared.release('one', [2, 3]);
    expect(await shared.claim('two', 2, LONG_MS)).toEqual([2, 3]);
    await shared.release('one', [2]);
    expect(await shared.beat('two', LONG_MS)).toMatchObject({ owned: [2, 3] });
    await shared.leave('one');
    expect(await shared.claim('two', 2, LONG_MS)).toEqual([0, 1]);
  });

  it('are divided among workers that are alive', async () => {
    await shared.beat('dead', SHORT_MS);
    await shared.beat('left', LONG_MS);
    await shared.leave('left');
    await systemClock.sleep(SHORT_MS * 2);
    expect(await shared.beat('one', LONG_MS)).toMatchObject({ workers: 1 });
  });
});

it('tells of changes in every channel, in their order, and of logs down that are not carried out', async () => {
  const { session } = pg;
  await session.run("INSERT INTO channel (channel, is_all, buffer) VALUES ('north', true, 0)");
  const put = `INSERT INTO availability (sku, channel, unspent, buffer, revision) VALUES ($1, $2, 1, 0, $3)`;
  await session.run(put, ['A', 'default', 4]);
  await session.run(put, ['B', 'north', 3]);
  await session.run(put, ['C', 'default', 2]);
  expect(await shared.noticesAfter(2, 10)).toEqual([
    { sku: 'B', revision: 3 },
    { sku: 'A', revision: 4 },
  ]);
  expect(await shared.noticesAfter(1, 1)).toEqual([{ sku: 'C', revision: 2 }]);
  await putNode(session, 'BER1');
  await putNode(session, 'HAM1');
  await session.run(`UPDATE node SET down_sequence = 5, down_carried_out = 3 WHERE warehouse = 'HAM1'`);
  expect(await shared.openLogs()).toEqual([{ warehouse: 'HAM1', sequence: 5 }]);
  expect(await shared.standing()).toEqual({ revision: 0, centralEpoch: 1, life: expect.stringMatching(/^\w{16}$/) });
});
