import { PositionDigest } from '@edgestock/shared/inventory/position-digest';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { type PostgresServer, startPostgresServer } from '@edgestock/shared/testing/postgres-server';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { DEFAULT_CHANNEL } from '../../rules/channel.ts';
import { NodeLog, skuOf } from '../../testing/node-log.ts';
import { channelOf, NOW, reserve } from '../contract-fixture.contract.ts';
import { PAYMENT_MS, placing } from '../ordering-world.contract.ts';
import { PostgresCentralStore } from './central-store.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations.ts';
import { ServerDatabase } from './server-database.ts';

let server: PostgresServer;
let stores: readonly PostgresCentralStore[];
const connect = (database: string) => new ServerDatabase(server.url(database), { readersMax: 2, name: 'test' });

beforeAll(async () => {
  server = await startPostgresServer();
  await server.createDatabase('empty');
  const empty = connect('empty');
  await migrate(empty, migrations);
  await empty.close();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.createDatabase('store', 'empty');
  stores = ['one', 'two'].map(
    () => new PostgresCentralStore(connect('store'), { clock: systemClock, random: systemRandom }),
  );
});
afterEach(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await server.dropDatabase('store');
});

const pair = (): readonly [PostgresCentralStore, PostgresCentralStore] => {
  const [one, two] = stores;
  if (one === undefined || two === undefined) throw new Error('two stores');
  return [one, two];
};
const stocked = async (store: PostgresCentralStore, warehouse: string, units: number): Promise<NodeLog> => {
  const log = new NodeLog(warehouse);
  await store.enrol(log.warehouse, log.enrolRequest(), NOW);
  log.record('A', units);
  await store.applyBatches([log.verified(1, 1)], NOW);
  return log;
};
const available = async (store: PostgresCentralStore, channel = DEFAULT_CHANNEL) =>
  (await store.availability(skuOf('A'), channel)).available;

it('promise exactly what there is, both at the same time', async () => {
  const [one, two] = pair();
  await stocked(one, 'BER1', 60);
  const asked = Array.from({ length: 100 }, (_, index) =>
    (index % 2 === 0 ? one : two).promise([reserve(`r${index}`, { A: 1 })], NOW),
  );
  const outcomes = (await Promise.all(asked)).flatMap(({ outcomes }) => outcomes.map(({ outcome }) => outcome));
  expect(outcomes.filter((outcome) => outcome === 'reserved')).toHaveLength(60);
  expect(outcomes.filter((outcome) => outcome === 'insufficient')).toHaveLength(40);
  expect(await available(one)).toBe(0);
  expect((await two.promiseStats()).oversold).toBe(0);
});

it('begin one epoch, though both are told at the same moment that central was put back', async () => {
  const [one, two] = pair();
  const after = await one.centralEpoch();
  const told = [one, two].map((store) => store.beginEpoch({ heard: 7, reason: 'W1 knows more', after }, NOW));
  const begun = await Promise.all(told);
  expect(begun.filter(({ isBegun }) => isBegun)).toHaveLength(1);
  expect(new Set(begun.map(({ centralEpoch }) => centralEpoch))).toEqual(new Set([await one.centralEpoch()]));
});

it('do each order once, though both hear of each payment, and both see to what is over and what waits', async () => {
  const [one, two] = pair();
  const both = (ask: (store: PostgresCentralStore) => Promise<unknown>) => Promise.all([ask(one), ask(two)]);
  const log = await stocked(one, 'BER1', 40);
  const ids = (kind: string) => Array.from({ length: 15 }, (_, index) => `${kind}-${index}`);
  const directives = async () => (await two.downHead(log.warehouse))?.sequence ?? 0;
  const before = await directives();
  const onTime = [...ids('paid'), ...ids('waits')];
  await one.promise(
    [...ids('paid'), ...ids('late')].map((id) => placing(id, 'A1')),
    NOW,
  );
  await two.promise(
    ids('waits').map((id) => placing(id, 'B1', { onShortage: 'backorder' })),
    NOW,
  );
  const pay = (order: string) => ({ command: 'pay', order, result: 'authorised' }) as const;
  await Promise.all(onTime.map((id) => both((store) => store.promise([pay(id)], NOW))));
  log.record('B', 30);
  const later = NOW + PAYMENT_MS;
  const sweeps = Array.from({ length: 10 }, () =>
    both((store) => store.promise([{ command: 'sweep', limit: 5 }], later)),
  );
  await Promise.all([...sweeps, two.applyBatches([log.verified(2, 2)], later)]);

  const steps = async (id: string) => (await one.order(id))?.history.map(({ step }) => step);
  for (const id of ids('paid')) expect(await steps(id)).toEqual(['placed', 'paid', 'allocated']);
  for (const id of ids('waits')) expect(await steps(id)).toEqual(['backordered', 'paid', 'served', 'allocated']);
  for (const id of ids('late')) expect(await steps(id)).toEqual(['placed', 'payment-timed-out', 'cancelled']);
  expect(await directives()).toBe(before + onTime.length);
  expect([await available(one), await available(two)]).toEqual([25, 25]);
  expect((await two.promiseStats()).oversold).toBe(0);
});

