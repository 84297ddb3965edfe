import type { Sku } from '@edgestock/shared/inventory/ids';
import { deficitOf } from '@edgestock/shared/inventory/position';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Channel, DEFAULT_CHANNEL } from '../rules/channel.ts';
import type { PromiseCommand } from '../rules/promise-command.ts';
import { NodeLog, skuOf, warehouseOf } from '../testing/node-log.ts';
import { type PositionRecord, stockOf, unspentOf } from './central-store.ts';
import { type ContractFixture, channelOf, NOW, reserve } from './contract-fixture.contract.ts';

const warehouses = ['BER1', 'HAM1', 'MUC1'] as const;
const skus = ['A', 'B'] as const;
const shops = ['shop', 'market'] as const;

const warehouse = fc.constantFrom(...warehouses);
const sku = fc.constantFrom(...skus);
const channel = fc.constantFrom(...shops, 'default').map(channelOf);
const reservation = fc.nat(11).map((index) => `r${index}`);
const quantity = fc.integer({ min: 1, max: 6 });

const command: fc.Arbitrary<PromiseCommand> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({
        reservation,
        channel,
        a: fc.nat(6),
        b: quantity,
        isPartial: fc.boolean(),
        ttlMs: fc.integer({ min: 1, max: 40 }),
      })
      .map(({ reservation: id, channel: from, a, b, isPartial, ttlMs }) =>
        reserve(id, a === 0 ? { B: b } : { A: a, B: b }, { channel: from, isPartial, expiresAt: NOW + ttlMs }),
      ),
  },
  reservation.map((id): PromiseCommand => ({ command: 'release', reservation: id, reason: 'left' })),
  fc
    .tuple(reservation, fc.integer({ min: 1, max: 60 }))
    .map(([id, ttlMs]): PromiseCommand => ({ command: 'renew', reservation: id, expiresAt: NOW + ttlMs })),
  fc.constant<PromiseCommand>({ command: 'sweep', limit: 3 }),
  fc.tuple(warehouse, sku, quantity).map(
    ([from, of, units]): PromiseCommand => ({
      command: 'return-quota',
      warehouse: warehouseOf(from),
      lines: [{ sku: skuOf(of), quantity: units }],
    }),
  ),
  fc.tuple(fc.constantFrom(...shops), fc.subarray([...warehouses]), fc.nat(3)).map(
    ([shop, members, buffer]): PromiseCommand => ({
      command: 'set-channel',
      record: { channel: channelOf(shop), warehouses: members.map(warehouseOf), buffer },
    }),
  ),
  fc.tuple(fc.constantFrom(...shops), sku, fc.option(fc.nat(3), { nil: undefined })).map(
    ([shop, of, buffer]): PromiseCommand => ({
      command: 'set-buffers',
      channel: channelOf(shop),
      buffers: [{ sku: skuOf(of), ...(buffer === undefined ? {} : { buffer }) }],
    }),
  ),
);

type Step =
  | { readonly step: 'record'; readonly node: number; readonly sku: string; readonly change: number }
  /** Some of the log, perhaps again, perhaps beyond a gap. */
  | { readonly step: 'batch'; readonly node: number; readonly first: number; readonly size: number }
  | { readonly step: 'states'; readonly node: number }
  | { readonly step: 'promise'; readonly commands: readonly PromiseCommand[] };

const node = fc.nat(warehouses.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ step: fc.constant('record' as const), node, sku, change: fc.integer({ min: -5, max: 9 }) }),
  fc.record({ step: fc.constant('batch' as const), node, first: fc.nat(20), size: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ step: fc.constant('states' as const), node }),
  fc.record({ step: fc.constant('promise' as const), commands: fc.array(command, { minLength: 1, maxLength: 4 }) }),
);

/** P3, whatever comes in whatever order: every unit that was granted is in exactly one place, and no answer offers it twice. */
export function describeConserving(fixture: ContractFixture): void {
  it('keeps every granted unit in one place, and the answers true, whatever commands and batches come in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        await fixture.renew();
        const logs = await Promise.all(warehouses.map((id) => fixture.enrolled(new NodeLog(id))));
        // From one step to the next a millisecond passes: reservations expire on the way.
        for (const [elapsedMs, one] of steps.entries()) {
          await carryOut(one, logs, NOW + elapsedMs);
          await expectConserved();
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  async function carryOut(one: Step, logs: readonly NodeLog[], now: number): Promise<void> {
    if (one.step === 'promise') {
      await fixture.store.promise(one.commands, now);
      return;
    }
    const log = logs[one.node];
    if (log === undefined) return;
    if (one.step === 'record') log.record(one.sku, one.change);
    else if (log.head === 0) return;
    else if (one.step === 'states') await fixture.store.applyStates([log.stateMessage()], now);
    else {
      const first = Math.min(log.head, one.first + 1);
      await fixture.store.applyBatches([log.verified(first, Math.min(log.head, first + one.size - 1))], now);
    }
  }

  async function expectConserved(): Promise<void> {
    const positions = (
      await Promise.all(warehouses.map((id) => fixture.store.positionsOf(warehouseOf(id), undefined, 100)))
    ).flat();
    for (const position of positions) {
      expect(unspentOf(position)).toBeGreaterThanOrEqual(0);
      // Nothing stays on offer while goods are missing.
      const onItsWay = position.atCentral.returned - position.returned;
      if (deficitOf(position) > onItsWay) expect(unspentOf(position)).toBe(0);
    }
    await expectHeld(positions);
    for (const { channel: id, warehouses: members, buffer } of await fixture.store.channels()) {
      const own = new Map((await fixture.store.buffers(id, undefined, 100)).map((one) => [one.sku, one.buffer]));
      const isMember = (of: string) => members === 'all' || members.some((member) => member === of);
      for (const one of new Set(positions.map((position) => position.sku))) {
        const unspent = positions.filter((position) => position.sku === one && isMember(position.warehouse));
        const sum = unspent.reduce((units, position) => units + unspentOf(position), 0);
        await expectAnswer(one, id, { sum, buffer: own.get(one) ?? buffer });
      }
    }
  }

  async function expectAnswer(of: Sku, id: Channel, expected: { sum: number; buffer: number }): Promise<void> {
    const answer = await fixture.store.availability(of, id);
    const { available, buffer, warehouses: shares, revision } = answer;
    expect(await fixture.store.stocksOf([of], id)).toEqual([stockOf(answer)]);
    expect({ available, buffer }).toEqual({
      available: Math.max(0, expected.sum - expected.buffer),
      buffer: expected.buffer,
    });
    expect(shares.reduce((units, share) => units + share.available, 0)).toBe(expected.sum);
    expect(revision).toBe((await fixture.store.availability(of, DEFAULT_CHANNEL)).revision);
  }

  async function expectHeld(positions: readonly (PositionRecord & { readonly sku: Sku })[]): Promise<void> {
    const held = new Map<string, number>();
    for (let index = 0; index <= 11; index += 1) {
      const one = await fixture.store.reservation(`r${index}`);
      for (const line of one?.lines ?? []) {
        for (const { warehouse: at, quantity: units } of line.holds) {
          held.set(`${line.sku} ${at}`, (held.get(`${line.sku} ${at}`) ?? 0) + units);
        }
      }
    }
    const known = positions.filter(({ atCentral }) => atCentral.held > 0);
    expect(new Map(known.map((one) => [`${one.sku} ${one.warehouse}`, one.atCentral.held]))).toEqual(held);
  }
}
