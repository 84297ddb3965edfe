import { decodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import { describe, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import type { PromiseCommand } from '../rules/promise-command.ts';
import { NodeLog, skuOf, warehouseOf } from '../testing/node-log.ts';
import { type ContractFixture, NOW, reserve } from './contract-fixture.contract.ts';
import { placing } from './ordering-world.contract.ts';

type Rule = { readonly sharePercent?: number; readonly safetyStock?: number };

/** Quota that goes back because policy allows central less than before. The nodes here have granted all they have. */
export function describeRecalling(fixture: ContractFixture): void {
  const { apply, available, directives, enrolled, held, promise, stocked } = fixture;
  const ber = warehouseOf('BER1');

  const rules = (some: Readonly<Record<string, Rule>>): PromiseCommand => ({
    command: 'set-sku-policy',
    warehouse: ber,
    rules: Object.entries(some).map(([sku, rule]) => ({ sku: skuOf(sku), ...rule })),
  });
  const policy = (sharePercent: number, safetyStock = 0): PromiseCommand => ({
    command: 'set-policy',
    warehouse: ber,
    settings: { class: 'store', sharePercent, safetyStock, priority: 100 },
  });
  const sweep = (): PromiseCommand => ({ command: 'sweep', limit: 10 });
  /** What the node was told after its first word, the default policy. */
  const told = async () => (await directives('BER1')).slice(1);
  const returned = async () =>
    (await told()).flatMap((directive) => (directive?.kind === 'quota-return' ? [directive.lines] : []));
  const total = (sku: string, units: number) => ({ sku, total: units });

  describe('a stricter rule for a SKU', () => {
    it('takes back what it does not allow in its own transaction, before the next command', async () => {
      await stocked('BER1', { A: 20, B: 20 });
      const { outcomes, changes, directed } = await fixture.store.promise(
        [rules({ A: { sharePercent: 50, safetyStock: 20 } }), reserve('r1', { A: 1 }), reserve('r2', { B: 20 })],
        NOW,
      );
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['set', 'insufficient', 'reserved']);
      expect([changes.map(({ sku }) => sku).sort(), directed]).toEqual([['A', 'B'], ['BER1']]);
      // The rule first: a node must not grant by the old one what comes back.
      expect(await told()).toEqual([
        { kind: 'sku-policy', rules: [{ sku: 'A', sharePercent: 50, safetyStock: 20 }] },
        { kind: 'quota-return', lines: [total('A', 20)] },
      ]);
    });

    it('leaves what it allows, counts what is under way, and says nothing new when nothing is', async () => {
      await stocked('BER1', { A: 20 });
      await promise(rules({ A: { safetyStock: 5 } }));
      // Half of the fifteen that may be offered.
      expect([await available('A'), await returned()]).toEqual([7, [[total('A', 13)]]]);
      await promise(rules({ A: { safetyStock: 5 } }));
      await promise(rules({ A: { safetyStock: 6 } }));
      expect([await available('A'), await returned()]).toEqual([7, [[total('A', 13)]]]);
      await promise(rules({ A: { safetyStock: 7 } }));
      expect([await available('A'), await returned()]).toEqual([6, [[total('A', 13)], [total('A', 14)]]]);
    });

    it('takes back nothing of what somebody was promised', async () => {
      await stocked('BER1', { A: 20 });
      await promise(reserve('r1', { A: 8 }));
      await promise(rules({ A: { sharePercent: 0 } }));
      expect([await available('A'), await held('A')]).toEqual([0, [['BER1', 8]]]);
      expect(await returned()).toEqual([[total('A', 12)]]);
      expect(await promise({ command: 'confirm', reservation: 'r1' })).toMatchObject({ outcome: 'order' });
    });

    it('may be one that is lifted', async () => {
      await stocked('BER1', { A: 20 });
      await promise(rules({ A: { sharePercent: 100 } }));
      expect([await available('A'), await returned()]).toEqual([20, []]);
      await promise(rules({ A: {} }));
      expect([await available('A'), await returned()]).toEqual([10, [[total('A', 10)]]]);
    });
  });

  it('takes back nothing where policy becomes looser, or stays as it is', async () => {
    await stocked('BER1', { A: 20 });
    for (const command of [
      policy(50),
      policy(60),
      rules({ A: { sharePercent: 60 } }),
      rules({ A: { sharePercent: 90 } }),
    ]) {
      expect(await promise(command)).toEqual({ outcome: 'set' });
    }
    expect([await available('A'), await returned()]).toEqual([20, []]);
  });

  describe('a stricter policy of a warehouse', () => {
    it('takes back of every SKU, except where a rule of its own says the same as before', async () => {
      await stocked('BER1', { A: 20, B: 20, C: 20 });
      await stocked('HAM1', { A: 5 });
      await promise(rules({ B: { sharePercent: 60 }, C: { safetyStock: 0 } }));
      await promise(policy(10));
      expect([await available('A'), await available('B'), await available('C')]).toEqual([2 + 5, 20, 2]);
      expect(await returned()).toEqual([[total('A', 18), total('C', 18)]]);
      await promise(policy(10, 15));
      expect([await available('A'), await available('B'), await available('C')]).toEqual([0 + 5, 3, 2]);
    });

    const many = Array.from({ length: 2 * centralLimits.recallPageMax + 1 }, (_, index) => `S${10_000 + index}`);
    const manyStocked = async () => {
      const log = await enrolled(new NodeLog('BER1'));
      for (const sku of many) log.record(sku, 2);
      for (let first = 1; first <= log.head; first += wireLimits.batchDeltasMax) {
        await apply(log, first, Math.min(log.head, first + wireLimits.batchDeltasMax - 1));
      }
    };
    const offered = async () => {
      const all = await Promise.all(many.map((sku) => available(sku)));
      return all.filter((units) => units > 0).length;
    };

    it('is carried through a page at a time by the sweeper, over a new life too', async () => {
      await manyStocked();
      await promise(policy(0));
      expect(await offered()).toBe(centralLimits.recallPageMax + 1);
      expect(await promise(sweep())).toMatchObject({ outcome: 'swept', isMore: true });
      expect(await offered()).toBe(1);
      const next = await fixture.opened.reopen();
      const { outcomes } = await next.promise([sweep()], NOW);
      expect(outcomes).toMatchObject([{ outcome: 'swept', isMore: false }]);
      expect((await next.availability(skuOf(many.at(-1) ?? ''), DEFAULT_CHANNEL)).available).toBe(0);
    });

    it('goes no further when it is made as loose again, and begins anew when it is not', async () => {
      await manyStocked();
      await promise(policy(0));
      await promise(policy(50));
      expect(await promise(sweep())).toMatchObject({ isMore: false });
      expect(await offered()).toBe(centralLimits.recallPageMax + 1);
      await promise(policy(0));
      await promise(policy(40));
      expect(await promise(sweep())).toMatchObject({ isMore: true });
      expect(await promise(sweep())).toMatchObject({ isMore: false });
      // Of two units, forty percent are none.
      expect(await offered()).toBe(0);
    });

    it('counts for a SKU that gets a rule before its page comes', async () => {
      await manyStocked();
      await promise(policy(0));
      const last = many.at(-1) ?? '';
      // More than the policy of now allows, and less than the one its quota comes from.
      await promise(rules({ [last]: { sharePercent: 40 } }));
      expect(await available(last)).toBe(0);
    });
  });

  const release = (id: string): PromiseCommand => ({ command: 'release', reservation: id, reason: 'left' });

  describe('what was promised when policy became stricter', () => {
    it('goes back in the transaction that frees it, before anybody can have it, over a new life too', async () => {
      await stocked('BER1', { A: 20 });
      await promise(reserve('r1', { A: 8 }));
      await promise(rules({ A: { sharePercent: 0 } }));
      const next = await fixture.opened.reopen();
      const { outcomes, directed } = await next.promise([release('r1'), reserve('r2', { A: 1 })], NOW);
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['reservation', 'insufficient']);
      expect([await fixture.available('A', next), directed]).toEqual([0, ['BER1']]);
      const slice = await next.directivesAfter(ber, 3, { directivesMax: 9, bytesMax: 1e6 });
      expect(slice?.directives.map(decodeDirective)).toEqual([{ kind: 'quota-return', lines: [total('A', 20)] }]);
    });

    it('goes back piece by piece, and only as far as policy wants it', async () => {
      await stocked('BER1', { A: 20 });
      for (const id of ['r1', 'r2', 'r3']) await promise(reserve(id, { A: 6 }));
      // Four of twenty may be offered: the two that are free go back at once, and fourteen are owed.
      await promise(policy(20));
      expect([await available('A'), await returned()]).toEqual([0, [[total('A', 2)]]]);
      await promise(release('r1'));
      await promise(release('r3'));
      expect([await available('A'), (await returned()).at(-1)]).toEqual([0, [total('A', 14)]]);
      await promise(release('r2'));
      expect([await available('A'), (await returned()).at(-1)]).toEqual([4, [total('A', 16)]]);
    });

    it('goes back when time frees it, and no order that waits gets it', async () => {
      await stocked('BER1', { A: 4 });
      await promise(placing('o1', 'A4', { paymentDueAt: NOW + 5 }));
      await promise(placing('o2', 'A2', { onShortage: 'backorder' }));
      await promise({ command: 'pay', order: 'o2', result: 'authorised' });
      await promise(rules({ A: { sharePercent: 0 } }));
      await promise(sweep(), NOW + 6);
      expect([await available('A'), await returned()]).toEqual([0, [[total('A', 4)]]]);
      expect((await fixture.store.order('o2'))?.lines).toMatchObject([{ backordered: 2, holds: [] }]);
    });

    it('stays on offer when policy allows again what it did, whatever tills sold meanwhile', async () => {
      const log = await stocked('BER1', { A: 20 });
      await promise(reserve('r1', { A: 8 }));
      await promise(rules({ A: { sharePercent: 0 } }));
      await promise(rules({ A: {} }));
      log.record('A', -10);
      await apply(log, log.head, log.head);
      await promise(release('r1'));
      expect([await available('A'), await returned()]).toEqual([8, [[total('A', 12)]]]);
    });

    it('goes back as far as a policy wants it that is looser, but stricter than at first', async () => {
      await stocked('BER1', { A: 20 });
      await promise(reserve('r1', { A: 18 }));
      await promise(policy(0));
      await promise(policy(30));
      await promise(release('r1'));
      expect([await available('A'), await returned()]).toEqual([6, [[total('A', 2)], [total('A', 14)]]]);
    });

    it('is owed once, however often policy changes', async () => {
      await stocked('BER1', { A: 20 });
      await promise(reserve('r1', { A: 18 }));
      for (const share of [20, 10, 40]) await promise(policy(share));
      await promise(release('r1'));
      expect([await available('A'), (await returned()).at(-1)]).toEqual([8, [total('A', 12)]]);
    });

    it('is owed no more when it has gone to its buyer', async () => {
      const log = await stocked('BER1', { A: 20 });
      await promise(reserve('r1', { A: 8 }));
      await promise(rules({ A: { sharePercent: 0 } }));
      await promise({ command: 'confirm', reservation: 'r1' });
      log.record('A', 5);
      await apply(log, log.head, log.head);
      await promise(reserve('r2', { A: 5 }));
      await promise(release('r2'));
      expect([await available('A'), await returned()]).toEqual([5, [[total('A', 12)]]]);
    });

    it('is nothing where policy was not made stricter: units above the target stay on offer when they are freed', async () => {
      const log = await stocked('BER1', { A: 20 });
      await promise(reserve('r1', { A: 8 }));
      log.record('A', -5);
      await apply(log, log.head, log.head);
      await promise(release('r1'));
      expect([await available('A'), await returned()]).toEqual([15, [[total('A', 5)]]]);
    });
  });

  describe('a grant that its node decided before it heard of the policy', () => {
    /** Twenty are there, of which ten were granted when half was central's; the log has got to the goods. */
    const granting = async (): Promise<NodeLog> => {
      const log = await enrolled(new NodeLog('BER1'));
      log.stock('A', 20);
      await apply(log, 1, 1);
      log.grant('A', 10);
      return log;
    };

    // It may have waited in the log, and been sent after the news.
    it.each([0, 2])(
      'goes back in the transaction that brings it, when the batch says %i is carried out',
      async (downAck) => {
        const log = await granting();
        log.downAck = downAck;
        await promise(rules({ A: { sharePercent: 10 } }));
        expect(await returned()).toEqual([]);
        const { directed } = await fixture.store.applyBatches([log.verified(2, 2), log.verified(1, 2)], NOW);
        expect([await available('A'), directed, await returned()]).toEqual([2, ['BER1'], [[total('A', 8)]]]);
        expect(await apply(log, 2, 2)).toMatchObject({ outcome: 'duplicate' });
        expect(await returned()).toHaveLength(1);
      },
    );

    it('goes back by the policy of its warehouse too, and before orders that wait', async () => {
      const log = await granting();
      await promise(placing('o1', 'A2', { onShortage: 'backorder' }));
      await promise({ command: 'pay', order: 'o1', result: 'authorised' });
      await promise(policy(50, 20));
      await apply(log, 2, 2);
      expect([await available('A'), await returned()]).toEqual([0, [[total('A', 10)]]]);
      expect((await fixture.store.order('o1'))?.lines).toMatchObject([{ backordered: 2 }]);
    });

    it('goes back as far as it is too much, beside what goes back already', async () => {
      const log = await granting();
      await apply(log, 2, 2);
      await promise(rules({ A: { sharePercent: 10 } }));
      // Central has two. The node, which has not heard that eight come back, grants five of the ten that come.
      log.stock('A', 10);
      log.grant('A', 5);
      await apply(log, 3, 4);
      expect([await available('A'), await returned()]).toEqual([3, [[total('A', 8)], [total('A', 12)]]]);
    });

    it('takes no unit with it that was there before, though tills have sold', async () => {
      const log = await granting();
      await apply(log, 2, 2);
      await promise(rules({ A: { sharePercent: 40 } }));
      log.record('A', -10);
      log.grant('A', 1);
      await apply(log, 3, 4);
      expect([await available('A'), await returned()]).toEqual([8, [[total('A', 2)], [total('A', 3)]]]);
    });

    it('is owed beside what is owed already', async () => {
      const log = await granting();
      await apply(log, 2, 2);
      await promise(reserve('r1', { A: 10 }));
      await promise(rules({ A: { sharePercent: 10 } }));
      log.grant('A', 3);
      await fixture.store.applyStates([log.stateMessage()], NOW);
      await promise(reserve('r2', { A: 2 }));
      await apply(log, 3, 3);
      expect([await available('A'), await returned()]).toEqual([0, [[total('A', 1)]]]);
      await promise(release('r1'));
      await promise(release('r2'));
      expect([await available('A'), (await returned()).at(-1)]).toEqual([2, [total('A', 11)]]);
    });

    it('stays when policy allows it again', async () => {
      const log = await granting();
      await promise(policy(10));
      await promise(policy(50));
      await apply(log, 2, 2);
      expect([await available('A'), await returned()]).toEqual([10, []]);
    });

    it('is owed when its state came ahead of it, and was promised meanwhile', async () => {
      const log = await granting();
      await promise(rules({ A: { sharePercent: 10 } }));
      await fixture.store.applyStates([log.stateMessage()], NOW);
      await promise(reserve('r1', { A: 7 }));
      await apply(log, 2, 2);
      expect([await available('A'), await returned()]).toEqual([0, [[total('A', 3)]]]);
      await promise(release('r1'));
      expect([await available('A'), await returned()]).toEqual([2, [[total('A', 3)], [total('A', 8)]]]);
    });

    it('is not one by the policy of now, whatever tills sell in the same batch', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      log.stock('A', 20);
      log.grant('A', 10);
      log.record('A', -10);
      await apply(log, 1, 3);
      expect([await available('A'), await returned()]).toEqual([10, []]);
    });
  });
}