it('give every change of an answer a revision of its own', async () => {
  const [one, two] = pair();
  await Promise.all([stocked(one, 'BER1', 1), stocked(two, 'HAM1', 2)]);
  const applied = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? one : two).promise([reserve(`r${index}`, { A: 1 })], NOW),
    ),
  );
  const revisions = applied.flatMap(({ changes }) => changes.map(({ revision }) => revision));
  expect(revisions).toHaveLength(3);
  expect(new Set(revisions).size).toBe(3);
  expect(await one.currentRevision()).toBe(Math.max(...revisions));
});

it('know of channels that the other has made', async () => {
  const [one, two] = pair();
  const NORTH = channelOf('north');
  const log = await stocked(two, 'BER1', 3);
  await one.promise([{ command: 'set-channel', record: { channel: NORTH, warehouses: 'all', buffer: 0 } }], NOW);
  log.record('A', 4);
  await two.applyBatches([log.verified(2, 2)], NOW);
  expect([await available(one, NORTH), await available(two, NORTH)]).toEqual([7, 7]);
});

it('promise nothing of warehouses that the other has found to be behind', async () => {
  const [one, two] = pair();
  const log = await stocked(two, 'BER1', 3);
  await one.beginEpoch({ heard: 1, reason: 'restored' }, NOW);
  log.record('A', 4);
  await two.applyBatches([log.verified(2, 2)], NOW);
  expect(await available(two)).toBe(0);
  const { outcomes } = await two.promise([reserve('r', { A: 1 })], NOW);
  expect(outcomes).toMatchObject([{ outcome: 'insufficient' }]);
  await one.statePlace(log.warehouse, 2, NOW);
  expect(await available(two)).toBe(7);
});

it('hold no digest against what they counted before the other wrote', async () => {
  const [one, two] = pair();
  const log = await stocked(one, 'BER1', 3);
  const told = async (store: PostgresCentralStore) => {
    const digest = new PositionDigest(log.warehouse);
    for (const [sku, { at: _, ...position }] of log.positions) digest.add(sku, position);
    const { batch, ...verified } = log.verified(log.head, log.head);
    const { outcomes } = await store.applyBatches([{ ...verified, batch: { ...batch, digest: digest.bytes() } }], NOW);
    return outcomes[0];
  };
  const count = async () => {
    while (await one.countPositions(10));
  };
  await told(one);
  await count();
  expect(await told(one)).toMatchObject({ digest: { compared: 'yes', differing: [] } });
  log.record('A', 1);
  await two.applyBatches([log.verified(2, 2)], NOW);
  // It would seem to differ, and be repaired in vain.
  expect(await told(one)).toMatchObject({ digest: { compared: 'not-yet' } });
  await count();
  expect(await told(one)).toMatchObject({ digest: { compared: 'yes', differing: [] } });
});

it('hold digests against what they counted while others promise, and write positions of other warehouses', async () => {
  const [one, two] = pair();
  const [log, other] = [await stocked(one, 'BER1', 3), await stocked(two, 'HAM1', 3)];
  const told = async () => {
    const digest = new PositionDigest(log.warehouse);
    for (const [sku, { at: _, ...position }] of log.positions) digest.add(sku, position);
    const { batch, ...verified } = log.verified(log.head, log.head);
    const { outcomes } = await one.applyBatches([{ ...verified, batch: { ...batch, digest: digest.bytes() } }], NOW);
    return outcomes[0];
  };
  await told();
  while (await one.countPositions(10));
  other.record('A', 1);
  await two.applyBatches([other.verified(2, 2)], NOW);
  await two.promise([reserve('R-1', { A: 1 })], NOW);
  expect(await told()).toMatchObject({ digest: { compared: 'yes', differing: [] } });
});

it('apply one batch once', async () => {
  const [one, two] = pair();
  const log = await stocked(one, 'BER1', 1);
  for (let sequence = 2; sequence <= 20; sequence += 1) log.record('A', 1);
  const applied = await Promise.all(
    [one, two].flatMap((store) => [
      store.applyBatches([log.verified(2, 11)], NOW),
      store.applyBatches([log.verified(12, 20)], NOW),
    ]),
  );
  const outcomes = applied.flatMap(({ outcomes }) => outcomes.map(({ outcome }) => outcome)).sort();
  expect(outcomes.filter((outcome) => outcome === 'applied')).toHaveLength(2);
  expect(await available(two)).toBe(20);
  expect((await one.stats()).batches).toBe(3);
});
