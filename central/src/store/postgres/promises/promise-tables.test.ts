import { describe, expect, it } from 'vitest';
import { type Channel, DEFAULT_CHANNEL, parseChannel } from '../../../rules/channel.ts';
import { migratedPglite, putNode, putPosition } from '../../../testing/migrated-pglite.ts';
import { skuOf, warehouseOf } from '../../../testing/node-log.ts';
import { PostgresAnswerTable } from './answer-table.ts';
import { PostgresHoldReader, PostgresHoldWriter } from './hold-table.ts';
import { PostgresQuotaTable } from './quota-table.ts';
import { PostgresRecallDebtTable } from './recall-debt-table.ts';
import { PostgresReservationReader, PostgresReservationWriter } from './reservation-table.ts';

const pg = migratedPglite();
const [A, B, C] = [skuOf('A'), skuOf('B'), skuOf('C')];
const [BER1, HAM1, MUC1] = [warehouseOf('BER1'), warehouseOf('HAM1'), warehouseOf('MUC1')];
const NOW = 1_000_000;

describe('holds', () => {
  const row = (id: string, warehouse = BER1, quantity = 2, sku = A) =>
    ({ kind: 'reservation', id, channel: DEFAULT_CHANNEL, sku, warehouse, quantity }) as const;

  it('grow, shrink, and go with their last unit', async () => {
    const [reader, writer] = [new PostgresHoldReader(pg.session), new PostgresHoldWriter(pg.session)];
    await writer.add(row('r'));
    await writer.add(row('r'));
    await writer.add({ ...row('r'), kind: 'order' });
    expect(await reader.of(row('r'))).toEqual([{ sku: A, warehouse: BER1, quantity: 4 }]);
    await writer.reduce(row('r'), 3);
    expect(await reader.of(row('r'))).toEqual([{ sku: A, warehouse: BER1, quantity: 1 }]);
    await writer.reduce(row('r'), 2);
    expect(await reader.of(row('r'))).toHaveLength(1);
    await writer.reduce(row('r'), 1);
    expect(await reader.of(row('r'))).toEqual([]);
    expect(await reader.of({ kind: 'order', id: 'r' })).toHaveLength(1);
  });

  it('are read by SKU and warehouse, and at a position the newest first', async () => {
    const [reader, writer] = [new PostgresHoldReader(pg.session), new PostgresHoldWriter(pg.session)];
    // By code point, whatever the language of the server: capitals come first.
    for (const sku of ['b', 'B', 'a']) await writer.add(row('r', HAM1, 1, skuOf(sku)));
    await writer.add(row('r', BER1, 1, skuOf('b')));
    expect((await reader.of(row('r'))).map(({ sku, warehouse }) => `${sku} ${warehouse}`)).toEqual([
      ...['B HAM1', 'a HAM1', 'b BER1', 'b HAM1'],
    ]);
    for (const id of ['r1', 'r2', 'r3']) await writer.add(row(id));
    await writer.add(row('r1'));
    expect(await reader.newestAt(BER1, A, 2)).toEqual([row('r3'), row('r2')]);
    expect(await writer.remove('reservation', ['r3', 'r4'])).toEqual([
      { sku: A, warehouse: BER1, quantity: row('r3').quantity },
    ]);
    expect((await reader.newestAt(BER1, A, 9)).map(({ id, quantity }) => [id, quantity])).toEqual([
      ['r2', 2],
      ['r1', 4],
    ]);
  });
});

