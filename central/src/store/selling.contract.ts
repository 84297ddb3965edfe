import { describe, expect, it } from 'vitest';
import { type Channel, DEFAULT_CHANNEL } from '../rules/channel.ts';
import type { PromiseOutcome } from '../rules/promise-command.ts';
import { skuOf, warehouseOf } from '../testing/node-log.ts';
import { type ContractFixture, channelOf, NOW, reserve } from './contract-fixture.contract.ts';

/** Channels: each sells from its own warehouses, less what it keeps. */
export function describeSelling(fixture: ContractFixture): void {
  const { apply, promise, stocked } = fixture;
  const shop = channelOf('shop');
  const availableIn = async (channel: Channel, sku = 'A') =>
    (await fixture.store.availability(skuOf(sku), channel)).available;
  const setChannel = (channel: Channel, warehouses: readonly string[] | 'all', buffer = 0): Promise<PromiseOutcome> =>
    promise({
      command: 'set-channel',
      record: { channel, warehouses: warehouses === 'all' ? 'all' : warehouses.map(warehouseOf), buffer },
    });

  describe('a channel', () => {
    it('is there from the start, and sells from everywhere', async () => {
      expect(await fixture.store.channels()).toEqual([{ channel: 'default', warehouses: 'all', buffer: 0 }]);
    });

    it('offers the quota of its warehouses only, from when it is set on', async () => {
      const ber = await stocked('BER1', { A: 5, B: 1 });
      await stocked('HAM1', { A: 3 });
      expect(await availableIn(shop)).toBe(0);
      expect(await setChannel(shop, ['BER1'])).toEqual({ outcome: 'set' });
      expect([await availableIn(shop), await availableIn(DEFAULT_CHANNEL)]).toEqual([5, 8]);
      const answer = await fixture.store.availability(skuOf('A'), shop);
      expect(answer.warehouses.map(({ warehouse, available }) => [warehouse, available])).toEqual([['BER1', 5]]);
      ber.record('A', 2);
      await apply(ber, ber.head, ber.head);
      await stocked('MUC1', { A: 10 });
      expect([await availableIn(shop), await availableIn(DEFAULT_CHANNEL)]).toEqual([7, 20]);
      await setChannel(shop, ['BER1', 'MUC1']);
      expect(await availableIn(shop)).toBe(17);
      await setChannel(shop, 'all');
      expect(await availableIn(shop)).toBe(20);
      await setChannel(shop, []);
      expect([await availableIn(shop), await availableIn(shop, 'B')]).toEqual([0, 0]);
    });

    it('takes from every channel of the same warehouse what it promises', async () => {
      await stocked('BER1', { A: 5 });
      await stocked('HAM1', { A: 3 });
      await setChannel(shop, ['HAM1']);
      expect(await promise(reserve('r1', { A: 4 }, { channel: shop }))).toMatchObject({ outcome: 'insufficient' });
      expect(await promise(reserve('r2', { A: 2 }, { channel: shop }))).toMatchObject({ outcome: 'reserved' });
      expect([await availableIn(shop), await availableIn(DEFAULT_CHANNEL)]).toEqual([1, 6]);
      await promise(reserve('r3', { A: 6 }));
      expect([await availableIn(shop), await availableIn(DEFAULT_CHANNEL)]).toEqual([0, 0]);
    });

    it('names the first warehouse that is not enrolled, and changes nothing', async () => {
      await stocked('BER1', { A: 5 });
      expect(await setChannel(shop, ['BER1', 'NONE'])).toEqual({ outcome: 'unknown', what: 'warehouse', id: 'NONE' });
      expect(await fixture.store.channels()).toHaveLength(1);
    });

    it('keeps its buffer unsold, and of some SKUs another', async () => {
      await stocked('BER1', { A: 5, B: 5 });
      await setChannel(shop, 'all', 2);
      const setBuffer = (sku: string, buffer?: number) =>
        promise({
          command: 'set-buffers',
          channel: shop,
          buffers: [{ sku: skuOf(sku), ...(buffer === undefined ? {} : { buffer }) }],
        });
      expect(await setBuffer('B', 9)).toEqual({ outcome: 'set' });
      await setBuffer('C', 1);
      expect([await availableIn(shop), await availableIn(shop, 'B')]).toEqual([3, 0]);
      expect(await fixture.store.buffers(shop, undefined, 10)).toEqual([
        { sku: 'B', buffer: 9 },
        { sku: 'C', buffer: 1 },
      ]);
      expect(await promise(reserve('r1', { A: 4 }, { channel: shop }))).toMatchObject({
        shortages: [{ requested: 4, available: 3 }],
      });
      expect(await promise(reserve('r1', { A: 4 }))).toMatchObject({ outcome: 'reserved' });
      expect(await availableIn(shop)).toBe(0);
      // What comes later finds the buffer that was set for it before.
      await stocked('HAM1', { C: 4 });
      expect(await availableIn(shop, 'C')).toBe(3);
      await setBuffer('B');
      expect(await availableIn(shop, 'B')).toBe(3);
      await setChannel(shop, 'all', 0);
      expect([await availableIn(shop, 'B'), await availableIn(shop, 'C')]).toEqual([5, 3]);
      const nowhere = { command: 'set-buffers', channel: channelOf('nowhere'), buffers: [] } as const;
      expect(await promise(nowhere)).toEqual({ outcome: 'unknown', what: 'channel', id: 'nowhere' });
    });

    it('shows every change of a SKU under one revision, also where its sum stays', async () => {
      await stocked('BER1', { A: 5, B: 5 });
      await stocked('HAM1', { A: 3 });
      await setChannel(shop, ['HAM1']);
      const before = await fixture.store.currentRevision();
      const { changes } = await fixture.store.promise([reserve('r1', { A: 4 })], NOW);
      expect(changes).toEqual([{ sku: 'A', revision: before + 1 }]);
      for (const channel of [shop, DEFAULT_CHANNEL]) {
        expect((await fixture.store.availability(skuOf('A'), channel)).revision).toBe(before + 1);
        expect(await fixture.store.changesAfter(before, 10, { channel })).toMatchObject([{ sku: 'A', channel }]);
      }
    });

    it('that is set tells all its SKUs as changed, each with a revision, and nothing when it is as it was', async () => {
      await stocked('BER1', { A: 5, B: 5 });
      const record = { channel: shop, warehouses: [warehouseOf('BER1')], buffer: 1 };
      const { changes } = await fixture.store.promise(
        [{ command: 'set-channel', record }, reserve('r1', { A: 1 })],
        NOW,
      );
      expect(changes).toEqual([
        { sku: 'A', revision: 3 },
        { sku: 'B', revision: 4 },
      ]);
      // The reservation that follows in the same call knows the channel already.
      expect([await availableIn(shop), await availableIn(DEFAULT_CHANNEL)]).toEqual([3, 4]);
      expect(await fixture.store.currentRevision()).toBe(4);
      expect(await fixture.store.changesAfter(2, 10)).toMatchObject([{ sku: 'A' }, { sku: 'B' }]);
      expect((await fixture.store.promise([{ command: 'set-channel', record }], NOW)).changes).toEqual([]);
    });
  });
}
