import { movementKinds } from '@edgestock/shared/inventory/movement';
import { genesisHash } from '@edgestock/shared/protocol/chain';
import { decodeUpBatch } from '@edgestock/shared/protocol/codec';
import type { TakenOver, TakeOverRequest } from '@edgestock/shared/protocol/rejoin';
import { describe, expect, it } from 'vitest';
import { NodeLog, skuOf, warehouseOf } from '../testing/node-log.ts';
import { type ContractFixture, NOW } from './contract-fixture.contract.ts';

const ber = warehouseOf('BER1');

/** Who goes on for a warehouse whose node was restored, cloned or lost, and what it is given back. */
export function describeRejoining(fixture: ContractFixture): void {
  const { apply, available, enrolled, directives } = fixture;

  const asking = (change: Partial<TakeOverRequest> = {}): TakeOverRequest => ({
    ...{ ask: 'take-over', warehouse: 'BER1', instance: 'the-new-one', sawEpoch: 1, schema: [1, 2] },
    ...change,
  });
  const rejoin = async (change: Partial<TakeOverRequest> = {}, now = NOW) =>
    (await fixture.store.rejoin(ber, asking(change), now)).reply;
  const rejoined = async (change: Partial<TakeOverRequest> = {}): Promise<TakenOver> => {
    const reply = await rejoin(change);
    if (reply.outcome !== 'taken-over') throw new Error(reply.reason);
    return reply;
  };
  /** The node that took over: central's log, an instance and an epoch of its own. */
  const successor = (log: NodeLog, { epoch }: { readonly epoch: number }, instance = 'the-new-one'): NodeLog => {
    const next = new NodeLog(log.warehouse, { instance, epoch });
    for (const delta of log.deltas) next.append(delta);
    for (const [sku, position] of log.positions) next.positions.set(sku, position);
    return next;
  };
  const sold = async (): Promise<NodeLog> => {
    const log = await enrolled(new NodeLog('BER1'));
    log.record('A', 5);
    log.record('A', -1);
    log.record('B', 3);
    await apply(log, 1, 2);
    await apply(log, 3, 3);
    return log;
  };

  describe('a rejoin', () => {
    it('gives another installation the next epoch, from the cursor on, and the same answer when it asks again', async () => {
      const log = await sold();
      const first = await rejoined();
      expect(first).toMatchObject({ epoch: 2, applied: 3, lost: 0, statesAhead: 0, recount: 'moved' });
      expect(await rejoined()).toEqual(first);
      const next = successor(log, first);
      expect(await fixture.store.enrol(ber, next.enrolRequest(), NOW)).toMatchObject({ outcome: 'enrolled', epoch: 2 });
      next.record('A', -1);
      expect(await apply(next, 4, 4)).toMatchObject({ outcome: 'applied', appliedUpTo: 4 });
      // Also when it has gone on.
      expect(await rejoined()).toEqual(first);
    });

    it('lifts a fence: of two clones the one that asks lives, the other is refused and what it sends is kept', async () => {
      const log = await sold();
      const clone = log.fork();
      log.record('A', -1);
      clone.record('A', -2);
      await apply(log, 4, 4);
      expect(await apply(clone, 4, 4)).toMatchObject({ outcome: 'fork' });
      const { epoch } = await rejoined();
      expect((await fixture.store.warehouse(ber))?.fence).toBeUndefined();
      const refusal = await fixture.store.enrol(ber, log.enrolRequest(), NOW);
      expect(refusal).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('rejoined in its place') });
      log.record('A', -1);
      expect(await apply(log, 5, 5)).toEqual({ outcome: 'late-epoch', currentEpoch: epoch });
      expect(await fixture.store.quarantined({ limit: 10 })).toMatchObject([
        { reason: 'late-fact' },
        { reason: 'fenced' },
      ]);
    });

    it('is a new decision when another installation asks later, and the one overtaken stays so', async () => {
      const log = await sold();
      await rejoined();
      expect(await rejoin({ instance: 'a-third-one' })).toMatchObject({ outcome: 'refused' });
      const third = await rejoined({ instance: 'a-third-one', sawEpoch: 2 });
      expect(third).toMatchObject({ epoch: 3, applied: 3 });
      expect(await rejoin()).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('overtaken') });
      expect(await rejoin({ sawEpoch: 3 })).toMatchObject({ outcome: 'refused' });
      const next = successor(log, third, 'a-third-one');
      expect(await fixture.store.enrol(ber, next.enrolRequest(), NOW)).toMatchObject({ epoch: 3 });
    });

    it('is refused to the owner itself, to whoever saw another epoch, and where nobody is known', async () => {
      expect(await rejoin()).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('no node') });
      const log = await sold();
      expect(await rejoin({ instance: log.instance })).toMatchObject({ outcome: 'refused' });
      expect(await rejoin({ sawEpoch: 7 })).toMatchObject({ outcome: 'refused' });
      expect(await fixture.store.warehouse(ber)).toMatchObject({ epoch: 1, instance: log.instance });
    });

    it('gives the log back, byte for byte and in order, from any place on', async () => {
      const log = await sold();
      const all = await fixture.store.batchesAfter(ber, 0, 1e6);
      expect(all.flatMap((bytes) => decodeUpBatch(bytes).deltas)).toEqual(log.deltas);
      expect((await fixture.store.batchesAfter(ber, 0, 1)).map((bytes) => decodeUpBatch(bytes).lastSequence)).toEqual([
        2,
      ]);
      expect((await fixture.store.batchesAfter(ber, 1, 1e6)).map((bytes) => decodeUpBatch(bytes).lastSequence)).toEqual(
        [2, 3],
      );
      expect(await fixture.store.batchesAfter(ber, 3, 1e6)).toEqual([]);
      expect(await fixture.store.hashAt(ber, 2)).toEqual(log.hashes[2]);
      expect(await fixture.store.hashAt(ber, 0)).toEqual(genesisHash);
    });

    it('begins in the log down where the effects end that the log holds, and tells anew what no log tells', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      await fixture.promise({
        command: 'upsert-catalogue',
        items: [{ sku: skuOf('X'), barcodes: [], warehouses: [ber] }],
      });
      log.record('A', 5);
      await apply(log, 1, 1);
      await fixture.store.recordCarriedOut([{ warehouse: ber, sequence: 2 }]);
      const before = await directives('BER1');
      expect(before).toHaveLength(2);
      expect((await rejoined()).down).toEqual({ centralEpoch: 0, sequence: 0, hash: '0'.repeat(64) });
      expect((await fixture.store.downHead(ber))?.carriedOut).toBe(0);
      expect((await directives('BER1')).slice(2)).toEqual(before);
    });

    it('tells anew of a transfer that the other end has closed: no log of the node says so', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      const other = await enrolled(new NodeLog('HAM1'));
      const details = (otherWarehouse: string) => ({ document: 'T-1', otherWarehouse: warehouseOf(otherWarehouse) });
      log.record('A', 5);
      log.record('A', -2, { kind: movementKinds['transfer-ship'].code, details: details('HAM1') });
      await apply(log, 1, 2);
      other.record('A', 2, { kind: movementKinds['transfer-receive'].code, details: details('BER1') });
      await apply(other, 1, 1);
      const before = await directives('BER1');
      const closed = before.at(-1);
      expect(closed).toMatchObject({ kind: 'transfer', transfer: { lines: [{ shipped: 2, received: 2 }] } });
      await rejoined();
      expect((await directives('BER1')).slice(before.length)).toContainEqual(closed);
    });

    it('knows by a heartbeat of a node in step that its log holds all it has carried out', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      log.record('A', 5);
      await apply(log, 1, 1);
      await fixture.store.recordCovered([{ warehouse: ber, sequence: 1 }]);
      await fixture.store.recordCovered([{ warehouse: ber, sequence: 0 }]);
      const { down } = await rejoined();
      const hash = await fixture.store.downHashAt(ber, 1);
      expect(down).toEqual({ centralEpoch: 1, sequence: 1, hash: Buffer.from(hash ?? '').toString('hex') });
    });

    it('does not take a node for one that has lost something because the life before had more', async () => {
      const log = await sold();
      const heard = { warehouse: ber, sent: 3, skewMs: 0, schemaMin: 1, schemaMax: 2 };
      await fixture.store.recordHeard([{ ...heard, at: NOW - 60_000, committed: 3 }]);
      await fixture.store.recordHeard([{ ...heard, at: NOW - 1_000, committed: 9 }]);
      expect(await fixture.store.enrol(ber, log.enrolRequest(), NOW)).toMatchObject({
        outcome: 'refused',
        reason: expect.stringContaining('had committed 9'),
      });
      const taken = await rejoined();
      expect(taken).toMatchObject({ lost: 6, recount: 'all', window: { from: NOW - 60_000, to: NOW } });
      const next = successor(log, taken);
      expect(await fixture.store.enrol(ber, next.enrolRequest(), NOW)).toMatchObject({ outcome: 'enrolled' });
      expect((await fixture.store.warehouse(ber))?.knownAt).toBe(NOW - 60_000);
    });

    it('lets what the new life records count, where states had run ahead of the log that was lost', async () => {
      const log = await sold();
      log.record('A', 20);
      log.record('A', -4);
      log.record('C', 7);
      await fixture.store.applyStates([log.stateMessage()], NOW);
      const promisable = await available('A');
      const taken = await rejoined();
      expect(taken.statesAhead).toBe(2);
      expect(await fixture.store.statesAhead(ber, 2, '', 10)).toEqual([
        {
          sku: 'A',
          onHand: 20,
          unsellable: 0,
          granted: 25,
          ledToBy: { sequence: 5, version: 4, at: expect.any(Number) },
        },
        {
          sku: 'C',
          onHand: 7,
          unsellable: 0,
          granted: 7,
          ledToBy: { sequence: 6, version: 1, at: expect.any(Number) },
        },
      ]);
      // Nothing that was promised of what was granted is lost (P3), and the next version of the log is newer than the state.
      expect(await available('A')).toBe(promisable);
      const next = successor(await relog(log, 3), taken);
      next.record('A', -1, { state: { ...stateOf(next, 'A'), onHand: 19, granted: 25, quota: 25 } });
      expect(await apply(next, 4, 4)).toMatchObject({ outcome: 'applied', quarantined: 0 });
      const [a] = await fixture.store.positionsOf(ber, undefined, 10);
      expect(a).toMatchObject({ sku: 'A', onHand: 19, granted: 25, version: 3, sequence: 4 });
    });
  });
}

/** The first movements of a log, and the positions they lead to. */
async function relog(log: NodeLog, upTo: number): Promise<NodeLog> {
  const again = new NodeLog(log.warehouse, { instance: log.instance });
  again.record('A', 5);
  again.record('A', -1);
  again.record('B', 3);
  expect(again.hashes[upTo]).toEqual(log.hashes[upTo]);
  return again;
}

function stateOf(log: NodeLog, sku: string) {
  const position = log.positions.get(skuOf(sku));
  if (position === undefined) throw new Error('a position');
  const { version: _, sequence: __, at: ___, ...state } = position;
  return state;
}