describe('quotas', () => {
  /** Records what the answers are told. */
  const quotas = ({ has = false, takes = true } = {}) => {
    const told: unknown[] = [];
    const table = new PostgresQuotaTable(
      pg.session,
      {
        available: async (_, sku) => (sku === C ? 0 : 4),
        change: (sku, changes) => void told.push([sku, changes]),
        take: async (channel, taken) => {
          for (const [sku, changes] of taken) told.push([channel, sku, changes]);
          return takes;
        },
      },
      { has: () => has },
    );
    return { table, told };
  };
  const sums = async (warehouse: string) => {
    const [row] = await pg.session.rows(
      'SELECT held, returned, allocated_sent AS sent FROM position WHERE sku = $1 AND warehouse = $2',
      [A, warehouse],
    );
    return row;
  };

  it('set aside what is unspent, in every warehouse or not at all', async () => {
    await putPosition(pg.session, { sku: A, warehouse: BER1, granted: 10, returned: 2, allocated_sent: 1, held: 4 });
    await putPosition(pg.session, { sku: A, warehouse: HAM1, granted: 2 });
    const { table, told } = quotas();
    const hold = (quantity: number) =>
      table.hold(DEFAULT_CHANNEL, [
        { sku: A, warehouse: BER1, quantity: 3 },
        { sku: A, warehouse: HAM1, quantity },
      ]);
    await hold(2);
    expect([await sums(BER1), await sums(HAM1)]).toMatchObject([{ held: 7 }, { held: 2 }]);
    expect(told).toEqual([
      [
        DEFAULT_CHANNEL,
        A,
        [
          { warehouse: BER1, units: -3 },
          { warehouse: HAM1, units: -2 },
        ],
      ],
    ]);
    await expect(hold(1)).rejects.toThrow('3 of A are not unspent in BER1');
    await expect(table.holdMoved([{ sku: A, warehouse: MUC1, quantity: 1 }])).rejects.toThrow(
      '1 of A are not unspent in MUC1',
    );
    expect([await sums(BER1), await sums(HAM1)]).toMatchObject([{ held: 7 }, { held: 2 }]);
  });

  it('fail when the channel has not so many', async () => {
    await putPosition(pg.session, { sku: A, warehouse: BER1, granted: 1 });
    const { table } = quotas({ takes: false });
    await expect(table.hold(DEFAULT_CHANNEL, [{ sku: A, warehouse: BER1, quantity: 1 }])).rejects.toThrow('so many');
  });

  it('free and allocate what is held, and no more', async () => {
    await putPosition(pg.session, { sku: A, warehouse: BER1, granted: 10, held: 5 });
    const { table, told } = quotas();
    await table.free([{ sku: A, warehouse: BER1, quantity: 1 }]);
    await table.allocate([{ sku: A, warehouse: BER1, quantity: 3 }]);
    expect(await sums(BER1)).toEqual({ held: 1, returned: 0, sent: 3 });
    expect(told).toEqual([
      [A, [{ warehouse: BER1, units: 1 }]],
      [A, [{ warehouse: BER1, units: 0 }]],
    ]);
    await expect(table.free([{ sku: A, warehouse: BER1, quantity: 2 }])).rejects.toThrow('not held');
    await expect(table.allocate([{ sku: A, warehouse: BER1, quantity: 2 }])).rejects.toThrow('not held');
    expect(table.takeFreed()).toEqual([{ warehouse: BER1, sku: A }]);
    expect(table.takeFreed()).toEqual([]);
  });

  it('give back what is unspent, of an unsettled warehouse nothing', async () => {
    await putPosition(pg.session, { sku: A, warehouse: BER1, granted: 10, held: 4, returned: 3 });
    const { table, told } = quotas();
    expect(await table.giveBack(BER1, [{ sku: A, quantity: 2 }])).toEqual([{ sku: A, units: 2, total: 5 }]);
    expect(await table.giveBack(BER1, [{ sku: A, quantity: 2 }])).toEqual([{ sku: A, units: 1, total: 6 }]);
    expect(await table.giveBack(BER1, [{ sku: A, quantity: 2 }])).toEqual([{ sku: A, units: 0, total: 6 }]);
    expect(await table.giveBack(BER1, [{ sku: B, quantity: 2 }])).toEqual([{ sku: B, units: 0, total: 0 }]);
    expect(
      await table.giveBack(BER1, [
        { sku: B, quantity: 1 },
        { sku: A, quantity: 1 },
      ]),
    ).toEqual([
      { sku: B, units: 0, total: 0 },
      { sku: A, units: 0, total: 6 },
    ]);
    expect(told).toEqual([
      [A, [{ warehouse: BER1, units: -2 }]],
      [A, [{ warehouse: BER1, units: -1 }]],
    ]);
    await putPosition(pg.session, { sku: A, warehouse: HAM1, granted: 10, returned: 3 });
    const unsettled = quotas({ has: true });
    expect(await unsettled.table.giveBack(HAM1, [{ sku: A, quantity: 2 }])).toEqual([{ sku: A, units: 0, total: 3 }]);
    expect([await sums(HAM1), unsettled.told]).toEqual([{ held: 0, returned: 3, sent: 0 }, []]);
  });

  it('are put right where a restored central had forgotten some of them', async () => {
    await putPosition(pg.session, {
      ...{ sku: A, warehouse: BER1, granted: 5, allocated: 2, allocated_sent: 2, returned: 4, returned_seen: 1 },
      ...{ held: 2 },
    });
    await putPosition(pg.session, { sku: B, warehouse: BER1, granted: 5 });
    const { table } = quotas();
    expect(await table.overheld(BER1)).toEqual([{ sku: A, units: 3 }]);
    expect(await table.unheardReturns(BER1)).toEqual([{ sku: A, total: 4 }]);
    expect(await table.takeBackUnheard(A, BER1, 2)).toBe(2);
    expect(await table.takeBackUnheard(A, BER1, 2)).toBe(1);
    expect(await table.takeBackUnheard(A, BER1, 2)).toBe(0);
    await table.countUnheard(A, BER1, 3);
    expect(await sums(BER1)).toMatchObject({ returned: 1, sent: 5 });
    await table.countUnheard(A, BER1, 1);
    await table.withdraw(A, { warehouse: BER1, quantity: 1 });
    expect(await sums(BER1)).toMatchObject({ sent: 4 });
    await table.withdraw(A, { warehouse: BER1, quantity: 9 });
    expect(await sums(BER1)).toMatchObject({ sent: 2 });
  });

  it('know where goods are missing', async () => {
    const short = { on_hand: 5, unsellable: 1, reserved: 1, committed: 2, quota: 3 };
    await putPosition(pg.session, { sku: A, warehouse: HAM1, ...short, held: 1, granted: 3 });
    await putPosition(pg.session, { sku: A, warehouse: BER1, ...short, held: 1, granted: 3, returned: 1 });
    await putPosition(pg.session, { sku: A, warehouse: MUC1, ...short, granted: 3 });
    // Fewer than no unsellable units make nothing sellable, and goods below zero stand behind as little as none.
    await putPosition(pg.session, { sku: B, warehouse: BER1, on_hand: 2, unsellable: -5, quota: 2, held: 1 });
    await putPosition(pg.session, { sku: B, warehouse: HAM1, on_hand: -2, held: 1 });
    const { table } = quotas();
    await putPosition(pg.session, { sku: C, warehouse: MUC1, ...short, held: 1, granted: 1 });
    expect(await table.shortPlaces([C, B, A], 9)).toEqual([
      { sku: C, warehouse: MUC1 },
      { sku: A, warehouse: BER1 },
      { sku: A, warehouse: HAM1 },
    ]);
    expect(await table.shortPlaces([A, C], 1)).toEqual([
      { sku: A, warehouse: BER1 },
      { sku: C, warehouse: MUC1 },
    ]);
    expect(await table.shortPlaces([B], 9)).toEqual([]);
    expect(await table.missingAt(MUC1)).toEqual([
      { sku: A, warehouse: MUC1 },
      { sku: C, warehouse: MUC1 },
    ]);
    expect([await table.deficit(A, HAM1), await table.deficit(A, BER1), await table.deficit(B, MUC1)]).toEqual([
      2, 1, 0,
    ]);
  });

  it('tell what is known of positions, page by page', async () => {
    const row = { on_hand: 9, unsellable: 1, reserved: 2, committed: 3, quota: 4, granted: 20, allocated: 5 };
    await putPosition(pg.session, { sku: A, warehouse: BER1, ...row, allocated_sent: 6, returned: 7, held: 2 });
    await putPosition(pg.session, { sku: B, warehouse: BER1 });
    await putPosition(pg.session, { sku: B, warehouse: HAM1 });
    const { table } = quotas();
    expect((await table.known(BER1, [B, A]))[1]).toMatchObject({
      sku: A,
      position: { onHand: 9, unsellable: 1, reserved: 2, committed: 3, quota: 4 },
      ...{ outstanding: 8, unspent: 5, held: 2 },
    });
    expect(await table.known(HAM1, [A])).toEqual([]);
    expect((await table.knownAfter(BER1, '', 1)).map(({ sku }) => sku)).toEqual([A]);
    expect((await table.knownAfter(BER1, A, 9)).map(({ sku }) => sku)).toEqual([B]);
  });

  it('offer what the warehouses of a channel have left', async () => {
    const web = parseChannel('web') as Channel;
    for (const warehouse of [BER1, HAM1, MUC1]) {
      await putNode(pg.session, warehouse, { heardAt: NOW });
      await putPosition(pg.session, { sku: A, warehouse, granted: 5, held: 2 });
      await pg.session.run("INSERT INTO warehouse_settings VALUES ($1, 'store', 50, 0, 7)", [warehouse]);
    }
    await pg.session.run("INSERT INTO channel VALUES ('web', false, 0)");
    await pg.session.run("INSERT INTO channel_warehouse VALUES ('web', 'HAM1'), ('web', 'MUC1')");
    await pg.session.run("UPDATE node SET fence_reason = 'fork', fenced_at = 1 WHERE warehouse = 'MUC1'");
    const { table } = quotas();
    const offers = async (channel: Channel, now = NOW) =>
      (await table.offers(channel, A, now)).map(
        (one) => `${one.warehouse} ${one.unspent}${one.isSilent ? ' silent' : ''}`,
      );
    expect(await offers(DEFAULT_CHANNEL)).toEqual(['BER1 3', 'HAM1 3', 'MUC1 3 silent']);
    expect(await offers(web)).toEqual(['HAM1 3', 'MUC1 3 silent']);
    expect(await offers(web, NOW + 3_600_000)).toEqual(['HAM1 3 silent', 'MUC1 3 silent']);
    for (const sku of [B, C]) await putPosition(pg.session, { sku, warehouse: MUC1, granted: 4 });
    const offered = await table.offered(web, [B, A, C], NOW);
    expect(
      Array.from(offered, ([sku, { available, offers: from }]) => [sku, available, from.map((one) => one.unspent)]),
    ).toEqual([
      [B, 4, [4]],
      [A, 4, [3, 3]],
      [C, 0, []],
    ]);
    await pg.session.run("INSERT INTO unsettled (warehouse) VALUES ('HAM1')");
    await pg.session.run("UPDATE position SET held = 5 WHERE warehouse = 'MUC1'");
    expect(await offers(DEFAULT_CHANNEL)).toEqual(['BER1 3']);
    expect((await table.offers(DEFAULT_CHANNEL, A, NOW))[0]?.priority).toBe(7);
  });
});

