import { movementKinds } from '@edgestock/shared/inventory/movement';
import type { Directive, TransferLine, TransferState } from '@edgestock/shared/protocol/directive';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import { NodeLog, skuOf, warehouseOf } from '../testing/node-log.ts';
import { type ContractFixture, NOW } from './contract-fixture.contract.ts';

const of = (document: string, otherWarehouse: string) => ({ document, otherWarehouse: warehouseOf(otherWarehouse) });

/** What a node records of a transfer: its kinds in one word each. */
function ship(log: NodeLog, sku: string, units: number, transfer: string, to: string): void {
  log.record(sku, -units, { kind: movementKinds['transfer-ship'].code, details: of(transfer, to) });
}
function arrive(log: NodeLog, sku: string, units: number, transfer: string, from: string, isDamaged = false): void {
  const details = { ...of(transfer, from), ...(isDamaged ? { condition: 'damaged' as const } : {}) };
  log.record(sku, units, { kind: movementKinds['transfer-receive'].code, details });
}
function lose(log: NodeLog, sku: string, units: number, transfer: string, from: string): void {
  const kind = movementKinds['transfer-lost'].code;
  log.record(sku, 0, { kind, quantity: units, details: of(transfer, from) });
}

/** Units of a line in one word: shipped, received, damaged, lost. */
const inNumbers = ({ sku, shipped, received, damaged, lost }: TransferLine) =>
  `${sku} ${shipped} ${received} ${damaged} ${lost}`;

