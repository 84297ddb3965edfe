import type { Sku } from '@edgestock/shared/inventory/ids';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { NodeLog, skuOf, warehouseOf } from '../../testing/node-log.ts';
import { postgresStores } from '../../testing/opened-postgres.ts';
import { PgliteDatabase } from '../../testing/pglite-database.ts';
import { PlayedNode } from '../../testing/played-node.ts';
import { ContractFixture, NOW, type OpenStore, reserve } from '../contract-fixture.contract.ts';
import { placing, policyOf } from '../ordering-world.contract.ts';
import type { PostgresDatabase, TransactionSession } from './session.ts';

/** Counts how often somebody waits for the server: what is asked together is one wait, what is sent on is none. */
class WaitCount {
  waits = 0;
  #asked = 0;

  over(database: PostgresDatabase): PostgresDatabase {
    return { ...database, transaction: (work) => database.transaction((session) => work(this.#session(session))) };
  }

  #session(session: TransactionSession): TransactionSession {
    return {
      ...session,
      rows: (text, parameters) => this.#wait(() => session.rows(text, parameters)),
      run: (text, parameters) => this.#wait(() => session.run(text, parameters)),
    };
  }

  async #wait<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#asked === 0) this.waits += 1;
    this.#asked += 1;
    try {
      return await ask();
    } finally {
      this.#asked -= 1;
    }
  }
}

const fixture = new ContractFixture();
let database: PgliteDatabase;
let open: OpenStore;
const count = new WaitCount();
beforeAll(async () => {
  database = await PgliteDatabase.open();
  open = await postgresStores(() => count.over(database.shared()));
}, 60_000);
beforeEach(async () => {
  await fixture.open(open);
});
afterEach(() => fixture.opened.close());
afterAll(() => database.close());

/** Waits of what is done besides the lock that every transaction begins with. */
async function waitsOf(work: () => Promise<unknown>): Promise<number> {
  const before = count.waits;
  await work();
  return count.waits - before - 1;
}

it('waits a handful of times for a reservation, and no more for more SKUs or a group of them', async () => {
  await fixture.stocked('BER1', { A: 90, B: 90, C: 1 });
  await fixture.stocked('HAM1', { A: 60, B: 60, C: 9 });
  const idempotency = (key: string) => ({ idempotency: { key, fingerprint: 'f' } });
  // Channels and the like are read once.
  await fixture.promise(reserve('first', { A: 1 }));
  expect(await waitsOf(() => fixture.promise(reserve('r1', { A: 1 })))).toBe(2);
  expect(await waitsOf(() => fixture.promise(reserve('r2', { A: 1 }, idempotency('k2'))))).toBe(2);
  expect(await waitsOf(() => fixture.promise(reserve('r3', { A: 100, C: 5 })))).toBe(2);
  const group = Array.from({ length: 10 }, (_, place) =>
    reserve(`g${place}`, { B: 1, [place % 2 === 0 ? 'A' : 'C']: 1 }, { isPartial: true }),
  );
  expect(await waitsOf(() => fixture.store.promise(group, NOW))).toBe(2);
});

it('waits as little for orders that come together, also with reservations between them, and for payments as often as for one SKU', async () => {
  await fixture.stocked('BER1', { A: 90, B: 90, C: 90 });
  const [one, ofMany, ...others] = [
    placing('one', 'A1', { idempotency: { key: 'k', fingerprint: 'f' } }),
    placing('many', 'A1 B2 C3'),
    ...Array.from({ length: 10 }, (_, place) => placing(`o${place}`, place % 2 === 0 ? 'A1 B1' : 'C1')),
  ] as const;
  // Channels and the like are read once.
  await fixture.promise(placing('first', 'A1'));
  await fixture.promise({ command: 'pay', order: 'first', result: 'authorised' });
  expect(await waitsOf(() => fixture.promise(one))).toBe(2);
  expect(await waitsOf(() => fixture.promise(ofMany))).toBe(2);
  expect(await waitsOf(() => fixture.store.promise(others, NOW))).toBe(2);
  const mixed = ['m0', 'm1', 'm2'].flatMap((id) => [placing(id, 'A1'), reserve(`${id}r`, { A: 1, B: 1 })]);
  expect(await waitsOf(() => fixture.store.promise(mixed, NOW))).toBe(2);
  const paid = (order: string) => waitsOf(() => fixture.promise({ command: 'pay', order, result: 'authorised' }));
  expect([await paid('one'), await paid('many')]).toEqual([5, 5]);
  const outcomes = [...others, ...mixed].flatMap(({ command, id }) =>
    command === 'place-order' ? [{ command: 'pay', order: id, result: 'authorised' } as const] : [],
  );
  expect(await waitsOf(() => fixture.store.promise(outcomes, NOW))).toBe(5);
});

it('waits for tasks that a node has taken no more often than for one, and twice for each that it ships', async () => {
  const node = await new PlayedNode('BER1').enrol(fixture.store, NOW);
  await fixture.promise(policyOf(node.log.warehouse, 100));
  for (const sku of ['A', 'B']) node.receive(sku, 90);
  await node.tell(fixture.store, NOW);
  const tell = () => waitsOf(() => node.tell(fixture.store, NOW));
  const shipped = async (ids: readonly string[]) => {
    for (const id of ids) await fixture.promise(placing(id, 'A1 B1'));
    for (const order of ids) await fixture.promise({ command: 'pay', order, result: 'authorised' });
    await node.hear(fixture.store);
    const taken = await tell();
    for (const id of ids) for (const sku of ['A', 'B']) node.ship(`${id}.1`, sku, 1);
    return [taken, await tell()];
  };
  await shipped(['first']);
  expect([await shipped(['one']), await shipped(['two', 'three', 'four', 'five'])]).toEqual([
    [4, 6],
    [4, 12],
  ]);
  expect((await fixture.store.order('five'))?.state).toBe('done');
});

it('waits for a batch, a catalogue and the rules of a warehouse as often as for one delta, one item and one rule', async () => {
  const log = await fixture.enrolled(new NodeLog('BER1'));
  const skus = Array.from({ length: 40 }, (_, place) => skuOf(`S${place}`));
  log.record('Z', 5);
  log.record('A', 5);
  for (const sku of skus) log.record(sku, 5);
  const batch = (first: number, last: number) => waitsOf(() => fixture.apply(log, first, last));
  const catalogue = (some: readonly Sku[]) =>
    waitsOf(() =>
      fixture.promise({
        command: 'upsert-catalogue',
        items: some.map((sku) => ({ sku, barcodes: [{ barcode: `1${sku}`, multiple: 1 }], warehouses: 'all' })),
      }),
    );
  const rules = (some: readonly Sku[]) =>
    waitsOf(() =>
      fixture.promise({
        command: 'set-sku-policy',
        warehouse: log.warehouse,
        rules: some.map((sku) => ({ sku, sharePercent: 60 })),
      }),
    );
  // Channels and the like are read once.
  await batch(1, 1);
  const one = [await batch(2, 2), await catalogue([skuOf('A')]), await rules([skuOf('A')])];
  expect([await batch(3, log.head), await catalogue(skus), await rules(skus)]).toEqual(one);
  expect(one).toEqual([5, 3, 5]);
});

it('waits for a sweep, and for a policy that wants units back, no more often the more SKUs and reservations there are', async () => {
  const stock = Object.fromEntries(Array.from({ length: 40 }, (_, place) => [`S${place}`, 10]));
  await fixture.stocked('BER1', { A: 10, ...stock });
  const expiresAt = NOW + 1_000;
  const sweep = { command: 'sweep', limit: 100 } as const;
  await fixture.promise(reserve('r', { A: 1 }, { expiresAt }));
  const one = await waitsOf(() => fixture.promise(sweep, expiresAt));
  const group = Object.keys(stock).map((sku) => reserve(`r-${sku}`, { [sku]: 1, A: 1 }, { expiresAt }));
  await fixture.store.promise(group.slice(0, 10), NOW);
  expect(await waitsOf(() => fixture.promise(sweep, expiresAt))).toBe(one);
  expect(await fixture.held('A')).toEqual([['BER1', 0]]);
  const rules = (some: readonly string[]) =>
    waitsOf(() =>
      fixture.promise({
        command: 'set-sku-policy',
        warehouse: warehouseOf('BER1'),
        rules: some.map((sku) => ({ sku: skuOf(sku), sharePercent: 10 })),
      }),
    );
  const recalled = await rules(['A']);
  expect(await rules(Object.keys(stock))).toBe(recalled);
  expect([await fixture.available('A'), await fixture.available('S7')]).toEqual([1, 1]);
  expect([one, recalled]).toEqual([14, 8]);
});