describe('reservations', () => {
  const made = (id: string, createdAt: number, owner = 'cart') =>
    ({
      id,
      channel: DEFAULT_CHANNEL,
      owner,
      createdAt,
      expiresAt: createdAt + 100,
      ttlSeconds: 60,
      isPartial: false,
    }) as const;

  it('are read back as they were written, with what is held of them', async () => {
    const [reader, writer] = [new PostgresReservationReader(pg.session), new PostgresReservationWriter(pg.session)];
    await writer.insert({ ...made('r', 1), isPartial: true }, [
      { sku: B, requested: 2, promised: 0 },
      { sku: A, requested: 3, promised: 3 },
    ]);
    const holds = new PostgresHoldWriter(pg.session);
    const holder = { kind: 'reservation', id: 'r', channel: DEFAULT_CHANNEL, sku: A } as const;
    await holds.add({ ...holder, warehouse: HAM1, quantity: 1 });
    await holds.add({ ...holder, warehouse: BER1, quantity: 2 });
    await holds.add({ ...holder, kind: 'order', warehouse: BER1, quantity: 5 });
    expect(await reader.get('r')).toEqual({
      ...{ id: 'r', channel: DEFAULT_CHANNEL, owner: 'cart', state: 'held', createdAt: 1, expiresAt: 101 },
      lines: [
        {
          ...{ sku: A, requested: 3 },
          holds: [
            { warehouse: BER1, quantity: 2 },
            { warehouse: HAM1, quantity: 1 },
          ],
        },
        { sku: B, requested: 2, holds: [] },
      ],
    });
    expect(await reader.lines('r')).toEqual([
      { sku: A, requested: 3, promised: 3 },
      { sku: B, requested: 2, promised: 0 },
    ]);
    expect(await reader.terms('r')).toEqual({ ttlSeconds: 60, isPartial: true });
    expect(await reader.get('other')).toBeUndefined();
  });

  it('end once, are found when their time is over, and are forgotten with their lines', async () => {
    const [reader, writer] = [new PostgresReservationReader(pg.session), new PostgresReservationWriter(pg.session)];
    expect(await reader.nextEnd()).toBeUndefined();
    for (const [place, id] of ['r3', 'r2', 'r1'].entries()) {
      await writer.insert(made(id, place), [{ sku: A, requested: 1, promised: 1 }]);
    }
    await writer.renew('r3', 500);
    expect([await reader.held(), await reader.nextEnd()]).toEqual([3, 101]);
    expect(await reader.over(101, 9)).toEqual(['r2']);
    expect(await reader.over(500, 2)).toEqual(['r2', 'r1']);
    await writer.end(['r2'], 'expired', { at: 200, reason: 'its time was over' });
    await writer.end(['r2'], 'released', { at: 300, reason: 'again' });
    await writer.renew('r2', 900);
    expect(await reader.get('r2')).toMatchObject({
      ...{ state: 'expired', expiresAt: 101, ended: { at: 200, reason: 'its time was over' } },
    });
    await writer.end(['r1'], 'confirmed', { at: 210, reason: 'confirmed' });
    expect(await writer.forget(200, 9)).toBe(0);
    expect(await writer.forget(999, 1)).toBe(1);
    expect([await reader.get('r2'), await reader.lines('r2')]).toEqual([undefined, []]);
    expect(await writer.forget(999, 9)).toBe(1);
    expect([await reader.held(), await reader.lines('r3')]).toMatchObject([1, [{ sku: A }]]);
  });

  it('are listed latest first, by what is asked', async () => {
    const [reader, writer] = [new PostgresReservationReader(pg.session), new PostgresReservationWriter(pg.session)];
    await writer.insert(made('a', 1), []);
    await writer.insert(made('b', 2), []);
    await writer.insert(made('c', 2, 'other'), []);
    await writer.insert({ ...made('d', 3), channel: parseChannel('web') as Channel }, []);
    await writer.end(['a'], 'released', { at: 5, reason: 'r' });
    const ids = async (options: Partial<Parameters<PostgresReservationReader['latest']>[0]>) =>
      (await reader.latest({ now: 50, limit: 9, ...options })).map(({ id }) => id).join('');
    expect(await ids({})).toBe('dcba');
    expect(await ids({ limit: 2 })).toBe('dc');
    expect(await ids({ before: { createdAt: 2, id: 'c' } })).toBe('ba');
    expect(await ids({ state: 'held' })).toBe('dcb');
    expect(await ids({ state: 'held', now: 102 })).toBe('d');
    expect(await ids({ state: 'released', owner: 'cart', channel: DEFAULT_CHANNEL })).toBe('a');
    expect(await ids({ owner: 'other' })).toBe('c');
    expect(await ids({ channel: DEFAULT_CHANNEL, owner: 'cart' })).toBe('ba');
  });
});

