import { must } from '@edgestock/shared/runtime/assert';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import { type NodeLog, skuOf, warehouseOf } from '../testing/node-log.ts';
import { type ContractFixture, channelOf, NOW, reserve } from './contract-fixture.contract.ts';

/** Quota that goes back: because its node asks, or because the goods behind it are gone. */
export function describeReturning(fixture: ContractFixture): void {
  const { apply, available, directives, held, promise, stocked } = fixture;

  const record = async (log: NodeLog, sku: string, change: number) => {
    log.record(sku, change);
    const { directed, outcomes } = await fixture.store.applyBatches([log.verified(log.head, log.head)], NOW);
    expect(outcomes).toMatchObject([{ outcome: 'applied' }]);
    return directed;
  };
  const returns = async (warehouse: string) =>
    (await directives(warehouse)).flatMap((directive) => (directive?.kind === 'quota-return' ? [directive.lines] : []));

  describe('asked for quota', () => {
    it('gives what nobody was promised, tells the totals, and again in the log', async () => {
      const ber = await stocked('BER1', { A: 5, B: 2 });
      await promise(reserve('r1', { A: 3 }));
      const ask = (...lines: (readonly [string, number])[]) =>
        promise({
          command: 'return-quota',
          warehouse: ber.warehouse,
          lines: lines.map(([sku, quantity]) => ({ sku: skuOf(sku), quantity })),
        });
      const total = (sku: string, units: number) => ({ sku, total: units });
      expect(await ask(['A', 1], ['B', 9], ['C', 1])).toEqual({
        outcome: 'returned',
        lines: [total('A', 1), total('B', 2), total('C', 0)],
      });
      expect(await ask(['A', 5])).toEqual({ outcome: 'returned', lines: [total('A', 2)] });
      expect(await ask(['A', 5])).toEqual({ outcome: 'returned', lines: [total('A', 2)] });
      expect([await available('A'), await available('B')]).toEqual([0, 0]);
      expect(await held('A')).toEqual([['BER1', 3]]);
      // Nothing new, nothing said.
      expect(await returns('BER1')).toEqual([[total('A', 1), total('B', 2)], [total('A', 2)]]);
    });

    it('knows no warehouse that was never enrolled', async () => {
      const outcome = await promise({ command: 'return-quota', warehouse: warehouseOf('NONE'), lines: [] });
      expect(outcome).toEqual({ outcome: 'unknown', what: 'warehouse', id: 'NONE' });
    });
  });

  describe('a deficit', () => {
    it('takes unspent quota back in the transaction that showed it, once', async () => {
      const ber = await stocked('BER1', { A: 5 });
      expect(await record(ber, 'A', -2)).toEqual(['BER1']);
      expect(await available('A')).toBe(3);
      // The node has not heard of it yet, so its states still show the same deficit: that is on its way.
      expect(await record(ber, 'B', 1)).toEqual([]);
      await fixture.store.applyStates([ber.stateMessage()], NOW);
      expect(await record(ber, 'A', -1)).toEqual(['BER1']);
      expect(await available('A')).toBe(2);
      expect(await returns('BER1')).toEqual([[{ sku: 'A', total: 2 }], [{ sku: 'A', total: 3 }]]);
    });

    it('moves promises to other warehouses of their channel, the newest first', async () => {
      const ber = await stocked('BER1', { A: 5 });
      await promise(reserve('old', { A: 2 }));
      await promise(reserve('new', { A: 2 }));
      await stocked('HAM1', { A: 1 });
      await stocked('MUC1', { A: 2 });
      await record(ber, 'A', -3);
      const holdsOf = async (id: string) => (await fixture.store.reservation(id))?.lines[0]?.holds;
      expect(await holdsOf('old')).toEqual([{ warehouse: 'BER1', quantity: 2 }]);
      // One was unspent and went back; both of the newest fit a warehouse that has them whole.
      expect(await holdsOf('new')).toEqual([{ warehouse: 'MUC1', quantity: 2 }]);
      expect(await held('A')).toEqual([
        ['BER1', 2],
        ['HAM1', 0],
        ['MUC1', 2],
      ]);
      expect(await available('A')).toBe(1);
      expect(await returns('BER1')).toEqual([[{ sku: 'A', total: 3 }]]);
      // More is gone: part of a promise moves, and what nobody can serve stays where it is.
      await record(ber, 'A', -2);
      expect(await holdsOf('old')).toEqual([
        { warehouse: 'BER1', quantity: 1 },
        { warehouse: 'HAM1', quantity: 1 },
      ]);
      expect(await available('A')).toBe(0);
      expect(await returns('BER1')).toEqual([[{ sku: 'A', total: 3 }], [{ sku: 'A', total: 4 }]]);
    });

    it('that stays gets the units of a promise that ends, before anybody else', async () => {
      const ber = await stocked('BER1', { A: 5 });
      await promise(reserve('r1', { A: 5 }));
      await record(ber, 'A', -2);
      expect(await returns('BER1')).toEqual([]);
      const { outcomes } = await fixture.store.promise(
        [{ command: 'release', reservation: 'r1', reason: 'left' }, reserve('r2', { A: 4 }), reserve('r3', { A: 3 })],
        NOW,
      );
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['reservation', 'insufficient', 'reserved']);
      expect(await returns('BER1')).toEqual([[{ sku: 'A', total: 2 }]]);
    });

    it('moves promises only inside their channel, and there into its buffer', async () => {
      const ber = await stocked('BER1', { A: 2 });
      await stocked('HAM1', { A: 5 });
      const muc = await stocked('MUC1', { A: 2 });
      const shop = channelOf('shop');
      const warehouses = [ber.warehouse, muc.warehouse];
      await promise({ command: 'set-channel', record: { channel: shop, warehouses, buffer: 2 } });
      await promise(reserve('r1', { A: 2 }, { channel: shop }));
      const before = (await fixture.store.reservation('r1'))?.lines[0]?.holds;
      expect(before).toEqual([{ warehouse: 'BER1', quantity: 2 }]);
      expect((await fixture.store.availability(skuOf('A'), shop)).available).toBe(0);
      await record(ber, 'A', -2);
      expect((await fixture.store.reservation('r1'))?.lines[0]?.holds).toEqual([{ warehouse: 'MUC1', quantity: 2 }]);
      await record(muc, 'A', -2);
      // Hamburg has five, but this shop does not sell from there.
      expect((await fixture.store.reservation('r1'))?.lines[0]?.holds).toEqual([{ warehouse: 'MUC1', quantity: 2 }]);
      expect((await fixture.store.availability(skuOf('A'), DEFAULT_CHANNEL)).available).toBe(5);
    });

    it('is over when the node has seen what came back', async () => {
      const ber = await stocked('BER1', { A: 5 });
      await record(ber, 'A', -2);
      const { version, sequence, at: _, ...state } = must(ber.positions.get(skuOf('A')), 'a position');
      const reclaimed = { ...state, quota: 3, returned: 2 };
      ber.record('A', 0, { kind: 14, quantity: 2, state: reclaimed, version: version + 1, previous: sequence });
      expect(await apply(ber, ber.head, ber.head)).toMatchObject({ outcome: 'applied' });
      expect(await record(ber, 'A', -1)).toEqual(['BER1']);
      expect(await returns('BER1')).toEqual([[{ sku: 'A', total: 2 }], [{ sku: 'A', total: 3 }]]);
      expect(await available('A')).toBe(2);
    });
  });
}
