import type { Sku } from '@edgestock/shared/inventory/ids';
import { availableOf, offerable } from '@edgestock/shared/inventory/position';
import { encodeDelta } from '@edgestock/shared/protocol/codec';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import { NodeLog, skuOf, warehouseOf } from '../testing/node-log.ts';
import type { CentralReader, CentralStore } from './central-store.ts';

/** A store on fresh ground, and a second way to it: closing gives back what it took. */
export type OpenStore = () => Promise<{
  readonly store: CentralStore;
  /** A reader of the same data on a connection of its own. */
  readonly reader: CentralReader;
  /** The same data in a new life of the process. */
  reopen(): Promise<CentralStore>;
  close(): Promise<void>;
}>;

const NOW = 1_800_000_000_000;

/** What every adapter of the port must do. */
export function describeCentralStore(name: string, open: OpenStore): void {
  describe(name, () => {
    let opened: Awaited<ReturnType<OpenStore>>;
    let store: CentralStore;

    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.close());

    const available = async (sku: string, from: CentralReader = store) =>
      (await from.availability(skuOf(sku), DEFAULT_CHANNEL)).available;

    async function enrolled(log: NodeLog): Promise<NodeLog> {
      expect(await store.enrol(log.warehouse, log.enrolRequest(), NOW)).toMatchObject({ outcome: 'enrolled' });
      return log;
    }

    async function apply(log: NodeLog, first: number, last: number, now = NOW) {
      const { outcomes } = await store.applyBatches([log.verified(first, last)], now);
      return outcomes[0];
    }

    describe('enrolment', () => {
      it('gives a new warehouse its first epoch, and the same answer when asked again', async () => {
        const log = new NodeLog('BER1', { epoch: 0 });
        const first = await store.enrol(log.warehouse, log.enrolRequest(), NOW);
        expect(first).toEqual({ outcome: 'enrolled', epoch: 1, centralEpoch: await store.centralEpoch() });
        expect(await store.enrol(log.warehouse, log.enrolRequest(), NOW + 1)).toEqual(first);
        expect(await store.warehouse(log.warehouse)).toMatchObject({ epoch: 1, appliedUpTo: 0, enrolledAt: NOW });
      });

      it('takes a node that another central has numbered in with its epoch', async () => {
        const log = new NodeLog('BER1', { epoch: 4 });
        log.record('A', 5);
        expect(await store.enrol(log.warehouse, log.enrolRequest(), NOW)).toMatchObject({ epoch: 4 });
        expect(await apply(log, 1, 1)).toMatchObject({ outcome: 'applied' });
      });

      it('refuses a second installation of a warehouse, and leaves no trace of it', async () => {
        await enrolled(new NodeLog('BER1'));
        const before = await store.warehouses();
        const second = new NodeLog('BER1', { instance: 'another-one' });
        expect(await store.enrol(second.warehouse, second.enrolRequest(), NOW)).toMatchObject({ outcome: 'refused' });
        expect(await store.warehouses()).toEqual(before);
      });

      it('refuses a log that does not hold what central has applied', async () => {
        const log = await enrolled(new NodeLog('BER1'));
        const backup = log.fork();
        log.record('A', 5);
        log.record('A', -1);
        await apply(log, 1, 2);
        expect(await store.enrol(log.warehouse, backup.enrolRequest(), NOW)).toMatchObject({ outcome: 'refused' });
        backup.record('B', 1);
        backup.record('B', 1);
        expect(await store.enrol(log.warehouse, backup.enrolRequest(), NOW)).toMatchObject({ outcome: 'refused' });
        expect(await store.enrol(log.warehouse, log.enrolRequest(), NOW)).toMatchObject({ outcome: 'enrolled' });
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
        expect(await store.quarantined({ limit: 10 })).toEqual([]);
      });

      it('that was applied before is a duplicate, in whatever cut it comes again', async () => {
        const log = await enrolled(new NodeLog('BER1'));
        for (let units = 1; units <= 4; units += 1) log.record('A', units);
        await apply(log, 1, 4);
        const revision = await store.currentRevision();
        expect(await apply(log, 1, 4)).toEqual({ outcome: 'duplicate', appliedUpTo: 4 });
        expect(await apply(log, 2, 3)).toEqual({ outcome: 'duplicate', appliedUpTo: 4 });
        expect(await available('A')).toBe(10);
        expect(await store.currentRevision()).toBe(revision);
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
        const kept = await store.quarantined({ warehouse: log.warehouse, limit: 10 });
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
        expect(await store.warehouse(log.warehouse)).toMatchObject({ fence: { at: NOW } });
        log.record('A', 1);
        expect(await apply(log, 3, 3)).toMatchObject({ outcome: 'fenced' });
        expect(await apply(log, 1, 2)).toMatchObject({ outcome: 'duplicate' });
        expect(await available('A')).toBe(6);
        expect((await store.quarantined({ limit: 10 })).map(({ reason }) => reason)).toEqual(['fenced', 'fenced']);
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

    describe('applying', () => {
      it('moves the cursor, the positions, the answer and its revision together', async () => {
        const log = await enrolled(new NodeLog('BER1'));
        log.record('A', 5);
        log.record('B', 2);
        log.record('A', -1);
        const { outcomes, changes } = await store.applyBatches([log.verified(1, 3)], NOW + 7);
        expect(outcomes).toMatchObject([{ outcome: 'applied', appliedUpTo: 3, quarantined: 0 }]);
        expect(await store.warehouse(log.warehouse)).toMatchObject({
          appliedUpTo: 3,
          appliedHash: Buffer.from(log.hashes[3] ?? []),
          appliedAt: NOW + 7,
          lastDeltaAt: 1_700_000_000_003,
        });
        expect(await store.availability(skuOf('A'), DEFAULT_CHANNEL)).toMatchObject({
          available: 4,
          warehouses: [{ warehouse: 'BER1', available: 4, onHand: 4, version: 2, sequence: 3, isSuspect: false }],
        });
        const listed = (await store.changesAfter(0, 10)).map(({ sku, revision }) => ({ sku, revision }));
        expect(changes).toEqual(listed);
        expect(changes.map(({ sku }) => sku).sort()).toEqual(['A', 'B']);
      });

      it('adds up the warehouses, of which none counts below zero', async () => {
        const logs = await Promise.all(['BER1', 'HAM1', 'MUC1'].map((id) => enrolled(new NodeLog(id))));
        const [ber, ham, muc] = logs;
        ber?.record('A', 5);
        ham?.record('A', -3);
        muc?.record('A', 2, {
          state: { onHand: 9, unsellable: 1, reserved: 1, committed: 1, quota: 1, safetyStock: 1 },
        });
        const { outcomes } = await store.applyBatches(
          logs.map((log) => log.verified(1, 1)),
          NOW,
        );
        expect(outcomes.map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'applied']);
        const answer = await store.availability(skuOf('A'), DEFAULT_CHANNEL);
        expect(answer.available).toBe(9);
        expect(answer.warehouses.map((share) => share.available)).toEqual([5, 0, 4]);
        // Back above zero: only what is above it counts.
        ham?.record('A', 4);
        await store.applyBatches(
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
        const { outcomes } = await store.applyBatches(
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
        expect(await store.availability(skuOf('A'), DEFAULT_CHANNEL)).toMatchObject({
          available: 5,
          warehouses: [{ isSuspect: true, version: 1 }],
        });
        expect(await available('B')).toBe(4);
        expect(await available('C')).toBe(0);
        const kept = await store.quarantined({ limit: 10 });
        expect(kept.map(({ reason, firstSequence, sku }) => [reason, firstSequence, sku])).toEqual([
          ['delta', 6, 'C'],
          ['delta', 5, undefined],
          ['delta', 3, 'A'],
        ]);
        // Any newer state is whole: the doubt is over.
        log.record('A', 1);
        await apply(log, 7, 7);
        expect(await store.availability(skuOf('A'), DEFAULT_CHANNEL)).toMatchObject({
          available: 7,
          warehouses: [{ isSuspect: false }],
        });
      });

      it('stores every state the rules let through', async () => {
        const log = await enrolled(new NodeLog('BER1'));
        const most = 2 ** 42;
        const all = { unsellable: most, reserved: most, committed: most, quota: most, safetyStock: most };
        log.record('A', 1, { state: { onHand: -most, ...all } });
        log.record('B', 1, {
          state: { onHand: most, unsellable: 0, reserved: 0, committed: 0, quota: 0, safetyStock: 0 },
        });
        expect(await apply(log, 1, 2)).toMatchObject({ outcome: 'applied', quarantined: 0 });
        expect(await available('A')).toBe(0);
        expect(await available('B')).toBe(most);
        log.record('C', 1, { state: { onHand: 1, ...all, reserved: -1 } });
        expect(await apply(log, 3, 3)).toMatchObject({ outcome: 'applied', quarantined: 1 });
      });
    });

    describe('states ahead of history', () => {
      it('are taken over by version, move no cursor, and change nothing the second time', async () => {
        const log = await enrolled(new NodeLog('BER1'));
        for (let units = 1; units <= 5; units += 1) log.record('A', units);
        const first = await store.applyStates([log.stateMessage()]);
        expect(first).toMatchObject({ outcomes: [{ outcome: 'applied' }], changes: [{ sku: 'A' }] });
        expect(await available('A')).toBe(15);
        const again = await store.applyStates([log.stateMessage()]);
        expect(again).toEqual({ outcomes: [{ outcome: 'applied' }], changes: [] });
        expect(await store.warehouse(log.warehouse)).toMatchObject({ appliedUpTo: 0 });
        // History arriving behind them does not turn the clock back, and can be read as far as it has come.
        const revision = await store.currentRevision();
        expect(await apply(log, 1, 3)).toMatchObject({ outcome: 'applied' });
        expect(await store.currentRevision()).toBe(revision);
        expect(await available('A')).toBe(15);
        const history = await store.history(log.warehouse, skuOf('A'), { limit: 10 });
        expect(history.map(({ sequence }) => sequence)).toEqual([3, 2, 1]);
      });

      it('are refused of strangers, earlier lives and fenced nodes', async () => {
        const log = new NodeLog('BER1');
        log.record('A', 1);
        expect((await store.applyStates([log.stateMessage()])).outcomes).toMatchObject([{ outcome: 'unknown-epoch' }]);
        await enrolled(log);
        const foreign = new NodeLog('BER1', { instance: 'another-one' });
        foreign.record('A', 9);
        expect((await store.applyStates([foreign.stateMessage()])).outcomes).toMatchObject([{ outcome: 'late-epoch' }]);
        await apply(log, 1, 1);
        const clone = new NodeLog('BER1', { instance: log.instance });
        clone.record('A', 9);
        expect(await apply(clone, 1, 1)).toMatchObject({ outcome: 'fork' });
        log.record('A', 1);
        expect((await store.applyStates([log.stateMessage()])).outcomes).toMatchObject([{ outcome: 'fenced' }]);
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
              if (isStates) await store.applyStates([log.stateMessage([...log.positions.keys()].slice(0, size))]);
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
        return (await store.warehouse(log.warehouse))?.appliedUpTo ?? 0;
      }
    });

    async function expectSame(log: NodeLog): Promise<void> {
      const positions = await store.positionsOf(log.warehouse, undefined, 100);
      const known = new Map<Sku, object>(
        positions.map(({ sku, warehouse: _w, isSuspect: _s, ...rest }) => [sku, rest]),
      );
      expect(known).toEqual(new Map(log.positions));
      for (const [sku, position] of log.positions) {
        expect(await available(sku)).toBe(offerable(availableOf(position)));
        const sequences = [...(await store.history(log.warehouse, sku, { limit: 100 }))].map(
          ({ sequence }) => sequence,
        );
        expect(sequences).toHaveLength(position.version);
      }
    }

    describe('reading', () => {
      it('answers zero for what nobody has ever seen', async () => {
        expect(await store.availability(skuOf('nowhere'), DEFAULT_CHANNEL)).toEqual({
          sku: 'nowhere',
          available: 0,
          revision: 0,
          warehouses: [],
        });
        expect(await store.currentRevision()).toBe(0);
        expect(await store.changesAfter(0, 10)).toEqual([]);
        expect(await store.warehouse(warehouseOf('NONE'))).toBeUndefined();
        expect(await store.history(warehouseOf('NONE'), skuOf('A'), { limit: 5 })).toEqual([]);
        expect(await store.positionsOf(warehouseOf('NONE'), undefined, 5)).toEqual([]);
      });

      it('answers many SKUs in the order asked, each as if asked alone', async () => {
        const log = await enrolled(new NodeLog('BER1'));
        log.record('A', 1);
        log.record('a', 2);
        await apply(log, 1, 2);
        const skus = ['nowhere', 'a', 'A', 'a'].map(skuOf);
        const answers = await store.availabilityOf(skus, DEFAULT_CHANNEL);
        expect(answers.map(({ available: units }) => units)).toEqual([0, 2, 1, 2]);
        expect(answers).toEqual(await Promise.all(skus.map((sku) => store.availability(sku, DEFAULT_CHANNEL))));
      });

      it('lists changes after a revision, each SKU once at its latest, so that paging on misses nothing', async () => {
        const log = await enrolled(new NodeLog('BER1'));
        for (const sku of ['A', 'B', 'C']) log.record(sku, 1);
        await apply(log, 1, 3);
        log.record('A', 1);
        await apply(log, 4, 4);
        const seen: string[] = [];
        let revision = 0;
        for (;;) {
          const page = await store.changesAfter(revision, 2);
          if (page.length === 0) break;
          for (const change of page) seen.push(`${change.sku}=${change.available}`);
          revision = page.at(-1)?.revision ?? 0;
        }
        expect(seen).toEqual(['B=1', 'C=1', 'A=2']);
        expect(revision).toBe(await store.currentRevision());
        const filtered = await store.changesAfter(0, 10, { skus: [skuOf('A'), skuOf('C'), skuOf('nowhere')] });
        expect(filtered.map(({ sku }) => sku)).toEqual(['C', 'A']);
      });

      it('pages through the positions of one warehouse in SKU order', async () => {
        const log = await enrolled(new NodeLog('BER1'));
        const other = await enrolled(new NodeLog('HAM1'));
        for (const sku of ['c', 'A', 'b', 'B']) log.record(sku, 1);
        other.record('Z', 1);
        await store.applyBatches([log.verified(1, 4), other.verified(1, 1)], NOW);
        const first = await store.positionsOf(log.warehouse, undefined, 3);
        expect(first.map(({ sku }) => sku)).toEqual(['A', 'B', 'b']);
        const rest = await store.positionsOf(log.warehouse, first.at(-1)?.sku, 3);
        expect(rest.map(({ sku }) => sku)).toEqual(['c']);
      });

      it('walks the history of a position through the batches, latest first, page by page', async () => {
        const log = await enrolled(new NodeLog('BER1'));
        for (let index = 0; index < 12; index += 1) log.record(index % 3 === 0 ? 'A' : 'B', index + 1);
        await apply(log, 1, 5);
        await apply(log, 4, 9);
        await apply(log, 10, 12);
        const all = await store.history(log.warehouse, skuOf('A'), { limit: 10 });
        expect(all.map(({ sequence }) => sequence)).toEqual([10, 7, 4, 1]);
        expect(all.map((entry) => (entry.kind === 'movement' ? entry.delta.quantity : undefined))).toEqual([
          10, 7, 4, 1,
        ]);
        const page = await store.history(log.warehouse, skuOf('A'), { limit: 2, before: 10 });
        expect(page.map(({ sequence }) => sequence)).toEqual([7, 4]);
        const within = await store.history(log.warehouse, skuOf('A'), { limit: 2, before: 6 });
        expect(within.map(({ sequence }) => sequence)).toEqual([4, 1]);
      });

      it('shows a movement it cannot read as bytes, and ends there', async () => {
        const log = await enrolled(new NodeLog('BER1'));
        log.record('A', 1);
        log.append(Buffer.from([0xc1]));
        log.append(
          encodeDelta({
            kind: 1,
            sku: skuOf('A'),
            quantity: 1,
            version: 3,
            previous: 2,
            state: { onHand: 3, unsellable: 0, reserved: 0, committed: 0, quota: 0, safetyStock: 0 },
            at: 1,
            line: 0,
            details: {},
          }),
        );
        await apply(log, 1, 3);
        const history = await store.history(log.warehouse, skuOf('A'), { limit: 10 });
        expect(history.map(({ kind, sequence }) => [kind, sequence])).toEqual([
          ['movement', 3],
          ['opaque', 2],
        ]);
      });

      it('sees on another connection what was committed on the first', async () => {
        const log = await enrolled(new NodeLog('BER1'));
        log.record('A', 5);
        await apply(log, 1, 1);
        expect(await available('A', opened.reader)).toBe(5);
        log.record('A', -2);
        await apply(log, 2, 2);
        expect(await available('A', opened.reader)).toBe(3);
        expect(await opened.reader.warehouses()).toEqual(await store.warehouses());
        expect(await opened.reader.stats()).toMatchObject({ warehouses: 1, batches: 2, quarantined: 0 });
      });
    });

    describe('heartbeats', () => {
      const heard = (at: number, committed: number) => ({
        warehouse: warehouseOf('BER1'),
        at,
        committed,
        sent: committed,
        skewMs: 3,
        schemaMin: 1,
        schemaMax: 1,
      });

      it('are kept, the latest of a node, and say up to when it is known', async () => {
        const log = await enrolled(new NodeLog('BER1'));
        log.record('A', 1);
        await apply(log, 1, 1);
        await store.recordHeard([heard(NOW + 1, 1)]);
        await store.recordHeard([heard(NOW + 2, 5), heard(NOW - 9, 1)]);
        const { warehouse: _, ...last } = heard(NOW + 2, 5);
        // The cursor has not reached 5, so the one before is the last that proved anything.
        expect(await store.warehouse(log.warehouse)).toMatchObject({ heard: last, knownAt: NOW + 1 });
      });

      it('of strangers are ignored', async () => {
        await store.recordHeard([heard(NOW, 1)]);
        expect(await store.warehouses()).toEqual([]);
      });
    });

    it('keeps unreadable bytes once', async () => {
      const item = {
        warehouse: warehouseOf('BER1'),
        reason: 'opaque',
        detail: 'CRC',
        bytes: Buffer.from('x'),
      } as const;
      await store.quarantine(item, NOW);
      await store.quarantine(item, NOW + 1);
      expect(await store.quarantined({ limit: 10 })).toMatchObject([{ ...item, at: NOW }]);
      expect(await store.quarantined({ warehouse: warehouseOf('HAM1'), limit: 10 })).toEqual([]);
    });

    it('has everything again in its next life', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      log.record('A', 5);
      await apply(log, 1, 1);
      const [before, revision] = [await store.warehouses(), await store.currentRevision()];
      const next = await opened.reopen();
      expect(await next.warehouses()).toEqual(before);
      expect(await available('A', next)).toBe(5);
      expect(await next.currentRevision()).toBe(revision);
      const { outcomes } = await next.applyBatches([log.verified(1, 1)], NOW);
      expect(outcomes).toMatchObject([{ outcome: 'duplicate' }]);
    });
  });
}
