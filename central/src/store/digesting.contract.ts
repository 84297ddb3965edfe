import { bucketOf, type DigestedPosition, PositionDigest } from '@edgestock/shared/inventory/position-digest';
import type { StateMessage } from '@edgestock/shared/protocol/message';
import { describe, expect, it } from 'vitest';
import { NodeLog, skuOf } from '../testing/node-log.ts';
import type { DigestComparison } from './central-store.ts';
import { type ContractFixture, NOW, reserve } from './contract-fixture.contract.ts';

/** Central's positions are those of their nodes, and where they are not it is found, and repaired (P6). */
export function describeDigesting(fixture: ContractFixture): void {
  const digestOf = (log: NodeLog, change: Readonly<Record<string, Partial<DigestedPosition>>> = {}): Uint8Array => {
    const digest = new PositionDigest(log.warehouse);
    for (const [sku, { at: _at, ...position }] of log.positions) digest.add(sku, { ...position, ...change[sku] });
    return digest.bytes();
  };
  /** The node sends from `first` to its last delta, with its digest. */
  const told = async (log: NodeLog, first: number, digest = digestOf(log)): Promise<DigestComparison | undefined> => {
    const verified = log.verified(first, log.head);
    const { outcomes } = await fixture.store.applyBatches([{ ...verified, batch: { ...verified.batch, digest } }], NOW);
    const [outcome] = outcomes;
    return outcome !== undefined && 'digest' in outcome ? outcome.digest : undefined;
  };
  const countedAll = async () => {
    while (await fixture.store.countPositions(2));
  };
  const stocked = async () => {
    const log = await fixture.stocked('BER1', { A: 10, B: 20, C: 30 });
    expect(await told(log, log.head)).toEqual({ compared: 'not-yet' });
    await countedAll();
    return log;
  };
  const repaired = async (log: NodeLog, sku: string, change: Partial<StateMessage> = {}) => {
    const message: StateMessage = {
      ...log.stateMessage([skuOf(sku)].filter((one) => log.positions.has(one))),
      repair: { bucket: bucketOf(skuOf(sku)), isWhole: true },
      ...change,
    };
    const { outcomes } = await fixture.store.applyStates([message], NOW);
    return outcomes[0];
  };
  const equal = { compared: 'yes', differing: [] };

  describe('a digest', () => {
    it('agrees with the positions that central has applied, at its own place and however often it is said', async () => {
      const log = await stocked();
      expect(await told(log, log.head)).toEqual(equal);
      log.record('A', -3);
      log.record('D', 1);
      expect(await told(log, 4)).toEqual(equal);
      expect(await told(log, 4)).toEqual(equal);
    });

    it('is held against the state of its place, though more of the node is applied in the same transaction', async () => {
      const log = await stocked();
      log.record('A', -1);
      const verified = log.verified(4, 4);
      const withDigest = { ...verified, batch: { ...verified.batch, digest: digestOf(log) } };
      log.record('A', -1);
      const { outcomes } = await fixture.store.applyBatches([withDigest, log.verified(5, 5)], NOW);
      expect(outcomes[0]).toMatchObject({ outcome: 'applied', digest: equal });
      expect(await told(log, 5)).toEqual(equal);
    });

    it('is not judged where states went ahead of their history, nor after its place', async () => {
      const log = await stocked();
      log.record('A', -1);
      const early = digestOf(log);
      log.record('A', -1);
      await fixture.store.applyStates([log.stateMessage()], NOW);
      const verified = log.verified(4, 4);
      const { outcomes } = await fixture.store.applyBatches(
        [{ ...verified, batch: { ...verified.batch, digest: early } }],
        NOW,
      );
      expect(outcomes[0]).toMatchObject({ digest: { compared: 'not-yet' } });
      expect(await told(log, 5)).toEqual(equal);
    });

    it('is judged again where the place of a position has rotted, which says it is ahead of all that there is', async () => {
      const log = await stocked();
      log.record('A', -1);
      const state = log.stateMessage([skuOf('A')]);
      const rows = state.rows.map((row) => ({ ...row, sequence: 99_999_999 }));
      await fixture.store.applyStates([{ ...state, asOfSequence: 99_999_999, rows }], NOW);
      expect(await told(log, 4)).toEqual({ compared: 'not-yet', misplaced: 1 });
      expect(await told(log, 4)).toEqual({ compared: 'not-yet' });
      await countedAll();
      expect(await told(log, 4)).toEqual(equal);
      const [position] = await fixture.store.positionsOf(log.warehouse, undefined, 1);
      expect(position).toMatchObject({ sku: 'A', sequence: 4 });
    });

    it('names the buckets in which the node has something else', async () => {
      const log = await stocked();
      const buckets = [bucketOf(skuOf('A')), bucketOf(skuOf('B'))].sort((a, b) => a - b);
      const other = digestOf(log, { A: { onHand: 9 }, B: { granted: 21 } });
      expect(await told(log, log.head, other)).toEqual({ compared: 'yes', differing: buckets });
    });

    it('is not put out by a transaction that failed', async () => {
      const log = await stocked();
      log.record('A', -1);
      const verified = log.verified(4, 4);
      const withDigest = { ...verified, batch: { ...verified.batch, digest: digestOf(log) } };
      log.record('A', -1);
      const next = log.verified(5, 5);
      const broken = { ...next, batch: { ...next.batch, hashLast: undefined as unknown as Uint8Array } };
      // The positions of the first are written by then, since its digest was held against them.
      await expect(fixture.store.applyBatches([withDigest, broken], NOW)).rejects.toThrow();
      expect(await told(log, 4)).toEqual(equal);
    });

    it('is right in the next life, and when all are counted anew', async () => {
      const log = await stocked();
      const store = await fixture.opened.reopen();
      log.record('A', -1);
      const verified = log.verified(4, 4);
      const withDigest = { ...verified, batch: { ...verified.batch, digest: digestOf(log) } };
      const outcome = async () => (await store.applyBatches([withDigest], NOW)).outcomes[0];
      expect(await outcome()).toMatchObject({ digest: { compared: 'not-yet' } });
      while (await store.countPositions(1));
      expect(await outcome()).toMatchObject({ digest: equal });
      await store.recountPositions();
      expect(await outcome()).toMatchObject({ digest: { compared: 'not-yet' } });
    });

    it('is counted anew after a rejoin: states that had gone ahead have the places of the log again', async () => {
      const log = await stocked();
      const next = new NodeLog('BER1', { instance: 'the-new-one', epoch: 2 });
      for (const delta of log.deltas) next.append(delta);
      for (const [sku, position] of log.positions) next.positions.set(sku, position);
      log.record('A', -1);
      log.record('A', -1);
      await fixture.store.applyStates([log.stateMessage()], NOW);
      const asked = { ask: 'take-over', warehouse: 'BER1', instance: 'the-new-one', sawEpoch: 1 } as const;
      const { reply } = await fixture.store.rejoin(log.warehouse, { ...asked, schema: [1, 3] }, NOW);
      expect(reply).toMatchObject({ outcome: 'taken-over', applied: 3, statesAhead: 1 });
      // The node is told the state, and tells it again.
      next.record('A', -2);
      expect(await told(next, 4)).toEqual({ compared: 'not-yet' });
      await countedAll();
      expect(await told(next, 4)).toEqual(equal);
      next.record('B', -1);
      expect(await told(next, 5)).toEqual(equal);
    });
  });

  describe('a repair', () => {
    it('replaces a position of the same version, and the answer with it', async () => {
      const log = await stocked();
      const other = log.fork();
      const a = other.positions.get(skuOf('A'));
      if (a !== undefined) other.positions.set(skuOf('A'), { ...a, onHand: 7, quota: 7, granted: 7 });
      expect(await told(log, log.head, digestOf(other))).toMatchObject({ differing: [bucketOf(skuOf('A'))] });
      expect(await repaired(other, 'A')).toEqual({ outcome: 'applied', repaired: 1 });
      expect(await fixture.available('A')).toBe(7);
      expect(await told(log, log.head, digestOf(other))).toEqual(equal);
      expect(await repaired(other, 'A')).toEqual({ outcome: 'applied', repaired: 0 });
    });

    it('never takes from under a promise: what central has promised stays counted as granted', async () => {
      const log = await stocked();
      expect(await fixture.promise(reserve('r-1', { A: 8 }))).toMatchObject({ outcome: 'reserved' });
      const other = log.fork();
      const a = other.positions.get(skuOf('A'));
      if (a !== undefined) other.positions.set(skuOf('A'), { ...a, quota: 5, granted: 5 });
      await repaired(other, 'A');
      expect(await fixture.available('A')).toBe(0);
      expect(await fixture.held('A')).toEqual([['BER1', 8]]);
    });

    it('leaves alone what is newer here than the node was when it said it', async () => {
      const log = await stocked();
      const before = log.stateMessage([skuOf('A')]);
      log.record('A', -4);
      await fixture.apply(log, 4, 4);
      const { rows, asOfSequence } = before;
      expect(await repaired(log, 'A', { rows, asOfSequence })).toEqual({ outcome: 'applied', repaired: 0 });
      expect(await told(log, 4)).toEqual(equal);
    });

    it('empties a position that the node does not have', async () => {
      const log = await stocked();
      const other = log.fork();
      other.positions.delete(skuOf('B'));
      expect(await told(log, log.head, digestOf(other))).toMatchObject({ differing: [bucketOf(skuOf('B'))] });
      expect(await repaired(other, 'B')).toEqual({ outcome: 'applied', repaired: 1 });
      expect(await fixture.available('B')).toBe(0);
      expect(await told(log, log.head, digestOf(other))).toEqual(equal);
    });

    it('promises nothing more of a node that has had more back than central knows of, and never gives it back twice', async () => {
      const log = await stocked();
      const other = log.fork();
      const a = other.positions.get(skuOf('A'));
      if (a !== undefined) other.positions.set(skuOf('A'), { ...a, quota: 6, returned: 4 });
      const repair = { bucket: bucketOf(skuOf('A')), isWhole: true };
      const { ahead } = await fixture.store.applyStates([{ ...other.stateMessage([skuOf('A')]), repair }], NOW);
      expect(ahead).toEqual([log.warehouse]);
      // All of it, whatever the SKU, until it is settled; another repair counts nothing of it either.
      expect([await fixture.available('A'), await fixture.available('B')]).toEqual([0, 0]);
      const b = other.positions.get(skuOf('B'));
      if (b !== undefined) other.positions.set(skuOf('B'), { ...b, onHand: 21 });
      expect(await repaired(other, 'B')).toEqual({ outcome: 'applied', repaired: 1 });
      expect(await fixture.available('B')).toBe(0);
      await fixture.store.statePlace(log.warehouse, log.head, NOW);
      expect([await fixture.available('A'), await fixture.available('B')]).toEqual([6, 20]);
    });

    it('empties nothing when it does not say that it is whole', async () => {
      const log = await stocked();
      const other = log.fork();
      other.positions.delete(skuOf('B'));
      const repair = { bucket: bucketOf(skuOf('B')), isWhole: false };
      expect(await repaired(other, 'B', { repair })).toEqual({ outcome: 'applied', repaired: 0 });
      expect(await fixture.available('B')).toBe(20);
    });
  });
}
