import { wireLimits } from '@edgestock/shared/protocol/limits';
import { describe, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import type { PromiseCommand } from '../rules/promise-command.ts';
import { NodeLog, skuOf, warehouseOf } from '../testing/node-log.ts';
import { type ContractFixture, NOW, reserve } from './contract-fixture.contract.ts';

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
}
