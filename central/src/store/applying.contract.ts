import type { Sku } from '@edgestock/shared/inventory/ids';
import { emptyQuantities, sellableOf } from '@edgestock/shared/inventory/position';
import { POSITION_QUANTITY_MAX } from '@edgestock/shared/inventory/quantity';
import { must } from '@edgestock/shared/runtime/assert';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import { NodeLog, skuOf, warehouseOf } from '../testing/node-log.ts';
import { type ContractFixture, NOW } from './contract-fixture.contract.ts';

const most = POSITION_QUANTITY_MAX;

/** What takes effect, and that it is the same whatever way it came. */
export function describeApplying(fixture: ContractFixture): void {
  const { apply, available, enrolled } = fixture;

  describe('applying', () => {
    it('moves the cursor, the positions, the answer and its revision together', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      log.record('A', 5);
      log.record('B', 2);
      log.record('A', -1);
      const { outcomes, changes } = await fixture.store.applyBatches([log.verified(1, 3)], NOW + 7);
      expect(outcomes).toMatchObject([{ outcome: 'applied', appliedUpTo: 3, quarantined: 0 }]);
      expect(await fixture.store.warehouse(log.warehouse)).toMatchObject({
        appliedUpTo: 3,
        appliedHash: Buffer.from(log.hashes[3] ?? []),
        appliedAt: NOW + 7,
        lastDeltaAt: 1_700_000_000_003,
      });
      expect(await fixture.store.availability(skuOf('A'), DEFAULT_CHANNEL)).toMatchObject({
        available: 4,
        warehouses: [{ warehouse: 'BER1', available: 4, onHand: 4, version: 2, sequence: 3, isSuspect: false }],
      });
      const listed = (await fixture.store.changesAfter(0, 10)).map(({ sku, revision }) => ({ sku, revision }));
      expect(changes).toEqual(listed);
      expect(changes.map(({ sku }) => sku).sort()).toEqual(['A', 'B']);
    });

    it('adds up what the warehouses have granted, of which none counts below zero', async () => {
      const logs = await Promise.all(['BER1', 'HAM1', 'MUC1'].map((id) => enrolled(new NodeLog(id))));
      const [ber, ham, muc] = logs;
      ber?.record('A', 5);
      ham?.record('A', -3);
      muc?.record('A', 2, {
        state: { ...emptyQuantities, onHand: 9, unsellable: 1, reserved: 1, committed: 2, quota: 4, granted: 4 },
      });
      const { outcomes } = await fixture.store.applyBatches(
        logs.map((log) => log.verified(1, 1)),
        NOW,
      );
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'applied']);
      const answer = await fixture.store.availability(skuOf('A'), DEFAULT_CHANNEL);
      expect(answer.available).toBe(9);
      expect(answer.warehouses.map((share) => share.available)).toEqual([5, 0, 4]);
      // Back above zero: only what is above it counts.
      ham?.record('A', 4);
      await fixture.store.applyBatches(
        [ham?.verified(2, 2)].filter((batch) => batch !== undefined),
        NOW,
      );
      expect(await available('A')).toBe(10);
    });

    it('gives each batch of one call its own outcome', async () => {
      const good = await enrolled(new NodeLog('BER1'));
      const gapped = await enrolled(new NodeLog('HAM1'));
      good.record('A', 1);
      good.record('A', 1);
      gapped.record('A', 1);
      gapped.record('A', 1);
      const { outcomes } = await fixture.store.applyBatches(
        [gapped.verified(2, 2), good.verified(1, 1), good.verified(1, 1), good.verified(2, 2)],
        NOW,
      );
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['gap', 'applied', 'duplicate', 'applied']);
      expect(await available('A')).toBe(2);
    });

    it('puts a delta it cannot apply aside, marks its SKU, and goes on with the rest', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      log.record('A', 5);
      log.record('B', 3);
      await apply(log, 1, 2);
      log.record('A', 1, { kind: 99 });
      log.record('B', 1);
      log.append(Buffer.from([0xc1]));
      log.record('C', 2 ** 52);
      expect(await apply(log, 3, 6)).toMatchObject({ outcome: 'applied', appliedUpTo: 6, quarantined: 3 });
      expect(await fixture.store.availability(skuOf('A'), DEFAULT_CHANNEL)).toMatchObject({
        available: 5,
        warehouses: [{ isSuspect: true, version: 1 }],
      });
      expect(await available('B')).toBe(4);
      expect(await available('C')).toBe(0);
      const kept = await fixture.store.quarantined({ limit: 10 });
      expect(kept.map(({ reason, firstSequence, sku }) => [reason, firstSequence, sku])).toEqual([
        ['delta', 6, 'C'],
        ['delta', 5, undefined],
        ['delta', 3, 'A'],
      ]);
      expect(await fixture.store.suspectWarehouses()).toEqual(['BER1']);
      expect(await fixture.store.suspectSkusOf(log.warehouse, undefined, 10)).toEqual(['A', 'C']);
      expect(await fixture.store.suspectSkusOf(log.warehouse, skuOf('A'), 10)).toEqual(['C']);
      expect(await fixture.store.suspectSkusOf(log.warehouse, undefined, 1)).toEqual(['A']);
      expect(await fixture.store.suspectSkusOf(warehouseOf('HAM1'), undefined, 10)).toEqual([]);
      // Any newer state is whole: the doubt is over.
      log.record('A', 1);
      await apply(log, 7, 7);
      expect(await fixture.store.availability(skuOf('A'), DEFAULT_CHANNEL)).toMatchObject({
        available: 7,
        warehouses: [{ isSuspect: false }],
      });
      expect(await fixture.store.suspectSkusOf(log.warehouse, undefined, 10)).toEqual(['C']);
    });

    it('stores every state the rules let through', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      const all = { unsellable: most, reserved: most, committed: most, quota: most, safetyStock: most };
      log.record('A', 1, { state: { ...emptyQuantities, onHand: -most, ...all } });
      log.record('B', 1, {
        state: { ...emptyQuantities, onHand: most, quota: most, granted: most },
      });
      expect(await apply(log, 1, 2)).toMatchObject({ outcome: 'applied', quarantined: 0 });
      expect(await available('A')).toBe(0);
      expect(await available('B')).toBe(most);
      log.record('C', 1, { state: { ...emptyQuantities, onHand: 1, ...all, reserved: -1 } });
      expect(await apply(log, 3, 3)).toMatchObject({ outcome: 'applied', quarantined: 1 });
    });

    it('keeps every quantity of a state, whichever of them alone is another', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      let state = { ...emptyQuantities, onHand: 50, quota: 9, granted: 20 };
      log.record('A', 50, { state });
      await apply(log, 1, 1);
      const names = Object.keys(state) as (keyof typeof state)[];
      for (const name of names) {
        state = { ...state, [name]: state[name] + 1 };
        log.record('A', 1, { state });
        await apply(log, log.head, log.head);
        const [position] = await fixture.store.positionsOf(log.warehouse, undefined, 9);
        const { version, sequence, at } = must(log.positions.get(skuOf('A')), 'it was recorded');
        expect(position, name).toMatchObject({ ...state, version, sequence, at });
      }
      expect(names).toHaveLength(9);
      // The doubt is over with any newer state.
      log.record('A', 1, { kind: 99, state });
      log.record('A', 1, { state: { ...state, onHand: 1 } });
      await apply(log, log.head - 1, log.head - 1);
      expect(await fixture.store.suspectSkusOf(log.warehouse, undefined, 9)).toEqual(['A']);
      await apply(log, log.head, log.head);
      expect(await fixture.store.suspectSkusOf(log.warehouse, undefined, 9)).toEqual([]);
      expect(await fixture.store.positionsOf(log.warehouse, undefined, 9)).toMatchObject([
        { onHand: 1, isSuspect: false },
      ]);
    });

    it('stores fewer than no unsellable units: damaged ones left that nobody had recorded as damaged', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      log.record('A', -4, { state: { ...emptyQuantities, onHand: 6, unsellable: -4, quota: 6, granted: 6 } });
      log.record('B', 1, { state: { ...emptyQuantities, onHand: -most, unsellable: -most } });
      expect(await apply(log, 1, 2)).toMatchObject({ outcome: 'applied', appliedUpTo: 2, quarantined: 0 });
      expect(await available('A')).toBe(6);
      expect(await fixture.store.positionsOf(log.warehouse, undefined, 10)).toMatchObject([
        { sku: 'A', onHand: 6, unsellable: -4 },
        { sku: 'B', onHand: -most, unsellable: -most },
      ]);
    });
  });

  describe('states ahead of history', () => {
    it('are taken over by version, move no cursor, and change nothing the second time', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      for (let units = 1; units <= 5; units += 1) log.record('A', units);
      const first = await fixture.store.applyStates([log.stateMessage()], NOW);
      expect(first).toMatchObject({ outcomes: [{ outcome: 'applied' }], changes: [{ sku: 'A' }] });
      expect(await available('A')).toBe(15);
      const again = await fixture.store.applyStates([log.stateMessage()], NOW);
      expect(again).toEqual({ outcomes: [{ outcome: 'applied' }], changes: [], directed: [], ahead: [] });
      expect(await fixture.store.warehouse(log.warehouse)).toMatchObject({ appliedUpTo: 0 });
      // History arriving behind them does not turn the clock back, and can be read as far as it has come.
      const revision = await fixture.store.currentRevision();
      expect(await apply(log, 1, 3)).toMatchObject({ outcome: 'applied' });
      expect(await fixture.store.currentRevision()).toBe(revision);
      expect(await available('A')).toBe(15);
      const history = await fixture.store.history(log.warehouse, skuOf('A'), { limit: 10 });
      expect(history.map(({ sequence }) => sequence)).toEqual([3, 2, 1]);
    });

    it('leave the history readable as far as it has come', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      for (let units = 1; units <= 5; units += 1) log.record('A', units);
      await apply(log, 1, 3);
      await fixture.store.applyStates([log.stateMessage()], NOW);
      const history = await fixture.store.history(log.warehouse, skuOf('A'), { limit: 10 });
      expect(history.map(({ sequence }) => sequence)).toEqual([3, 2, 1]);
    });

    it('win by version within one call too, whatever their order', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      log.record('A', 1);
      const older = log.stateMessage();
      log.record('A', 1);
      await fixture.store.applyStates([log.stateMessage(), older], NOW);
      expect(await available('A')).toBe(2);
    });

    it('are not put in doubt by an older delta that cannot be applied', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      log.record('A', 1, { kind: 99 });
      log.record('A', 1);
      await fixture.store.applyStates([log.stateMessage()], NOW);
      expect(await apply(log, 1, 1)).toMatchObject({ outcome: 'applied', quarantined: 1 });
      const { warehouses } = await fixture.store.availability(skuOf('A'), DEFAULT_CHANNEL);
      expect(warehouses).toMatchObject([{ isSuspect: false, onHand: 2 }]);
    });

    it('are refused of strangers, earlier lives and fenced nodes', async () => {
      const log = new NodeLog('BER1');
      log.record('A', 1);
      expect((await fixture.store.applyStates([log.stateMessage()], NOW)).outcomes).toMatchObject([
        { outcome: 'unknown-epoch' },
      ]);
      await fixture.store.enrol(log.warehouse, log.enrolRequest({ ...log.place(), epoch: 0 }), NOW);
      const foreign = new NodeLog('BER1', { instance: 'another-one' });
      foreign.record('A', 9);
      expect((await fixture.store.applyStates([foreign.stateMessage()], NOW)).outcomes).toMatchObject([
        { outcome: 'late-epoch' },
      ]);
      await apply(log, 1, 1);
      const clone = new NodeLog('BER1', { instance: log.instance });
      clone.record('A', 9);
      expect(await apply(clone, 1, 1)).toMatchObject({ outcome: 'fork' });
      log.record('A', 1);
      expect((await fixture.store.applyStates([log.stateMessage()], NOW)).outcomes).toMatchObject([
        { outcome: 'fenced' },
      ]);
      expect(await available('A')).toBe(1);
    });
  });

  it('comes to the same positions whatever is lost, repeated, reordered and sent ahead, once the rest is resent', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom('A', 'B', 'C', 'D'), fc.integer({ min: -9, max: 9 })), {
          minLength: 1,
          maxLength: 40,
        }),
        fc.array(fc.record({ first: fc.nat(39), size: fc.integer({ min: 1, max: 12 }), isStates: fc.boolean() }), {
          maxLength: 40,
        }),
        async (movements, deliveries) => {
          run += 1;
          const log = await enrolled(new NodeLog(`W${run}`));
          for (const [sku, change] of movements) log.record(`${run}-${sku}`, change);
          for (const { first, size, isStates } of deliveries) {
            if (isStates)
              await fixture.store.applyStates([log.stateMessage([...log.positions.keys()].slice(0, size))], NOW);
            else if (first < log.head) await apply(log, first + 1, Math.min(log.head, first + size));
          }
          for (let applied = await cursorOf(log); applied < log.head; applied = await cursorOf(log)) {
            await apply(log, applied + 1, Math.min(log.head, applied + 7));
          }
          await expectSame(log);
        },
      ),
      { numRuns: 25 },
    );

    async function cursorOf(log: NodeLog): Promise<number> {
      return (await fixture.store.warehouse(log.warehouse))?.appliedUpTo ?? 0;
    }
  });

  async function expectSame(log: NodeLog): Promise<void> {
    const positions = await fixture.store.positionsOf(log.warehouse, undefined, 100);
    const known = new Map<Sku, object>(
      positions.map(({ sku, warehouse: _w, isSuspect: _s, atCentral: _a, incoming: _i, ...rest }) => [sku, rest]),
    );
    expect(known).toEqual(new Map(log.positions));
    for (const [sku, position] of log.positions) {
      // Everything that came in was granted, and what was sold of it was given back.
      expect(await available(sku)).toBe(Math.max(0, sellableOf(position)));
      const sequences = [...(await fixture.store.history(log.warehouse, sku, { limit: 100 }))].map(
        ({ sequence }) => sequence,
      );
      expect(sequences).toHaveLength(position.version);
    }
  }
}
