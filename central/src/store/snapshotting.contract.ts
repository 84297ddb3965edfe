import { emptyQuantities } from '@edgestock/shared/inventory/position';
import { PositionDigest } from '@edgestock/shared/inventory/position-digest';
import { encodeUpBatch } from '@edgestock/shared/protocol/codec';
import type { SnapshotReply } from '@edgestock/shared/protocol/snapshot';
import { must } from '@edgestock/shared/runtime/assert';
import { describe, expect, it } from 'vitest';
import { verifyBatch } from '../ingest/verify-batch.ts';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import { NodeLog, skuOf } from '../testing/node-log.ts';
import { NodeSnapshot, rowsOf } from '../testing/node-snapshot.ts';
import { type ContractFixture, NOW, reserve } from './contract-fixture.contract.ts';

/** A node whose log begins behind central's cursor, and what it sends instead of what came before. */
export function describeSnapshotting(fixture: ContractFixture): void {
  const { apply, available, enrolled, promise } = fixture;

  /** A node that has known another life of central, with five SKUs, two of them moved after the place 7. */
  const lived = (): NodeLog => {
    const log = new NodeLog('BER1');
    for (const sku of ['A', 'B', 'C', 'D', 'E']) log.record(sku, 10);
    log.record('A', -3);
    log.record('B', 5);
    log.record('A', -1);
    log.record('F', 4);
    return log;
  };
  const begin = (log: NodeLog, one: NodeSnapshot) => fixture.store.beginSnapshot(log.warehouse, one.offered, NOW);
  const put = (log: NodeLog, one: NodeSnapshot, index: number, bytes?: Uint8Array) =>
    fixture.store.putSnapshotChunk(log.warehouse, one.chunk(index, bytes), NOW);
  const take = (log: NodeLog, one: NodeSnapshot) => fixture.store.takeSnapshot(log.warehouse, one.asked, NOW);
  /** Does what central wants next, from wherever it stands, as a node does; at most so often. */
  const send = async (log: NodeLog, one: NodeSnapshot, steps = 100): Promise<SnapshotReply> => {
    let { reply } = await begin(log, one);
    for (let step = 0; step < steps; step += 1) {
      if (reply.outcome === 'send') ({ reply } = await put(log, one, reply.index));
      else if (reply.outcome === 'take') ({ reply } = await take(log, one));
      else return reply;
    }
    return reply;
  };
  const settle = async (log: NodeLog) => {
    await fixture.store.statePlace(log.warehouse, log.head, NOW);
    const { appliedUpTo } = must(await fixture.store.warehouse(log.warehouse), 'a record');
    if (appliedUpTo < log.head) await apply(log, appliedUpTo + 1, log.head);
  };
  const positions = async (log: NodeLog) =>
    (await fixture.store.positionsOf(log.warehouse, undefined, 100))
      .filter(({ version }) => version > 0)
      .map(({ sku, version, sequence, onHand, granted }) => ({ sku, version, sequence, onHand, granted }));
  const positionsAt = (log: NodeLog, place: number) =>
    rowsOf(log, place).map(({ sku, version, sequence, state: { onHand, granted } }) => {
      return { sku, version, sequence, onHand, granted };
    });
  const comparedAtHead = async (log: NodeLog) => {
    const digest = new PositionDigest(log.warehouse);
    for (const [sku, position] of log.positions) digest.add(sku, position);
    const stated = encodeUpBatch({ ...log.batch(log.head, log.head), digest: digest.bytes() });
    const verification = verifyBatch(log.warehouse, stated);
    if (verification.outcome === 'rejected') throw new Error(verification.fault);
    for (let times = 0; times < 2; times += 1) {
      const { outcomes } = await fixture.store.applyBatches([verification.value], NOW);
      while (await fixture.store.countPositions(3));
      if (times === 1) return outcomes[0];
    }
    return undefined;
  };

  describe('a snapshot of a node', () => {
    it('is what central then knows of it: positions, quotas, the cursor, and the log goes on from there', async () => {
      const log = await enrolled(lived());
      const one = new NodeSnapshot(log, 7);
      expect(one.chunks).toHaveLength(3);
      expect(await apply(log, 8, 9)).toMatchObject({ outcome: 'gap', need: 1 });
      expect(await send(log, one)).toEqual({ outcome: 'taken', applied: 7 });
      expect(await positions(log)).toEqual(positionsAt(log, 7));
      expect(await fixture.store.warehouse(log.warehouse)).toMatchObject({
        appliedUpTo: 7,
        appliedHash: Buffer.from(must(log.hashes[7], 'a hash')),
        unsettled: {},
      });
      expect(await fixture.store.hashAt(log.warehouse, 7)).toEqual(log.hashes[7]);
      // Nothing counts before the node has said where it stands, and its log is there.
      expect(await available('A')).toBe(0);
      await settle(log);
      expect(await positions(log)).toEqual(positionsAt(log, 9));
      expect(await Promise.all(['A', 'B', 'C', 'F'].map((sku) => available(sku)))).toEqual([6, 15, 10, 4]);
      expect(await comparedAtHead(log)).toMatchObject({ digest: { compared: 'yes', differing: [] } });
      // Every SKU has an answer and a revision, also those without a unit to promise.
      expect((await fixture.store.availability(skuOf('E'), DEFAULT_CHANNEL)).revision).toBeGreaterThan(0);
      expect(await fixture.store.snapshotOf(log.warehouse)).toMatchObject({ sequence: 7, rows: 5, chunks: 3 });
      expect(await fixture.store.snapshotChunk(log.warehouse, 1)).toEqual(Buffer.from(must(one.chunks[1], 'a chunk')));
    });

    it('leaves everything as it was until the last chunk is there and the root is right', async () => {
      const log = await enrolled(lived());
      const one = new NodeSnapshot(log, 7);
      await begin(log, one);
      for (const index of [0, 1])
        expect((await put(log, one, index)).reply).toEqual({ outcome: 'send', index: index + 1 });
      expect((await take(log, one)).reply).toEqual({ outcome: 'send', index: 2 });
      expect(await positions(log)).toEqual([]);
      expect(await fixture.store.snapshotOf(log.warehouse)).toBeUndefined();
      expect((await put(log, one, 2)).reply).toEqual({ outcome: 'take', taken: 0 });
      // Piece by piece, each with its place; the cursor comes with the last.
      expect((await take(log, one)).reply).toEqual({ outcome: 'take', taken: 1 });
      expect(await positions(log)).toEqual(positionsAt(log, 7).slice(0, 2));
      expect(await fixture.store.warehouse(log.warehouse)).toMatchObject({ appliedUpTo: 0, unsettled: {} });
      expect(await available('A')).toBe(0);
    });

    it('goes on where it had got to, in a new life of the process too', async () => {
      const log = await enrolled(lived());
      const one = new NodeSnapshot(log, 7, { rowsPerChunk: 1 });
      let store: typeof fixture.store = fixture.store;
      const next = async () => {
        const { reply } = await store.beginSnapshot(log.warehouse, one.offered, NOW);
        if (reply.outcome === 'send') await store.putSnapshotChunk(log.warehouse, one.chunk(reply.index), NOW);
        if (reply.outcome === 'take') await store.takeSnapshot(log.warehouse, one.asked, NOW);
        return reply;
      };
      for (let step = 0; step < 10; step += 1) {
        expect(await next()).toMatchObject(
          step < 5 ? { outcome: 'send', index: step } : { outcome: 'take', taken: step - 5 },
        );
        store = await fixture.opened.reopen();
      }
      expect(await next()).toEqual({ outcome: 'taken', applied: 7 });
      const there = await store.positionsOf(log.warehouse, undefined, 100);
      expect(there.map(({ sku, version, sequence }) => [sku, version, sequence])).toEqual(
        positionsAt(log, 7).map(({ sku, version, sequence }) => [sku, version, sequence]),
      );
    });

    it('changes nothing when anything of it comes again, early, late or after the end', async () => {
      const log = await enrolled(lived());
      const one = new NodeSnapshot(log, 7);
      await begin(log, one);
      expect((await put(log, one, 2)).reply).toEqual({ outcome: 'send', index: 0 });
      await put(log, one, 0);
      expect((await put(log, one, 0)).reply).toEqual({ outcome: 'send', index: 1 });
      expect((await begin(log, one)).reply).toEqual({ outcome: 'send', index: 1 });
      await send(log, one);
      await apply(log, 8, 9);
      const after = await positions(log);
      expect((await put(log, one, 1)).reply).toMatchObject({ outcome: 'anew' });
      expect((await take(log, one)).reply).toMatchObject({ outcome: 'anew' });
      expect((await begin(log, one)).reply).toEqual({ outcome: 'taken', applied: 9 });
      expect(await positions(log)).toEqual(after);
    });

    it('is asked again for a chunk that was damaged on its way', async () => {
      const log = await enrolled(lived());
      const one = new NodeSnapshot(log, 7);
      await begin(log, one);
      const damaged = Buffer.from(must(one.chunks[0], 'a chunk'));
      damaged[20] = (damaged[20] ?? 0) ^ 1;
      const offered = { ...one.chunk(0), bytes: damaged };
      expect(await fixture.store.putSnapshotChunk(log.warehouse, offered, NOW)).toMatchObject({
        reply: { outcome: 'send', index: 0 },
        event: 'damaged',
      });
      expect(await send(log, one)).toMatchObject({ outcome: 'taken' });
    });

    it('is dropped, and begun anew, when it is not what its manifest says: a number, a chunk, their order', async () => {
      const log = await enrolled(lived());
      const one = new NodeSnapshot(log, 7);
      const lie = rowsOf(log, 7);
      lie[3] = { ...must(lie[3], 'a row'), state: { ...emptyQuantities, onHand: 1_000, granted: 1_000, quota: 1_000 } };
      const lying = new NodeSnapshot(log, 7, { rows: lie });
      const shorter = new NodeSnapshot(log, 7, { rows: lie.slice(0, 5).filter(({ sku }) => sku !== 'C') });
      for (const [bytes, index] of [
        [lying.chunks[1], 1],
        [shorter.chunks[1], 1],
        [one.chunks[0], 1],
        [new NodeSnapshot(log, 6).chunks[1], 1],
        [Buffer.from('no chunk at all'), 0],
      ] as const) {
        let { reply } = await begin(log, one);
        for (let next = 0; reply.outcome === 'send'; next += 1) {
          ({ reply } = await put(log, one, next, next === index ? bytes : undefined));
        }
        expect(reply).toMatchObject({ outcome: 'anew' });
        expect(await positions(log)).toEqual([]);
        expect(await fixture.store.warehouse(log.warehouse)).toMatchObject({ appliedUpTo: 0 });
      }
      expect(await send(log, one)).toMatchObject({ outcome: 'taken' });
      expect(await positions(log)).toEqual(positionsAt(log, 7));
    });

    it('moves nothing back, and is taken of nobody but the owner', async () => {
      const log = await enrolled(lived());
      await apply(log, 1, 9);
      expect((await begin(log, new NodeSnapshot(log, 7))).reply).toEqual({ outcome: 'taken', applied: 9 });
      expect(await positions(log)).toEqual(positionsAt(log, 9));
      const copy = new NodeLog('BER1', { instance: 'a-copy-of-it' });
      for (const delta of log.deltas) copy.append(delta);
      copy.record('A', -1);
      expect((await begin(copy, new NodeSnapshot(copy, 10))).reply).toMatchObject({ outcome: 'refused' });
      expect(await send(new NodeLog('HAM1'), new NodeSnapshot(lived(), 7))).toMatchObject({ outcome: 'refused' });
      expect((await begin(log, new NodeSnapshot(log, 9))).ahead).toEqual([]);
    });

    it('proves, where its warehouse is settled, that central was put back: nothing is promised of it from then on', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      log.record('A', 10);
      await apply(log, 1, 1);
      expect(await available('A')).toBe(10);
      await promise(reserve('r', { A: 2 }));
      log.record('A', -9);
      log.record('B', 1);
      expect(await begin(log, new NodeSnapshot(log, 3))).toMatchObject({
        reply: { outcome: 'send', index: 0 },
        ahead: ['BER1'],
      });
      expect(await available('A')).toBe(0);
      expect(await promise(reserve('s', { A: 1 }))).toMatchObject({ outcome: 'insufficient' });
    });

    it('takes the place of what an older central knew: newer states stay, what the node does not have is gone, totals never fall', async () => {
      const log = lived();
      await fixture.store.enrol(log.warehouse, log.enrolRequest(), NOW);
      await apply(log, 1, 3);
      await settle(log.fork());
      // A position that this history has not: rot, or another life.
      const odd = new NodeLog('BER1');
      odd.record('AA', 6);
      const [row] = odd.stateMessage().rows;
      const rest = must(row, 'a row');
      const ahead = log.stateMessage([skuOf('A')]).rows;
      await fixture.store.applyStates([{ ...log.stateMessage(), rows: [{ ...rest, sequence: 2 }, ...ahead] }], NOW);
      log.positions.set(skuOf('AA'), { ...emptyQuantities, version: 0, sequence: 0, at: 0 });
      log.record('C', -2);
      log.record('D', -2);
      log.record('E', -2);
      const place = log.head;
      log.record('G', 1);
      const last = log.stateMessage([skuOf('G')]);
      await fixture.store.applyStates([last], NOW);
      expect(await send(log, new NodeSnapshot(log, place, { rowsPerChunk: 2 }))).toMatchObject({ outcome: 'taken' });
      expect(await positions(log)).toEqual(positionsAt(log, log.head));
    });

    it('goes when its node begins another one, and with a take-over of the warehouse', async () => {
      const log = await enrolled(lived());
      const first = new NodeSnapshot(log, 6);
      const second = new NodeSnapshot(log, 7);
      await begin(log, first);
      await put(log, first, 0);
      expect((await begin(log, second)).reply).toEqual({ outcome: 'send', index: 0 });
      expect((await put(log, first, 1)).reply).toMatchObject({ outcome: 'anew' });
      await fixture.store.rejoin(
        log.warehouse,
        { ask: 'take-over', warehouse: 'BER1', instance: 'the-new-one', sawEpoch: 1, schema: [1, 3] },
        NOW,
      );
      expect(await send(log, second)).toMatchObject({ outcome: 'refused' });
    });

    it('leaves a position alone that cannot be meant, and has the node asked for it', async () => {
      const log = await enrolled(lived());
      const rows = rowsOf(log, 7);
      const bad = must(rows[1], 'a row');
      rows[1] = { ...bad, state: { ...bad.state, reserved: -1 } };
      expect(await send(log, new NodeSnapshot(log, 7, { rows }))).toMatchObject({ outcome: 'taken' });
      expect(await fixture.store.suspectSkusOf(log.warehouse, undefined, 9)).toEqual(['B']);
      expect((await positions(log)).map(({ sku }) => sku)).toEqual(['A', 'C', 'D', 'E']);
    });

    it('lists what its node ships for orders that nobody knows any more, once', async () => {
      const log = await enrolled(lived());
      const rows = rowsOf(log, 7).map((row) => {
        const task = { holder: 'task' as const, document: 'O-1.1', quantity: 2, released: 0, shipped: 3 };
        const held = { holder: 'held' as const, document: 'R-1', quantity: 1, released: 0, shipped: 0 };
        return row.sku === 'A' || row.sku === 'B' ? { ...row, setAsides: [task, held] } : row;
      });
      await send(log, new NodeSnapshot(log, 7, { rows }));
      const line = { quantity: 5, shipped: 3, givenUp: 0 };
      expect(await fixture.store.unknownTasks(undefined, 9)).toMatchObject([
        {
          warehouse: 'BER1',
          task: 'O-1.1',
          lines: [
            { sku: 'A', ...line },
            { sku: 'B', ...line },
          ],
        },
      ]);
    });

    it('shows no movement of before it as the one that followed it', async () => {
      const log = lived();
      await fixture.store.enrol(log.warehouse, log.enrolRequest(), NOW);
      await apply(log, 1, 5);
      await send(log, new NodeSnapshot(log, 7));
      const movementsOf = async (sku: string) =>
        (await fixture.store.history(log.warehouse, skuOf(sku), { limit: 9 })).map(({ sequence }) => sequence);
      // Its last movement, 6, nobody has any more.
      expect(await movementsOf('A')).toEqual([]);
      expect(await movementsOf('C')).toEqual([3]);
      await apply(log, 8, 9);
      expect(await movementsOf('A')).toEqual([8]);
    });
  });
}
