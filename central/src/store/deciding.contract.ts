import { describe, expect, it } from 'vitest';
import { NodeLog } from '../testing/node-log.ts';
import { type ContractFixture, NOW } from './contract-fixture.contract.ts';

/** Which enrolments and batches take effect, in order of precedence. */
export function describeDeciding(fixture: ContractFixture): void {
  const { apply, available, enrolled } = fixture;

  describe('enrolment', () => {
    it('gives a new warehouse its first epoch, and the same answer when asked again', async () => {
      const log = new NodeLog('BER1', { epoch: 0 });
      const first = await fixture.store.enrol(log.warehouse, log.enrolRequest(), NOW);
      const centralEpoch = await fixture.store.centralEpoch();
      const cursor = { applied: 0, hash: log.place(0).hash };
      expect(first).toEqual({ outcome: 'enrolled', epoch: 1, centralEpoch, cursor });
      expect(await fixture.store.enrol(log.warehouse, log.enrolRequest(), NOW + 1)).toEqual(first);
      expect(await fixture.store.warehouse(log.warehouse)).toMatchObject({ epoch: 1, appliedUpTo: 0, enrolledAt: NOW });
    });

    it('says where it stands in the log, and what the log was there', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      log.record('A', 5);
      log.record('A', -1);
      await apply(log, 1, 1);
      expect(await fixture.store.enrol(log.warehouse, log.enrolRequest(), NOW)).toMatchObject({
        cursor: { applied: 1, hash: log.place(1).hash },
      });
    });

    it('takes a node that another central has numbered in with its epoch', async () => {
      const log = new NodeLog('BER1', { epoch: 4 });
      log.record('A', 5);
      expect(await fixture.store.enrol(log.warehouse, log.enrolRequest(), NOW)).toMatchObject({ epoch: 4 });
      expect(await apply(log, 1, 1)).toMatchObject({ outcome: 'applied' });
    });

    it('refuses a second installation of a warehouse, and leaves no trace of it', async () => {
      await enrolled(new NodeLog('BER1'));
      const before = await fixture.store.warehouses();
      const second = new NodeLog('BER1', { instance: 'another-one' });
      expect(await fixture.store.enrol(second.warehouse, second.enrolRequest(), NOW)).toMatchObject({
        outcome: 'refused',
      });
      expect(await fixture.store.warehouses()).toEqual(before);
    });

    it('refuses a log that does not hold what central has applied', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      const backup = log.fork();
      log.record('A', 5);
      log.record('A', -1);
      await apply(log, 1, 2);
      expect(await fixture.store.enrol(log.warehouse, backup.enrolRequest(), NOW)).toMatchObject({
        outcome: 'refused',
      });
      backup.record('B', 1);
      backup.record('B', 1);
      expect(await fixture.store.enrol(log.warehouse, backup.enrolRequest(), NOW)).toMatchObject({
        outcome: 'refused',
      });
      expect(await fixture.store.enrol(log.warehouse, log.enrolRequest(), NOW)).toMatchObject({ outcome: 'enrolled' });
    });
  });

  describe('a batch, in order of precedence', () => {
    it('of a warehouse nobody enrolled, or of an epoch never issued, has no effect', async () => {
      const log = new NodeLog('BER1');
      log.record('A', 5);
      expect(await apply(log, 1, 1)).toEqual({ outcome: 'unknown-epoch' });
      await enrolled(log);
      log.epoch = 2;
      expect(await apply(log, 1, 1)).toEqual({ outcome: 'unknown-epoch' });
      log.epoch = 0;
      expect(await apply(log, 1, 1)).toEqual({ outcome: 'unknown-epoch' });
      expect(await available('A')).toBe(0);
      expect(await fixture.store.quarantined({ limit: 10 })).toEqual([]);
    });

    it('that was applied before is a duplicate, in whatever cut it comes again', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      for (let units = 1; units <= 4; units += 1) log.record('A', units);
      await apply(log, 1, 4);
      const revision = await fixture.store.currentRevision();
      expect(await apply(log, 1, 4)).toEqual({ outcome: 'duplicate', appliedUpTo: 4 });
      expect(await apply(log, 2, 3)).toEqual({ outcome: 'duplicate', appliedUpTo: 4 });
      expect(await available('A')).toBe(10);
      expect(await fixture.store.currentRevision()).toBe(revision);
    });

    it('of an earlier epoch or another installation is kept once, as a late fact', async () => {
      const log = await enrolled(new NodeLog('BER1', { epoch: 3 }));
      const late = new NodeLog('BER1', { epoch: 2 });
      late.record('A', 5);
      expect(await apply(late, 1, 1)).toEqual({ outcome: 'late-epoch', currentEpoch: 3 });
      expect(await apply(late, 1, 1)).toEqual({ outcome: 'late-epoch', currentEpoch: 3 });
      const foreign = new NodeLog('BER1', { epoch: 3, instance: 'another-one' });
      foreign.record('B', 1);
      expect(await apply(foreign, 1, 1)).toMatchObject({ outcome: 'late-epoch' });
      const kept = await fixture.store.quarantined({ warehouse: log.warehouse, limit: 10 });
      expect(kept.map(({ reason, epoch, firstSequence }) => ({ reason, epoch, firstSequence }))).toEqual([
        { reason: 'late-fact', epoch: 3, firstSequence: 1 },
        { reason: 'late-fact', epoch: 2, firstSequence: 1 },
      ]);
      expect(await available('A')).toBe(0);
    });

    it('with another history is a fork: the node is fenced, and nothing of it is applied any more', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      log.record('A', 5);
      const clone = log.fork();
      log.record('A', 1);
      await apply(log, 1, 2);
      clone.record('A', -5);
      clone.record('A', 1);
      expect(await apply(clone, 2, 2)).toMatchObject({ outcome: 'fork', atSequence: 2 });
      expect(await fixture.store.warehouse(log.warehouse)).toMatchObject({ fence: { at: NOW } });
      log.record('A', 1);
      expect(await apply(log, 3, 3)).toMatchObject({ outcome: 'fenced' });
      expect(await apply(log, 1, 2)).toMatchObject({ outcome: 'duplicate' });
      expect(await available('A')).toBe(6);
      expect((await fixture.store.quarantined({ limit: 10 })).map(({ reason }) => reason)).toEqual([
        'fenced',
        'fenced',
      ]);
    });

    it('with another history inside one that was applied as a whole is a fork too', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      const clone = log.fork();
      for (let units = 1; units <= 4; units += 1) log.record('A', units);
      clone.record('A', 1);
      clone.record('B', 2);
      clone.record('B', 3);
      await apply(log, 1, 4);
      expect(await apply(log, 2, 3)).toMatchObject({ outcome: 'duplicate' });
      expect(await apply(clone, 2, 3)).toMatchObject({ outcome: 'fork', atSequence: 3 });
    });

    it('whose start hangs on another history is a fork too', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      const clone = log.fork();
      log.record('A', 5);
      clone.record('A', 7);
      clone.record('A', 1);
      await apply(log, 1, 1);
      expect(await apply(clone, 2, 2)).toMatchObject({ outcome: 'fork', atSequence: 1 });
    });

    it('that overlaps another history across the cursor is a fork too', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      const clone = log.fork();
      log.record('A', 5);
      clone.record('A', 7);
      clone.record('A', 1);
      await apply(log, 1, 1);
      expect(await apply(clone, 1, 2)).toMatchObject({ outcome: 'fork', atSequence: 1 });
      expect(await available('A')).toBe(5);
    });

    it('after a gap has no effect and says what is needed', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      for (let units = 1; units <= 3; units += 1) log.record('A', units);
      expect(await apply(log, 2, 3)).toEqual({ outcome: 'gap', need: 1 });
      expect(await available('A')).toBe(0);
      expect(await apply(log, 1, 1)).toMatchObject({ outcome: 'applied', appliedUpTo: 1 });
      expect(await apply(log, 2, 3)).toMatchObject({ outcome: 'applied', appliedUpTo: 3 });
    });

    it('of which a part is known is applied from there on', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      for (let units = 1; units <= 3; units += 1) log.record('A', units);
      await apply(log, 1, 2);
      expect(await apply(log, 1, 3)).toMatchObject({ outcome: 'applied', appliedUpTo: 3 });
      expect(await available('A')).toBe(6);
      expect(await apply(log, 3, 3)).toMatchObject({ outcome: 'duplicate' });
    });
  });
}