/** Goods between warehouses: each fact once, in whatever order, and what is under way counted at one place only. */
export function describeTransferring(fixture: ContractFixture): void {
  /** Applies what a log has got since it was last told. */
  const told = new WeakMap<NodeLog, number>();
  const tell = async (log: NodeLog): Promise<void> => {
    const first = (told.get(log) ?? 0) + 1;
    if (log.head >= first) await fixture.apply(log, first, log.head);
    told.set(log, log.head);
  };
  const node = async (warehouse: string, stock: Readonly<Record<string, number>> = {}): Promise<NodeLog> => {
    const log = Object.keys(stock).length === 0 ? await fixture.enrolled(new NodeLog(warehouse)) : undefined;
    const known = log ?? (await fixture.stocked(warehouse, stock));
    told.set(known, known.head);
    return known;
  };
  const at = async (warehouse: string, sku = 'A') => {
    const { warehouses } = await fixture.store.availability(skuOf(sku), DEFAULT_CHANNEL);
    const share = warehouses.find((one) => one.warehouse === warehouse);
    return share && { onHand: share.onHand, incoming: share.incoming, available: share.available };
  };
  const transfer = async (id: string) => {
    const [first] = await fixture.store.transfersNamed(id);
    return first && [`${first.from} to ${first.to}: ${first.state}`, ...first.lines.map(inNumbers)];
  };
  const toldOf = async (warehouse: string): Promise<readonly string[]> => {
    const isTransfer = (one: Directive | undefined) => one?.kind === 'transfer';
    const directives = (await fixture.directives(warehouse)).filter(isTransfer);
    return directives.map(({ transfer: state }) => inWords(state));
  };
  const inWords = ({ transfer: id, from, to, lines, isClosed }: TransferState) =>
    `${id} ${from} ${to} ${lines.map(inNumbers).join(', ')}${isClosed ? ' closed' : ''}`;

  describe('a transfer', () => {
    it('is on its way: on the hand of neither warehouse, offered to nobody, incoming where it goes', async () => {
      const source = await node('BER1', { A: 10 });
      await node('HAM1');
      const before = await fixture.store.availability(skuOf('A'), DEFAULT_CHANNEL);
      ship(source, 'A', 4, 'T-1', 'HAM1');
      await tell(source);
      expect(await at('BER1')).toEqual({ onHand: 6, incoming: 0, available: 6 });
      expect(await at('HAM1')).toEqual({ onHand: 0, incoming: 4, available: 0 });
      const after = await fixture.store.availability(skuOf('A'), DEFAULT_CHANNEL);
      expect(after.available).toBe(6);
      expect(after.revision).toBeGreaterThan(before.revision);
      expect(await fixture.store.underWayTo(warehouseOf('HAM1'), skuOf('A'), 9)).toEqual([
        { transfer: 'T-1', from: 'BER1', units: 4 },
      ]);
      expect(await fixture.store.underWayTo(warehouseOf('BER1'), skuOf('A'), 9)).toEqual([]);
      expect(await transfer('T-1')).toEqual(['BER1 to HAM1: shipped', 'A 4 0 0 0']);
      expect(await toldOf('HAM1')).toEqual(['T-1 BER1 HAM1 A 4 0 0 0']);
      expect(await toldOf('BER1')).toEqual([]);
    });

    it('arrives in parts and is closed when every unit is accounted for; both ends are told', async () => {
      const source = await node('BER1', { A: 10 });
      const goal = await node('HAM1');
      ship(source, 'A', 6, 'T-1', 'HAM1');
      await tell(source);
      arrive(goal, 'A', 3, 'T-1', 'BER1');
      await tell(goal);
      expect(await at('HAM1')).toEqual({ onHand: 3, incoming: 3, available: 3 });
      arrive(goal, 'A', 1, 'T-1', 'BER1', true);
      lose(goal, 'A', 2, 'T-1', 'BER1');
      await tell(goal);
      expect(await at('HAM1')).toMatchObject({ onHand: 4, incoming: 0 });
      expect(await transfer('T-1')).toEqual(['BER1 to HAM1: closed', 'A 6 3 1 2']);
      const heard = ['T-1 BER1 HAM1 A 6 3 0 0', 'T-1 BER1 HAM1 A 6 3 1 2 closed'];
      expect(await toldOf('BER1')).toEqual(heard);
      expect(await toldOf('HAM1')).toEqual(['T-1 BER1 HAM1 A 6 0 0 0', ...heard]);
    });

    it('may be heard of where it arrives first: nothing is incoming, and the sums come out', async () => {
      const source = await node('BER1', { A: 10 });
      const goal = await node('HAM1');
      arrive(goal, 'A', 4, 'T-1', 'BER1');
      await tell(goal);
      expect(await at('HAM1')).toMatchObject({ onHand: 4, incoming: 0 });
      expect(await transfer('T-1')).toEqual(['BER1 to HAM1: receiving', 'A 0 4 0 0']);
      ship(source, 'A', 5, 'T-1', 'HAM1');
      await tell(source);
      expect(await at('HAM1')).toMatchObject({ onHand: 4, incoming: 1 });
      expect(await transfer('T-1')).toEqual(['BER1 to HAM1: receiving', 'A 5 4 0 0']);
      expect(await toldOf('BER1')).toEqual(['T-1 BER1 HAM1 A 0 4 0 0']);
      expect(await toldOf('HAM1')).toEqual(['T-1 BER1 HAM1 A 0 4 0 0', 'T-1 BER1 HAM1 A 5 4 0 0']);
    });

    it('brings more than was shipped: nothing is incoming, and it is closed when that is said', async () => {
      const source = await node('BER1', { A: 10 });
      const goal = await node('HAM1');
      ship(source, 'A', 2, 'T-1', 'HAM1');
      arrive(goal, 'A', 3, 'T-1', 'BER1');
      await tell(source);
      await tell(goal);
      expect(await at('HAM1')).toMatchObject({ onHand: 3, incoming: 0 });
      expect(await transfer('T-1')).toEqual(['BER1 to HAM1: receiving', 'A 2 3 0 0']);
      lose(goal, 'A', -1, 'T-1', 'BER1');
      await tell(goal);
      expect(await transfer('T-1')).toEqual(['BER1 to HAM1: closed', 'A 2 3 0 -1']);
    });

    it('ends where it was closed, though its source is no warehouse or has not told yet', async () => {
      const goal = await node('HAM1');
      arrive(goal, 'A', 4, 'T-1', 'NOWHERE');
      await tell(goal);
      expect(await transfer('T-1')).toEqual(['NOWHERE to HAM1: receiving', 'A 0 4 0 0']);
      lose(goal, 'A', -4, 'T-1', 'NOWHERE');
      await tell(goal);
      expect(await transfer('T-1')).toEqual(['NOWHERE to HAM1: closed', 'A 0 4 0 -4']);
      expect((await toldOf('HAM1')).at(-1)).toBe('T-1 NOWHERE HAM1 A 0 4 0 -4 closed');
      // One that tells after all opens it until its goal has set the difference right.
      const source = await node('NOWHERE', { A: 9 });
      ship(source, 'A', 5, 'T-1', 'HAM1');
      await tell(source);
      expect(await transfer('T-1')).toEqual(['NOWHERE to HAM1: receiving', 'A 5 4 0 -4']);
      lose(goal, 'A', 5, 'T-1', 'NOWHERE');
      await tell(goal);
      expect(await transfer('T-1')).toEqual(['NOWHERE to HAM1: closed', 'A 5 4 0 1']);
      expect(await at('HAM1')).toMatchObject({ onHand: 4, incoming: 0 });
    });

    it('counts once, though the batch that told of it comes again', async () => {
      const source = await node('BER1', { A: 10 });
      await node('HAM1');
      ship(source, 'A', 4, 'T-1', 'HAM1');
      await tell(source);
      const { changes } = await fixture.store.applyBatches([source.verified(1, source.head)], NOW);
      expect(changes).toEqual([]);
      expect(await at('HAM1')).toMatchObject({ incoming: 4 });
      expect(await toldOf('HAM1')).toHaveLength(1);
    });

    it('is a change of the answer also when the states were known before their history', async () => {
      const source = await node('BER1', { A: 10 });
      await node('HAM1');
      ship(source, 'A', 4, 'T-1', 'HAM1');
      await fixture.store.applyStates([source.stateMessage()], NOW);
      expect([await at('BER1'), await at('HAM1')]).toMatchObject([{ onHand: 6 }, undefined]);
      const { changes } = await fixture.store.applyBatches([source.verified(1, source.head)], NOW);
      expect(changes.map(({ sku }) => sku)).toEqual(['A']);
      expect(await at('HAM1')).toMatchObject({ incoming: 4 });
    });

    it('to a warehouse that is not enrolled is shown and told when it is', async () => {
      const source = await node('BER1', { A: 10 });
      ship(source, 'A', 4, 'T-1', 'HAM1');
      await tell(source);
      expect(await at('HAM1')).toBeUndefined();
      const before = await fixture.store.availability(skuOf('A'), DEFAULT_CHANNEL);
      await node('HAM1');
      const after = await fixture.store.availability(skuOf('A'), DEFAULT_CHANNEL);
      expect(after.revision).toBeGreaterThan(before.revision);
      expect(await at('HAM1')).toEqual({ onHand: 0, incoming: 4, available: 0 });
      expect(await toldOf('HAM1')).toEqual(['T-1 BER1 HAM1 A 4 0 0 0']);
    });

    it('goes where its source says, though some of it arrived elsewhere and was heard of first', async () => {
      const source = await node('BER1', { A: 10, B: 5 });
      await node('HAM1');
      const elsewhere = await node('MUC1');
      arrive(elsewhere, 'A', 1, 'T-1', 'BER1');
      arrive(elsewhere, 'B', 1, 'T-1', 'BER1');
      await tell(elsewhere);
      ship(source, 'A', 4, 'T-1', 'HAM1');
      await tell(source);
      expect(await transfer('T-1')).toEqual(['BER1 to HAM1: receiving', 'A 4 1 0 0', 'B 0 1 0 0']);
      // It has heard nothing of it yet.
      expect(await toldOf('HAM1')).toEqual(['T-1 BER1 HAM1 A 4 1 0 0, B 0 1 0 0']);
      expect([(await at('HAM1'))?.incoming, (await at('MUC1'))?.incoming]).toEqual([3, 0]);
      arrive(elsewhere, 'A', 1, 'T-1', 'BER1');
      await tell(elsewhere);
      expect([(await at('HAM1'))?.incoming, (await at('MUC1'))?.incoming]).toEqual([2, 0]);
      expect(await toldOf('MUC1')).toContain('T-1 BER1 HAM1 A 4 2 0 0');
    });

    it('is one of its source: another source may use the same name', async () => {
      const [one, other] = [await node('BER1', { A: 3 }), await node('MUC1', { A: 3 })];
      await node('HAM1');
      ship(one, 'A', 1, 'T-1', 'HAM1');
      ship(other, 'A', 2, 'T-1', 'HAM1');
      await tell(one);
      await tell(other);
      expect(await at('HAM1')).toMatchObject({ incoming: 3 });
      const named = await fixture.store.transfersNamed('T-1');
      expect(named.map(({ from, lines }) => [from, ...lines.map(inNumbers)])).toEqual([
        ['BER1', 'A 1 0 0 0'],
        ['MUC1', 'A 2 0 0 0'],
      ]);
    });

    it('of many SKUs goes down in as many directives as it takes', async () => {
      const source = await node('BER1');
      await node('HAM1');
      const skus = Array.from({ length: 700 }, (_, index) => `${'ü'.repeat(50)}-${index}`);
      for (const sku of skus) source.record(sku, 1);
      for (const sku of skus) ship(source, sku, 1, 'T-1', 'HAM1');
      for (let first = 1; first <= source.head; first += 500) {
        await fixture.apply(source, first, Math.min(source.head, first + 499));
      }
      const directives = (await fixture.directives('HAM1')).filter((one) => one?.kind === 'transfer');
      expect(directives.length).toBeGreaterThan(1);
      expect(directives.flatMap(({ transfer: { lines } }) => lines.map(({ sku }) => sku)).sort()).toEqual(skus.sort());
    });

    it('is listed latest first, by state and by either end, a page at a time', async () => {
      const [one, other] = [await node('BER1', { A: 9 }), await node('HAM1', { A: 9 })];
      for (const id of ['T-1', 'T-2', 'T-3']) ship(one, 'A', 1, id, 'HAM1');
      ship(other, 'A', 1, 'T-4', 'MUC1');
      arrive(other, 'A', 1, 'T-2', 'BER1');
      await tell(one);
      await tell(other);
      const ids = async (options: Omit<Parameters<typeof fixture.store.transfers>[0], 'limit'>, limit = 9) =>
        (await fixture.store.transfers({ ...options, limit })).map((found) => found.transfer);
      expect(await ids({})).toEqual(['T-4', 'T-3', 'T-2', 'T-1']);
      expect(await ids({ state: 'closed' })).toEqual(['T-2']);
      expect(await ids({ warehouse: warehouseOf('BER1') })).toEqual(['T-3', 'T-2', 'T-1']);
      expect(await ids({ warehouse: warehouseOf('HAM1'), state: 'shipped' })).toEqual(['T-4', 'T-3', 'T-1']);
      expect(await ids({ warehouse: warehouseOf('MUC1') })).toEqual(['T-4']);
      const [, last] = await fixture.store.transfers({ limit: 2 });
      expect(await ids({ before: last?.number ?? 0 }, 2)).toEqual(['T-2', 'T-1']);
      expect(await fixture.opened.reader.transfersNamed('T-3')).toHaveLength(1);
      expect(await fixture.store.transfersNamed('T-9')).toEqual([]);
    });
  });

  const ids = ['T-1', 'T-2'] as const;
  const fact = fc.record({
    kind: fc.constantFrom('ship', 'arrive', 'damage', 'lose'),
    id: fc.constantFrom(...ids),
    sku: fc.constantFrom('A', 'B'),
    units: fc.integer({ min: 1, max: 5 }),
  });
  const step = fc.oneof(
    { weight: 2, arbitrary: fact },
    fc.record({
      kind: fc.constant('batch' as const),
      of: fc.nat(1),
      first: fc.nat(30),
      size: fc.integer({ min: 1, max: 9 }),
    }),
  );

  it('shows as incoming exactly what has left and not arrived, whatever comes in whatever order and pieces, again or not', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 40 }), async (steps) => {
        await fixture.renew();
        const [source, goal] = [
          await fixture.enrolled(new NodeLog('BER1')),
          await fixture.enrolled(new NodeLog('HAM1')),
        ];
        const logs = [source, goal];
        for (const one of steps) {
          if ('size' in one) await someOf(one, logs);
          else if (one.kind === 'ship') ship(source, one.sku, one.units, one.id, 'HAM1');
          else if (one.kind === 'arrive') arrive(goal, one.sku, one.units, one.id, 'BER1');
          else if (one.kind === 'damage') arrive(goal, one.sku, one.units, one.id, 'BER1', true);
          else lose(goal, one.sku, one.units - 3, one.id, 'BER1');
          await expectSums(logs);
        }
        for (const log of logs) if (log.head > 0) await fixture.apply(log, 1, log.head);
        await expectSums(logs);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  async function someOf(batch: { of: number; first: number; size: number }, logs: readonly NodeLog[]): Promise<void> {
    const log = logs[batch.of];
    if (log === undefined || log.head === 0) return;
    const first = Math.min(log.head, batch.first + 1);
    await fixture.apply(log, first, Math.min(log.head, first + batch.size - 1));
  }

  /** Holds central's sums against the logs as far as it has applied them. */
  async function expectSums(logs: readonly NodeLog[]): Promise<void> {
    const open = new Map<string, number>();
    for (const log of logs) {
      const applied = (await fixture.store.warehouse(log.warehouse))?.appliedUpTo ?? 0;
      const history = await Promise.all(
        ['A', 'B'].map((sku) => fixture.store.history(log.warehouse, skuOf(sku), { limit: 1_000 })),
      );
      for (const entry of history.flat()) {
        if (entry.kind === 'opaque' || entry.sequence > applied) continue;
        const { sku, quantity, kind, details } = entry.delta;
        const key = `${details.document} ${sku}`;
        // A shipment is negative in its log, an arrival positive, and so is a loss.
        expect(kind).toBeGreaterThanOrEqual(movementKinds['transfer-ship'].code);
        open.set(key, (open.get(key) ?? 0) - quantity);
      }
    }
    for (const sku of ['A', 'B']) {
      const incoming = ids.reduce((sum, id) => sum + Math.max(0, open.get(`${id} ${sku}`) ?? 0), 0);
      expect((await at('HAM1', sku))?.incoming ?? 0).toBe(incoming);
      expect((await at('BER1', sku))?.incoming ?? 0).toBe(0);
    }
    for (const id of ids) {
      for (const { lines, state } of await fixture.store.transfersNamed(id)) {
        const isOpen = lines.some(({ sku }) => (open.get(`${id} ${sku}`) ?? 0) !== 0);
        // One that its goal has closed ends though nothing is known to have been shipped.
        const isTouched = lines.some(({ shipped, lost }) => shipped > 0 || lost !== 0);
        expect(state === 'closed').toBe(!isOpen && isTouched);
      }
    }
  }
}