it('keeps answers until they are forgotten, the oldest first', async () => {
  const table = new PostgresAnswerTable(pg.session);
  const answer = { fingerprint: 'f', outcome: { outcome: 'unknown', what: 'order', id: "o'\u0000" } } as const;
  await table.keep('k2', answer, 2);
  await table.keep('k1', answer, 1);
  expect(await table.found(['k0', 'k1', 'k2'])).toEqual(new Map(Object.entries({ k1: answer, k2: answer })));
  expect(await table.forget(1, 9)).toBe(0);
  expect(await table.forget(9, 1)).toBe(1);
  expect(await table.found(['k1', 'k2'])).toEqual(new Map([['k2', answer]]));
});

it('remembers what is owed until it is nothing', async () => {
  const table = new PostgresRecallDebtTable(pg.session);
  const before = { sharePercent: 50, safetyStock: 2 };
  await table.set(BER1, new Map([[B, { units: 1, before }]]));
  await table.set(BER1, new Map([[A, { units: 1, before }]]));
  await table.set(BER1, new Map([[A, { units: 3, before: { sharePercent: 60, safetyStock: 1 } }]]));
  expect(await table.of(BER1, [A])).toEqual(new Map([[A, { units: 3, before: { sharePercent: 60, safetyStock: 1 } }]]));
  const places = [A, B].flatMap((sku) => [HAM1, BER1].map((warehouse) => ({ sku, warehouse })));
  expect(await table.owing(places)).toEqual([places[1], places[3]]);
  expect(await table.skusOf(BER1)).toEqual([A, B]);
  await table.set(BER1, new Map([[A, { units: 0, before }]]));
  expect([...(await table.of(BER1, [A, B])).keys()]).toEqual([B]);
  expect([await table.skusOf(BER1), await table.skusOf(HAM1)]).toEqual([[B], []]);
});
