import { movementKinds } from '@edgestock/shared/inventory/movement';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import { describe, expect, it } from 'vitest';
import { NodeLog, warehouseOf } from '../testing/node-log.ts';
import { type ContractFixture, NOW } from './contract-fixture.contract.ts';

const ber = warehouseOf('BER1');

/** What was put aside, and what a person makes of it. */
export function describeLateFacts(fixture: ContractFixture): void {
  const { apply, directives, enrolled, promise } = fixture;

  const settle = (id: number, as: 'applied' | 'dismissed' = 'applied', by = 'ana', now = NOW + 5) =>
    promise({ command: 'settle-late-fact', id, settlement: { as, by, why: 'it was sold' } }, now);
  const open = async () => (await fixture.store.quarantined({ isSettled: false, limit: 99 })).map(({ id }) => id);
  const late = async () => (await directives('BER1')).flatMap((one) => (one?.kind === 'late-facts' ? [one] : []));

  /** A node whose clone sold `units` in as many sales, after two movements that both have. */
  const cloned = async (units = 1): Promise<NodeLog> => {
    const log = await enrolled(new NodeLog('BER1'));
    log.record('A', 50);
    log.record('B', 5);
    await apply(log, 1, 2);
    const clone = log.fork();
    log.record('A', -2);
    await apply(log, 3, 3);
    for (let sold = 0; sold < units; sold += 1) clone.record('A', -1);
    return clone;
  };

  describe('what was put aside', () => {
    it('goes down to the node that owns the stock when it is applied: what the log does not hold, once', async () => {
      const clone = await cloned();
      await apply(clone, 2, 3);
      const [id = 0] = await open();
      const before = await fixture.store.positionsOf(ber, undefined, 9);
      expect(await fixture.store.lateFact(id)).toMatchObject({
        record: { reason: 'fenced' },
        movements: [
          { sequence: 2, isInLog: true, delta: { sku: 'B' } },
          { sequence: 3, isInLog: false, delta: { sku: 'A', quantity: -1 } },
        ],
      });
      expect(await settle(id)).toEqual({ outcome: 'settled', isReplay: false });
      const told = [{ late: id, rows: [{ sequence: 3, delta: { sku: 'A', quantity: -1 } }] }];
      expect(await late()).toMatchObject(told);
      expect(await settle(id, 'applied', 'bob', NOW + 9)).toEqual({ outcome: 'settled', isReplay: true });
      expect(await late()).toMatchObject(told);
      expect(await fixture.store.positionsOf(ber, undefined, 9)).toEqual(before);
      const { sequence } = (await fixture.store.downHead(ber)) ?? { sequence: 0 };
      expect((await fixture.opened.reader.lateFact(id))?.record.settled).toEqual({
        ...{ as: 'applied', by: 'ana', why: 'it was sold', at: NOW + 5, directive: sequence },
      });
    });

    it('is told the node in the transaction that settles it, and stays settled in another life', async () => {
      await apply(await cloned(), 3, 3);
      const [id = 0] = await open();
      const { directed } = await fixture.store.promise(
        [{ command: 'settle-late-fact', id, settlement: { as: 'applied', by: 'ana', why: 'w' } }],
        NOW,
      );
      expect(directed).toEqual(['BER1']);
      const next = await fixture.opened.reopen();
      expect((await next.lateFact(id))?.record.settled).toMatchObject({ as: 'applied' });
      expect(await next.quarantined({ isSettled: false, limit: 9 })).toEqual([]);
    });

    it('is no longer open when it is settled, nor counted, and not when it comes again', async () => {
      const clone = await cloned(2);
      await apply(clone, 3, 3);
      await apply(clone, 4, 4);
      expect((await fixture.store.stats()).quarantined).toBe(2);
      const [second = 0, first = 0] = await open();
      await settle(first, 'dismissed');
      expect([await open(), (await fixture.store.stats()).quarantined]).toEqual([[second], 1]);
      expect((await fixture.store.quarantined({ isSettled: true, limit: 9 })).map(({ id }) => id)).toEqual([first]);
      expect(await fixture.store.quarantined({ limit: 9 })).toHaveLength(2);
      await apply(clone, 3, 3);
      expect(await open()).toEqual([second]);
      expect(await late()).toEqual([]);
    });

    it('is told again in a new epoch of central, whose logs down begin anew, unless the log of the node holds it', async () => {
      const clone = await cloned(2);
      await apply(clone, 3, 3);
      await apply(clone, 4, 4);
      const [second = 0, first = 0] = await open();
      await settle(first);
      await fixture.store.recordCovered([
        { warehouse: ber, sequence: (await fixture.store.downHead(ber))?.sequence ?? 0 },
      ]);
      await settle(second);
      await fixture.store.beginEpoch({ heard: NOW, reason: 'restored' }, NOW);
      expect(await late()).toMatchObject([{ late: second, rows: [{ sequence: 4 }] }]);
      const head = (await fixture.store.downHead(ber))?.sequence;
      const places = [first, second].map(async (id) => (await fixture.store.lateFact(id))?.record.settled?.directive);
      expect(await Promise.all(places)).toEqual([0, head]);
    });

    it('is settled one way for ever', async () => {
      await apply(await cloned(), 3, 3);
      const [id = 0] = await open();
      await settle(id, 'dismissed');
      expect(await settle(id, 'dismissed')).toEqual({ outcome: 'settled', isReplay: true });
      expect(await settle(id)).toEqual({ outcome: 'settled-otherwise', as: 'dismissed' });
      expect(await late()).toEqual([]);
      expect(await settle(99)).toMatchObject({ outcome: 'unknown', what: 'late-fact' });
    });

    it('comes in pieces that a directive and a commit of the node hold, in order and nothing twice', async () => {
      const count = 2 * wireLimits.lateRowsMax + 7;
      await apply(await cloned(count), 3, count + 2);
      const [id = 0] = await open();
      await settle(id);
      const told = await late();
      expect(told.map(({ rows }) => rows.length)).toEqual([wireLimits.lateRowsMax, wireLimits.lateRowsMax, 7]);
      expect(told.flatMap(({ rows }) => rows.map(({ sequence }) => sequence))).toEqual(
        Array.from({ length: count }, (_, index) => index + 3),
      );
    });

    it('of large movements comes in more pieces', async () => {
      const clone = await cloned(0);
      const serials = Array.from({ length: 200 }, (_, index) => `${'s'.repeat(60)}${index}`);
      for (let sold = 0; sold < 8; sold += 1) clone.record('A', -1, { details: { serials } });
      await apply(clone, 3, 10);
      await settle((await open())[0] ?? 0);
      const told = await late();
      expect(told.length).toBeGreaterThan(1);
      expect(told.flatMap(({ rows }) => rows)).toHaveLength(8);
    });

    it('that nobody can read, that moved no goods, or that the node has itself, cannot be applied, only dismissed', async () => {
      const clone = await cloned(0);
      clone.record('A', 0, { kind: movementKinds.count.code, details: { counted: 50 } });
      await apply(clone, 3, 3);
      const log = new NodeLog('HAM1');
      await enrolled(log);
      log.record('A', 3, { kind: 99 });
      await apply(log, 1, 1);
      const opaque = { reason: 'opaque', detail: 'CRC', bytes: Buffer.from('?') } as const;
      await fixture.store.quarantine({ ...opaque, warehouse: ber }, NOW);
      for (const id of await open()) {
        expect(await settle(id)).toMatchObject({ outcome: 'nothing-to-apply', why: expect.any(String) });
        expect(await settle(id, 'dismissed')).toMatchObject({ outcome: 'settled' });
      }
      expect(await open()).toEqual([]);
      expect(await late()).toEqual([]);
    });
  });
}
