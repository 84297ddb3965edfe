import type { TakeOverRequest } from '@edgestock/shared/protocol/rejoin';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import { NodeSnapshot, rowsOf } from '../testing/node-snapshot.ts';
import { linesOf } from '../testing/order-fixture.ts';
import type { PlayedNode } from '../testing/played-node.ts';
import { stockOf } from './central-store.ts';
import { NOW, reserve } from './contract-fixture.contract.ts';
import type { OrderingWorld } from './ordering-world.contract.ts';

/** Central after a backup was put in its place: what it has forgotten it learns again, and promises nothing before. */
export function describeRestoring(world: OrderingWorld): void {
  const share = async (sku: string, { log }: PlayedNode) => {
    const [line] = linesOf(`${sku}1`);
    if (line === undefined) throw new Error('a line');
    const answer = await world.store.availability(line.sku, DEFAULT_CHANNEL);
    // What shops are told is the same: nothing of a warehouse that is not settled.
    expect(await world.store.stocksOf([line.sku], DEFAULT_CHANNEL)).toEqual([stockOf(answer)]);
    const { warehouses } = answer;
    return warehouses.find(({ warehouse }) => warehouse === log.warehouse);
  };
  const unsettled = async ({ log }: PlayedNode) => (await world.store.warehouse(log.warehouse))?.unsettled;
  const takingOver = ({ log }: PlayedNode): TakeOverRequest => ({
    ...{ ask: 'take-over', warehouse: log.warehouse, instance: 'the-new-one', sawEpoch: 1, schema: [1, 2] },
  });
  const oversold = async () => (await world.store.promiseStats()).oversold;

  describe('a central that was restored', () => {
    it('is in an epoch that nobody has ever heard of, however often it is restored from the same backup', async () => {
      const restore = await world.backUp();
      const epochs = [await world.store.centralEpoch()];
      const lives = [await world.store.life()];
      for (let times = 0; times < 3; times += 1) {
        await restore();
        epochs.push(await world.store.centralEpoch());
        lives.push(await world.store.life());
      }
      expect(epochs).toEqual([1, NOW, NOW + 1, NOW + 2]);
      expect(new Set(lives).size).toBe(4);
      expect(await world.store.epochBegan()).toMatchObject({ at: NOW, reason: expect.stringContaining('restored') });
    });

    it('promises nothing of a warehouse before its node has taken up the epoch and all of its log is there', async () => {
      const one = await world.node('W1 A9');
      const two = await world.node('W2 A4');
      const restore = await world.backUp();
      one.receive('A', 1);
      await one.tell(world.store, NOW);
      await restore();
      expect(await world.available('A')).toBe(0);
      expect(await unsettled(one)).toEqual({});
      expect(await share('A', one)).toMatchObject({ available: 0, granted: 9 });
      expect(await world.place('o', 'A1')).toMatchObject({ outcome: 'insufficient' });
      expect(await world.promise(reserve('r', { A: 1 }))).toMatchObject({ outcome: 'insufficient' });
      // Counter by counter: whoever wants last units back gets none either.
      const wanted = { command: 'return-quota', warehouse: one.log.warehouse, lines: linesOf('A3') } as const;
      expect(await world.promise(wanted)).toEqual({ outcome: 'returned', lines: [{ sku: 'A', total: 0 }] });

      await one.takeUpEpoch(world.store, NOW);
      expect(await unsettled(one)).toEqual({ until: 2 });
      expect(await world.available('A')).toBe(0);
      await world.reopen();
      expect(await world.available('A')).toBe(0);
      await one.tell(world.store, NOW);
      expect(await unsettled(one)).toBeUndefined();
      expect(await world.available('A')).toBe(10);
      await world.hearAgain(two);
      expect(await world.available('A')).toBe(14);
      expect(await world.place('o', 'A12')).toMatchObject({ outcome: 'order' });
    });

    it('takes the first word of where a node stands, and none from a settled one', async () => {
      const one = await world.node('W1 A9');
      const restore = await world.backUp();
      one.receive('A', 1);
      await restore();
      await one.takeUpEpoch(world.store, NOW);
      one.receive('A', 1);
      await world.store.statePlace(one.log.warehouse, one.log.head, NOW);
      expect(await unsettled(one)).toEqual({ until: 2 });
      await one.tell(world.store, NOW);
      expect(await world.store.statePlace(one.log.warehouse, 99, NOW)).toEqual({
        ...{ outcomes: [], changes: [], directed: [], ahead: [] },
      });
      expect(await world.available('A')).toBe(11);
    });

    it('knows what was given back and allocated since by the totals of the node: never a unit twice', async () => {
      const one = await world.node('W1 A9');
      const restore = await world.backUp();
      await world.place('o', 'A2');
      await world.pay('o');
      await world.promise({ command: 'return-quota', warehouse: one.log.warehouse, lines: linesOf('A3') });
      await world.settle();
      expect(await world.available('A')).toBe(4);
      await restore();
      await world.hearAgain(one);
      expect(await world.available('A')).toBe(4);
      expect(await share('A', one)).toMatchObject({ atCentral: { returned: 3, allocatedSent: 2, held: 0 } });
      expect(await oversold()).toBe(0);
    });

    it('owes what policy wants back while it may give nothing back, and gives it back when it may', async () => {
      const one = await world.node('W1 A9');
      const { warehouse } = one.log;
      const policy = (sharePercent: number) => ({ class: 'store' as const, sharePercent, safetyStock: 0, priority: 0 });
      const setPolicy = (sharePercent: number) =>
        world.promise({ command: 'set-policy', warehouse, settings: policy(sharePercent) });
      await setPolicy(100);
      await world.promise(reserve('r', { A: 9 }));
      await setPolicy(0);
      const restore = await world.backUp();
      await restore();
      await world.promise({ command: 'release', reservation: 'r', reason: 'no longer wanted' });
      expect(await share('A', one)).toMatchObject({ atCentral: { returned: 0, held: 0 } });
      await world.hearAgain(one);
      expect(await unsettled(one)).toBeUndefined();
      expect(await share('A', one)).toMatchObject({ available: 0, atCentral: { returned: 9, held: 0 } });
    });

    it('tells its nodes anew what they must know, from the beginning of a log', async () => {
      const one = await world.node('W1 A9');
      const { warehouse } = one.log;
      await world.promise({
        command: 'set-sku-policy',
        warehouse,
        rules: [{ sku: linesOf('A1')[0]?.sku ?? never(), safetyStock: 1 }],
      });
      const items = linesOf('A1 B1').map(({ sku }, index) => ({
        ...{ sku, barcodes: [] },
        warehouses: index === 0 ? ('all' as const) : [warehouse],
      }));
      await world.promise({ command: 'upsert-catalogue', items });
      await world.settle();
      const restore = await world.backUp();
      await restore();
      expect(await world.told(one)).toEqual(['policy', 'sku-policy', 'catalogue-upsert']);
      expect(await world.store.downHead(warehouse)).toMatchObject({ sequence: 3, carriedOut: 0 });
    });

    it('tells again what a node had not carried out: a task, a withdrawal and what was given back, each once', async () => {
      const one = await world.node('W1 A9 B9');
      await world.place('carried', 'A2');
      await world.pay('carried');
      await world.settle();
      await world.place('new', 'B2');
      await world.pay('new');
      await world.cancel('carried');
      await world.promise({ command: 'return-quota', warehouse: one.log.warehouse, lines: linesOf('B3') });
      const restore = await world.backUp();
      await restore();
      await world.hearAgain(one);
      await world.settle();
      expect([...one.tasks.keys()]).toEqual(['carried.1', 'new.1']);
      expect(await world.order('carried')).toMatchObject({ state: 'cancelled' });
      expect(await world.units('new')).toEqual(['B: 2 ordered, 2 open']);
      expect(one.quantities('A')).toMatchObject({ committed: 0, quota: 7 });
      expect(one.quantities('B')).toMatchObject({ committed: 2, quota: 4, returned: 3 });
      expect(await share('B', one)).toMatchObject({ available: 4 });
    });

    it('asks nothing back twice of what a node has given up already', async () => {
      const one = await world.node('W1 A9');
      await world.place('o', 'A5');
      await world.pay('o');
      await world.settle();
      await world.cancel('o');
      const restore = await world.backUp();
      // The old central's word, carried out, and not heard of any more.
      await one.hear(world.store);
      await restore();
      await world.hearAgain(one);
      await world.settle();
      expect(await world.order('o')).toMatchObject({ state: 'cancelled' });
      expect((await world.told(one)).filter((kind) => kind === 'release')).toEqual([]);
    });

    it('makes nothing firm at a warehouse that it does not know, and does so once it does', async () => {
      const one = await world.node('W1 A9');
      await world.place('o', 'A2');
      const restore = await world.backUp();
      await restore();
      expect(await world.pay('o')).toMatchObject({ outcome: 'order', order: { state: 'firm', allocations: [] } });
      expect(await world.units('o')).toEqual(['A: 2 ordered, 2 held']);
      expect((await world.why('o')).at(-1)).toContain('W1 is told once central knows again');
      await world.hearAgain(one);
      await world.settle();
      expect(one.tasks.get('o.1')).toEqual(new Map([['A', 2]]));
      expect(await world.available('A')).toBe(7);
    });

    it('gives up what it held of units that the node has back: the newest first, to elsewhere, or as the order says', async () => {
      const one = await world.node('W1 A9');
      await world.place('old', 'A3', { onShortage: 'backorder' });
      await world.place('new', 'A2', { onShortage: 'cancel' });
      await world.promise(reserve('r', { A: 2 }));
      await world.promise(reserve('moves', { A: 1 }));
      const restore = await world.backUp();
      for (const id of ['old', 'new']) await world.cancel(id);
      for (const id of ['r', 'moves']) await world.promise({ command: 'release', reservation: id, reason: 'left' });
      await world.promise({ command: 'return-quota', warehouse: one.log.warehouse, lines: linesOf('A8') });
      await world.settle();
      await restore();
      const two = await world.node('W2 A1');
      await world.hearAgain(one);
      expect(await oversold()).toBe(0);
      // Eight are the node's again, and one is left of nine: of eight that were held, one stays, and one moves.
      expect(await share('A', one)).toMatchObject({ available: 0, atCentral: { returned: 8, held: 1 } });
      expect((await world.store.reservation('moves'))?.lines[0]?.holds).toEqual([{ warehouse: 'W2', quantity: 1 }]);
      expect((await world.store.reservation('r'))?.lines[0]?.holds).toEqual([]);
      expect(await world.order('new')).toMatchObject({ state: 'cancelled' });
      expect(await world.units('old')).toEqual(['A: 3 ordered, 2 backordered, 1 held']);
      expect(await world.why('old')).toContainEqual(expect.stringContaining('had given them back'));
      await world.settle();
      expect(two.quantities('A').quota).toBe(1);
    });

    it('shows what a node ships for orders that it has forgotten, and has it given up when asked', async () => {
      const one = await world.node('W1 A9 B9');
      const restore = await world.backUp();
      for (const [id, lines] of [
        ['kept', 'A2 B1'],
        ['dropped', 'A3'],
      ] as const) {
        await world.place(id, lines);
        await world.pay(id);
      }
      await world.settle();
      one.ship('kept.1', 'B', 1);
      await restore();
      const drop = { command: 'release-unknown-task', warehouse: one.log.warehouse, task: 'dropped.1' } as const;
      expect(await world.promise(drop)).toEqual({ outcome: 'unknown', what: 'task', id: 'dropped.1' });
      await world.hearAgain(one);
      const tasks = await world.store.unknownTasks(undefined, 10);
      expect(tasks).toMatchObject([
        { task: 'dropped.1', lines: [{ sku: 'A', quantity: 3, shipped: 0, givenUp: 0 }] },
        {
          task: 'kept.1',
          lines: [
            { sku: 'A', quantity: 2, shipped: 0 },
            { sku: 'B', quantity: 1, shipped: 1 },
          ],
        },
      ]);
      expect(await world.store.unknownTasks(tasks[0], 10)).toMatchObject([{ task: 'kept.1' }]);
      expect(await world.store.promiseStats()).toMatchObject({ unknownTasks: 2, oversold: 0 });
      for (let times = 0; times < 2; times += 1) expect(await world.promise(drop)).toEqual({ outcome: 'set' });
      one.ship('kept.1', 'A', 2);
      await world.settle();
      expect((await world.told(one)).filter((kind) => kind === 'release')).toHaveLength(1);
      expect(await world.store.unknownTasks(undefined, 10)).toEqual([]);
      expect(one.quantities('A')).toMatchObject({ onHand: 7, committed: 0, allocated: 5, quota: 4 });
      expect(await world.available('A')).toBe(4);
    });

    it('hears by a snapshot what became of tasks in a time that no log tells of any more', async () => {
      const one = await world.node('W1 A9');
      for (const [id, lines] of [
        ['o', 'A3'],
        ['p', 'A2'],
      ] as const) {
        await world.place(id, lines);
        await world.pay(id);
      }
      await world.settle();
      const restore = await world.backUp();
      one.ship('o.1', 'A', 2);
      await restore();
      const { log } = one;
      const of = { holder: 'task', released: 0 } as const;
      const setAsides = [
        { ...of, document: 'o.1', quantity: 1, shipped: 2 },
        { ...of, document: 'p.1', quantity: 0, released: 2, shipped: 0 },
      ];
      const rows = rowsOf(log, log.head).map((row) => ({ ...row, setAsides }));
      const snapshot = new NodeSnapshot(log, log.head, { rows });
      await world.store.beginSnapshot(log.warehouse, snapshot.offered, NOW);
      await world.store.putSnapshotChunk(log.warehouse, snapshot.chunk(0), NOW);
      const { reply } = await world.store.takeSnapshot(log.warehouse, snapshot.asked, NOW);
      expect(reply).toEqual({ outcome: 'taken', applied: log.head });
      expect(await world.units('o')).toEqual(['A: 3 ordered, 1 open, 2 shipped']);
      expect(await world.units('p')).toEqual(['A: 2 ordered, 2 cancelled']);
      expect(await world.store.promiseStats()).toMatchObject({ unknownTasks: 0 });
    });

    it('counts no task twice when the broker still has some of the log while its snapshot is taken over', async () => {
      const one = await world.node('W1 A9 B9');
      const restore = await world.backUp();
      await world.place('o', 'A3');
      await world.pay('o');
      await world.settle();
      await restore();
      const { log } = one;
      const setAside = { holder: 'task', document: 'o.1', quantity: 3, released: 0, shipped: 0 } as const;
      const rows = rowsOf(log, log.head).map((row) => ({ ...row, setAsides: row.sku === 'A' ? [setAside] : [] }));
      const snapshot = new NodeSnapshot(log, log.head, { rows, rowsPerChunk: 1 });
      const { store } = world;
      await store.beginSnapshot(log.warehouse, snapshot.offered, NOW);
      for (const index of snapshot.chunks.keys())
        await store.putSnapshotChunk(log.warehouse, snapshot.chunk(index), NOW);
      const taken = await store.takeSnapshot(log.warehouse, snapshot.asked, NOW);
      expect(taken.reply).toEqual({ outcome: 'take', taken: 1 });
      const { appliedUpTo = 0 } = (await store.warehouse(log.warehouse)) ?? {};
      await store.applyBatches([log.verified(appliedUpTo + 1, log.head)], NOW);
      const { reply } = await store.takeSnapshot(log.warehouse, snapshot.asked, NOW);
      expect(reply).toEqual({ outcome: 'taken', applied: log.head });
      expect((await store.unknownTask(log.warehouse, 'o.1'))?.lines).toMatchObject([{ sku: 'A', quantity: 3 }]);
    });

    it('knows the task of an order that is paid once more, and has it shipped once', async () => {
      const one = await world.node('W1 A9');
      await world.place('o', 'A2');
      const restore = await world.backUp();
      await world.pay('o');
      await world.settle();
      one.ship('o.1', 'A', 1);
      await restore();
      await world.hearAgain(one);
      expect(await share('A', one)).toMatchObject({ available: 5, atCentral: { allocatedSent: 2, held: 2 } });
      await world.pay('o');
      await world.settle();
      expect([...one.tasks.keys()]).toEqual(['o.1']);
      expect(await world.units('o')).toEqual(['A: 2 ordered, 1 open, 1 shipped']);
      expect(await share('A', one)).toMatchObject({ available: 7, atCentral: { allocatedSent: 2, held: 0 } });
      expect(await world.store.promiseStats()).toMatchObject({ unknownTasks: 0 });
    });

    it('gives another order of the same name a task of its own', async () => {
      const one = await world.node('W1 A9');
      const restore = await world.backUp();
      await world.place('o', 'A2');
      await world.pay('o');
      await world.settle();
      await restore();
      await world.hearAgain(one);
      await world.place('o', 'A3');
      await world.pay('o');
      await world.settle();
      expect([...one.tasks.keys()]).toEqual(['o.1', 'o.2']);
      expect(await world.available('A')).toBe(4);
      expect(await oversold()).toBe(0);
    });

    it('gives a node that rejoins the new log from its beginning, counts all, and settles it by its own word', async () => {
      const one = await world.node('W1 A9');
      const { warehouse } = one.log;
      const asking = takingOver(one);
      await world.place('o', 'A2');
      await world.pay('o');
      await world.settle();
      await world.store.recordCovered([{ warehouse, sequence: 2 }]);
      const restore = await world.backUp();
      await restore();
      const beginning = { centralEpoch: 0, sequence: 0, hash: '0'.repeat(64) };
      expect((await world.store.rejoin(warehouse, asking, NOW)).reply).toMatchObject({
        down: beginning,
        recount: 'all',
      });
      expect(await unsettled(one)).toEqual({});
      // The life that was overtaken had said that it stands far away; the one that goes on stands elsewhere.
      await world.store.statePlace(warehouse, 999, NOW);
      const third = { ...asking, instance: 'a-third-one', sawEpoch: 2 };
      expect((await world.store.rejoin(warehouse, third, NOW)).reply).toMatchObject({ down: beginning });
      expect(await unsettled(one)).toEqual({});
      await world.store.statePlace(warehouse, one.log.head, NOW);
      expect(await unsettled(one)).toBeUndefined();
      expect(await world.store.enrol(warehouse, one.log.enrolRequest(), NOW)).toMatchObject({
        outcome: 'refused',
      });
    });

    it('gives a rejoin that is asked for again the beginning of the new log', async () => {
      const one = await world.node('W1 A9');
      const { warehouse } = one.log;
      const asking = takingOver(one);
      await world.store.recordCovered([{ warehouse, sequence: 1 }]);
      expect((await world.store.rejoin(warehouse, asking, NOW)).reply).toMatchObject({ down: { sequence: 1 } });
      const restore = await world.backUp();
      await restore();
      expect((await world.store.rejoin(warehouse, asking, NOW)).reply).toMatchObject({
        ...{ outcome: 'taken-over', epoch: 2, down: { centralEpoch: 0, sequence: 0 } },
      });
    });

    it('takes in a node that has rejoined since the backup, and refuses the life before it', async () => {
      const one = await world.node('W1 A9');
      const { warehouse } = one.log;
      const restore = await world.backUp();
      const asking = takingOver(one);
      expect((await world.store.rejoin(warehouse, asking, NOW)).reply).toMatchObject({ epoch: 2 });
      await restore();
      const request = one.log.enrolRequest();
      const later = { ...request, instance: 'the-new-one', place: { ...request.place, epoch: 2 } };
      expect(await world.store.enrol(warehouse, later, NOW)).toMatchObject({ outcome: 'enrolled', epoch: 2 });
      expect(await world.store.warehouse(warehouse)).toMatchObject({ epoch: 2, instance: 'the-new-one' });
      expect(await world.store.enrol(warehouse, request, NOW)).toMatchObject({ outcome: 'refused' });
    });

    it('does not take what a batch says of an earlier log down for a word about the new one', async () => {
      const one = await world.node('W1 A9');
      const { warehouse } = one.log;
      const restore = await world.backUp();
      await restore();
      one.log.downAck = 500;
      one.receive('A', 1);
      await one.tell(world.store, NOW);
      const asking = takingOver(one);
      expect((await world.store.rejoin(warehouse, asking, NOW)).reply).toMatchObject({ down: { sequence: 0 } });
    });

    it('stops promising of a node that knows more than it does, when nobody has said that it was put back', async () => {
      const one = await world.node('W1 A9');
      const two = await world.node('W2 A4');
      expect(await world.available('A')).toBe(13);
      // Three were allocated by a central of which this one is an older copy.
      one.claim('A', { allocated: 3, committed: 3, quota: 6 });
      const { ahead } = await one.tellAhead(world.store, NOW);
      expect(ahead).toEqual(['W1']);
      expect([await unsettled(one), await unsettled(two)]).toEqual([{}, undefined]);
      expect(await share('A', one)).toMatchObject({ available: 0, atCentral: { allocatedSent: 3 } });
      expect(await world.available('A')).toBe(4);
      expect(await oversold()).toBe(0);
      const { centralEpoch, changes } = await world.store.beginEpoch({ heard: NOW + 7, reason: 'W1 knows more' }, NOW);
      expect(centralEpoch).toBe(NOW + 8);
      expect(changes.map(({ sku }) => sku)).toEqual(['A']);
      expect(await world.available('A')).toBe(0);
      await world.hearAgain(one);
      await world.hearAgain(two);
      expect(await world.available('A')).toBe(10);
    });

    it('begins one epoch, however many tell it that the one before was behind', async () => {
      await world.node('W1 A9');
      const after = await world.store.centralEpoch();
      const beginning = { heard: NOW, reason: 'W1 knows more', after };
      const { centralEpoch, isBegun } = await world.store.beginEpoch(beginning, NOW);
      expect(isBegun).toBe(true);
      const life = await world.store.life();
      const again = await world.store.beginEpoch({ ...beginning, heard: NOW + 7 }, NOW);
      expect(again).toMatchObject({ centralEpoch, isBegun: false, changes: [], directed: [] });
      expect(await world.store.life()).toBe(life);
    });
  });
}

function never(): never {
  throw new Error('not reached');
}
