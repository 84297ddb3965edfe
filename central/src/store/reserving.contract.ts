import { describe, expect, it } from 'vitest';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import type { PromiseOutcome } from '../rules/promise-command.ts';
import { heldOf } from '../rules/reservation.ts';
import { skuOf, warehouseOf } from '../testing/node-log.ts';
import { type ContractFixture, channelOf, NOW, reserve } from './contract-fixture.contract.ts';
import type { PromiseReader } from './promise-store.ts';

/** Timed promises: never more than there is, once each, and over when their time is. */
export function describeReserving(fixture: ContractFixture): void {
  const { available, held, promise, stocked } = fixture;
  const countOf = (outcomes: readonly PromiseOutcome[], outcome: PromiseOutcome['outcome']) =>
    outcomes.filter((one) => one.outcome === outcome).length;

  describe('reserving', () => {
    it.each(['in one call', 'in a call for each'])('promises exactly what there is, %s', async (how) => {
      await stocked('BER1', { A: 90 });
      await stocked('HAM1', { A: 60 });
      const commands = Array.from({ length: 200 }, (_, index) => reserve(`r${index}`, { A: 1 }));
      const calls = how === 'in one call' ? [commands] : commands.map((command) => [command]);
      const applied = await Promise.all(calls.map((call) => fixture.store.promise(call, NOW)));
      const outcomes = applied.flatMap(({ outcomes: some }) => some);
      expect([countOf(outcomes, 'reserved'), countOf(outcomes, 'insufficient')]).toEqual([150, 50]);
      expect(await available('A')).toBe(0);
      expect(await held('A')).toEqual([
        ['BER1', 90],
        ['HAM1', 60],
      ]);
    });

    it('splits a line that no warehouse has whole, and tells from where', async () => {
      await stocked('BER1', { A: 3 });
      await stocked('HAM1', { A: 4, B: 1 });
      const outcome = await promise(reserve('r1', { A: 6, B: 1 }));
      const expected = {
        id: 'r1',
        channel: DEFAULT_CHANNEL,
        owner: 'cart-1',
        state: 'held',
        createdAt: NOW,
        expiresAt: NOW + 60_000,
        lines: [
          {
            sku: 'A',
            requested: 6,
            holds: [
              { warehouse: 'BER1', quantity: 2 },
              { warehouse: 'HAM1', quantity: 4 },
            ],
          },
          { sku: 'B', requested: 1, holds: [{ warehouse: 'HAM1', quantity: 1 }] },
        ],
      };
      expect(outcome).toEqual({ outcome: 'reserved', reservation: expected, shortages: [], isReplay: false });
      expect(await fixture.store.reservation('r1')).toEqual(expected);
      expect(await fixture.opened.reader.reservation('r1')).toEqual(expected);
      expect(await available('A')).toBe(1);
    });

    it('goes by the priority of the warehouses, and to a silent one last', async () => {
      const ber = await stocked('BER1', { A: 5 });
      const ham = await stocked('HAM1', { A: 5 });
      const settings = { class: 'store', sharePercent: 50, safetyStock: 0, priority: 1 } as const;
      await promise({ command: 'set-policy', warehouse: ham.warehouse, settings });
      await promise(reserve('r1', { A: 1 }));
      expect(await held('A')).toEqual([
        ['BER1', 0],
        ['HAM1', 1],
      ]);
      const later = NOW + 3_600_000;
      const said = { at: later, committed: 1, sent: 1, skewMs: 0, schemaMin: 1, schemaMax: 1 };
      await fixture.store.recordHeard([{ warehouse: ber.warehouse, ...said }]);
      await promise(reserve('r2', { A: 1 }, { expiresAt: later + 1 }), later);
      expect(await held('A')).toEqual([
        ['BER1', 1],
        ['HAM1', 1],
      ]);
    });

    it('promises all or nothing, and tells what could be had', async () => {
      await stocked('BER1', { A: 3, B: 9 });
      const shortages = [{ sku: 'A', requested: 5, available: 3 }];
      expect(await promise(reserve('r1', { A: 5, B: 2 }))).toEqual({ outcome: 'insufficient', shortages });
      expect([await available('A'), await available('B')]).toEqual([3, 9]);
      expect(await fixture.store.reservation('r1')).toBeUndefined();
      // Asked for twice is asked for together.
      const line = { sku: skuOf('A'), quantity: 2 };
      const twice = await promise(reserve('r2', {}, { lines: [line, line] }));
      expect(twice).toEqual({ outcome: 'insufficient', shortages: [{ sku: 'A', requested: 4, available: 3 }] });
    });

    it('promises what there is when that is asked for, but not nothing', async () => {
      await stocked('BER1', { A: 3, B: 9 });
      const outcome = await promise(reserve('r1', { A: 5, B: 2, C: 1 }, { isPartial: true }));
      expect(outcome).toMatchObject({
        outcome: 'reserved',
        shortages: [
          { sku: 'A', requested: 5, available: 3 },
          { sku: 'C', requested: 1, available: 0 },
        ],
        reservation: { lines: [{ holds: [{ quantity: 3 }] }, { holds: [{ quantity: 2 }] }, { holds: [] }] },
      });
      expect(await promise(reserve('r2', { A: 1 }, { isPartial: true }))).toMatchObject({ outcome: 'insufficient' });
      // The same id again is answered alike, with or without a key.
      const again = reserve('r1', { A: 5, B: 2, C: 1 }, { isPartial: true });
      expect(await promise(again)).toEqual({ ...outcome, isReplay: true });
      // Whoever wants all or nothing must not take a part for all.
      expect(await promise({ ...again, isPartial: false })).toEqual({ outcome: 'key-reused', key: 'r1' });
    });

    it('answers a repeated key first, and a key of another request with that', async () => {
      await stocked('BER1', { A: 3 });
      const idempotency = { key: 'k1', fingerprint: 'f1' };
      const first = await promise(reserve('r1', { A: 3 }, { idempotency }));
      await promise({ command: 'release', reservation: 'r1', reason: 'changed my mind' });
      // The first answer, though the world has moved on, and whatever the retry calls itself.
      expect(await promise(reserve('r9', { A: 3 }, { idempotency }))).toEqual({ ...first, isReplay: true });
      expect(await available('A')).toBe(3);
      const other = reserve('r9', { A: 1 }, { idempotency: { ...idempotency, fingerprint: 'f2' } });
      expect(await promise(other)).toEqual({ outcome: 'key-reused', key: 'k1' });
      // A refusal has no effect and so is not remembered.
      const refused = reserve('r3', { A: 4 }, { idempotency: { key: 'k2', fingerprint: 'f' } });
      expect(await promise(refused)).toMatchObject({ outcome: 'insufficient' });
      await stocked('HAM1', { A: 1 });
      expect(await promise(refused)).toMatchObject({ outcome: 'reserved', isReplay: false });
      const next = await fixture.opened.reopen();
      const { outcomes } = await next.promise([reserve('r9', { A: 3 }, { idempotency })], NOW);
      expect(outcomes).toEqual([{ ...first, isReplay: true }]);
    });

    it('takes an id for one request only', async () => {
      await stocked('BER1', { A: 3 });
      await promise(reserve('r1', { A: 1 }));
      const others = [{ owner: 'cart-2' }, { ttlSeconds: 61 }, { isPartial: true }];
      for (const other of [reserve('r1', { A: 2 }), ...others.map((change) => reserve('r1', { A: 1 }, change))]) {
        expect(await promise(other)).toEqual({ outcome: 'key-reused', key: 'r1' });
      }
      expect(await available('A')).toBe(2);
      // Its time has grown since; the request is the same.
      await promise({ command: 'renew', reservation: 'r1', expiresAt: NOW + 90_000 });
      expect(await promise(reserve('r1', { A: 1 }))).toMatchObject({ outcome: 'reserved', isReplay: true });
    });

    it('knows no channel that was never set, and nothing that is over before it begins', async () => {
      await stocked('BER1', { A: 3 });
      const stranger = reserve('r1', { A: 1 }, { channel: channelOf('nowhere') });
      expect(await promise(stranger)).toEqual({ outcome: 'unknown', what: 'channel', id: 'nowhere' });
      expect(await promise(reserve('r1', { A: 1 }, { expiresAt: NOW }))).toMatchObject({ outcome: 'too-late' });
      expect(await available('A')).toBe(3);
    });

    it('gives each command of a call its outcome, on what the ones before it left', async () => {
      await stocked('BER1', { A: 2 });
      const { outcomes, changes } = await fixture.store.promise(
        [
          reserve('r1', { A: 2 }),
          reserve('r2', { A: 1 }),
          { command: 'release', reservation: 'r1', reason: 'gone' },
          reserve('r3', { A: 1 }),
        ],
        NOW,
      );
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['reserved', 'insufficient', 'reservation', 'reserved']);
      expect(changes).toEqual([{ sku: 'A', revision: 2 }]);
      expect(await fixture.store.currentRevision()).toBe(2);
      expect(await fixture.store.changesAfter(1, 10)).toMatchObject([{ sku: 'A', available: 1, revision: 2 }]);
    });

    it('gives reservations of one call what each would get alone: the last unit once, an id once, a key once', async () => {
      await stocked('BER1', { A: 4, B: 1 });
      await stocked('HAM1', { A: 3 });
      const market = channelOf('market');
      await promise({
        command: 'set-channel',
        record: { channel: market, warehouses: [warehouseOf('HAM1')], buffer: 1 },
      });
      const idempotency = { key: 'k1', fingerprint: 'f1' };
      const { outcomes, changes } = await fixture.store.promise(
        [
          reserve('r1', { A: 3, B: 1 }),
          reserve('r2', { A: 1, B: 1 }),
          reserve('r1', { A: 3, B: 1 }),
          reserve('r1', { A: 1 }),
          reserve('r3', { A: 1 }, { idempotency }),
          reserve('r9', { A: 1 }, { idempotency }),
          reserve('r4', { A: 1 }, { idempotency: { ...idempotency, fingerprint: 'f2' } }),
          reserve('r5', { A: 3 }, { channel: market, isPartial: true }),
          reserve('r6', { A: 2 }, { isPartial: true }),
          reserve('r7', { A: 1 }),
        ],
        NOW,
      );
      expect(outcomes.map((one) => [one.outcome, 'isReplay' in one && one.isReplay])).toEqual([
        ['reserved', false],
        ['insufficient', false],
        ['reserved', true],
        ['key-reused', false],
        ['reserved', false],
        ['reserved', true],
        ['key-reused', false],
        ['reserved', false],
        ['reserved', false],
        ['insufficient', false],
      ]);
      expect(outcomes[1]).toEqual({ outcome: 'insufficient', shortages: [{ sku: 'B', requested: 1, available: 0 }] });
      expect(outcomes[7]).toMatchObject({ shortages: [{ sku: 'A', requested: 3, available: 2 }] });
      expect(outcomes[8]).toMatchObject({ shortages: [{ sku: 'A', requested: 2, available: 1 }] });
      expect(changes.map(({ sku }) => sku).toSorted()).toEqual(['A', 'B']);
      expect([await available('A'), await available('B')]).toEqual([0, 0]);
      expect(await fixture.held('A')).toEqual([
        ['BER1', 4],
        ['HAM1', 3],
      ]);
      const held = await fixture.store.reservations({ now: NOW, limit: 9, state: 'held' });
      expect(held.map(({ id }) => id)).toEqual(['r6', 'r5', 'r3', 'r1']);
      expect(held.flatMap(({ lines }) => lines.map(heldOf)).reduce((sum, units) => sum + units, 0)).toBe(8);
    });
  });

  describe('a reservation', () => {
    it('is renewed to a later moment, never to an earlier one', async () => {
      await stocked('BER1', { A: 3 });
      await promise(reserve('r1', { A: 1 }));
      const renew = (expiresAt: number) => promise({ command: 'renew', reservation: 'r1', expiresAt });
      expect(await renew(NOW + 90_000)).toMatchObject({ isReplay: false, reservation: { expiresAt: NOW + 90_000 } });
      expect(await renew(NOW + 90_000)).toMatchObject({ isReplay: true, reservation: { expiresAt: NOW + 90_000 } });
      expect(await renew(NOW + 10_000)).toMatchObject({ isReplay: true, reservation: { expiresAt: NOW + 90_000 } });
      expect(await promise({ command: 'renew', reservation: 'r2', expiresAt: NOW })).toEqual({
        outcome: 'unknown',
        what: 'reservation',
        id: 'r2',
      });
    });

    it('is released once', async () => {
      await stocked('BER1', { A: 3 });
      await promise(reserve('r1', { A: 2 }));
      const release = (at: number) => promise({ command: 'release', reservation: 'r1', reason: 'left' }, at);
      const ended = { state: 'released', ended: { at: NOW + 1, reason: 'left' } };
      expect(await release(NOW + 1)).toMatchObject({ outcome: 'reservation', isReplay: false, reservation: ended });
      expect(await release(NOW + 9)).toMatchObject({ outcome: 'reservation', isReplay: true, reservation: ended });
      expect(await available('A')).toBe(3);
      expect(await promise({ command: 'renew', reservation: 'r1', expiresAt: NOW + 99_000 })).toMatchObject({
        outcome: 'too-late',
        state: 'released',
      });
    });

    it('that is over when it is used gives its units back in that moment', async () => {
      await stocked('BER1', { A: 3 });
      await promise(reserve('r1', { A: 2 }));
      const over = NOW + 60_000;
      expect(await promise({ command: 'renew', reservation: 'r1', expiresAt: over + 1 }, over)).toMatchObject({
        outcome: 'too-late',
        state: 'expired',
      });
      expect(await available('A')).toBe(3);
      expect(await fixture.store.reservation('r1')).toMatchObject({ state: 'expired', ended: { at: over } });
      // Who releases it has what they wanted.
      expect(await promise({ command: 'release', reservation: 'r1', reason: 'left' }, over)).toMatchObject({
        outcome: 'reservation',
        isReplay: true,
        reservation: { state: 'expired' },
      });
    });

    it('that nobody uses any more is swept up, the earliest first and so many at a time', async () => {
      await stocked('BER1', { A: 9 });
      for (const [id, ttlMs] of [
        ['r1', 3_000],
        ['r2', 1_000],
        ['r3', 2_000],
        ['r4', 9_000],
      ] as const) {
        await promise(reserve(id, { A: 2 }, { expiresAt: NOW + ttlMs }));
      }
      const sweep = () => promise({ command: 'sweep', limit: 2 }, NOW + 3_000);
      const earliest = NOW + 3_000;
      expect(await sweep()).toEqual({ outcome: 'swept', expired: 2, woken: 0, isMore: true, nextAt: earliest });
      const states = async () =>
        Promise.all(['r1', 'r2', 'r3', 'r4'].map(async (id) => (await fixture.store.reservation(id))?.state));
      expect(await states()).toEqual(['held', 'expired', 'expired', 'held']);
      const last = { outcome: 'swept', woken: 0, isMore: false, nextAt: NOW + 9_000 };
      expect(await sweep()).toEqual({ ...last, expired: 1 });
      expect(await sweep()).toEqual({ ...last, expired: 0 });
      expect(await states()).toEqual(['expired', 'expired', 'expired', 'held']);
      expect(await available('A')).toBe(7);
    });

    it('is listed, latest first, by state, channel and owner, as it stands at the moment', async () => {
      await stocked('BER1', { A: 9 });
      const market = channelOf('market');
      await promise({ command: 'set-channel', record: { channel: market, warehouses: 'all', buffer: 0 } });
      const made = [
        ['a', {}],
        ['c', { channel: market }],
        ['b', { owner: 'cart-2' }],
        ['d', { channel: market, owner: 'cart-2', expiresAt: NOW + 1_000 }],
        ['e', {}],
      ] as const;
      for (const [place, [id, change]] of made.entries()) {
        await promise(reserve(id, { A: 1 }, change), place < 3 ? NOW : NOW + place);
      }
      await promise({ command: 'release', reservation: 'e', reason: 'r' }, NOW + 5);
      const ids = async (change: Partial<Parameters<PromiseReader['reservations']>[0]>) =>
        (await fixture.store.reservations({ now: NOW + 9, limit: 9, ...change })).map(({ id }) => id).join('');
      expect(await ids({})).toBe('edcba');
      expect(await ids({ limit: 2 })).toBe('ed');
      expect(await ids({ limit: 2, before: { createdAt: NOW + 3, id: 'd' } })).toBe('cb');
      expect(await ids({ before: { createdAt: NOW, id: 'b' } })).toBe('a');
      expect(await ids({ state: 'held' })).toBe('dcba');
      // Its time is over, and nobody has swept it up yet.
      expect(await ids({ state: 'held', now: NOW + 1_000 })).toBe('cba');
      expect(await ids({ state: 'released' })).toBe('e');
      expect(await ids({ channel: market })).toBe('dc');
      expect(await ids({ owner: 'cart-2' })).toBe('db');
      expect(await ids({ owner: 'cart-2', channel: market })).toBe('d');
      expect(await ids({ state: 'held', channel: DEFAULT_CHANNEL })).toBe('ba');
      expect(await ids({ state: 'released', channel: market })).toBe('');
      expect(await ids({ state: 'held', channel: market, owner: 'cart-1', limit: 1 })).toBe('c');
      const pages: string[] = [];
      for (let before: { createdAt: number; id: string } | undefined; pages.length < 9; ) {
        const page = await fixture.store.reservations({ now: NOW + 9, limit: 2, ...(before && { before }) });
        pages.push(page.map(({ id }) => id).join(''));
        before = page.at(-1);
        if (before === undefined) break;
      }
      expect(pages).toEqual(['ed', 'cb', 'a', '']);
      const [first] = await fixture.store.reservations({ now: NOW, limit: 1, owner: 'cart-2', channel: market });
      expect(first).toEqual(await fixture.store.reservation('d'));
    });

    it('that ended long ago is forgotten, and so are old keys', async () => {
      await stocked('BER1', { A: 9 });
      const keyed = reserve('r1', { A: 2 }, { idempotency: { key: 'k', fingerprint: 'f' } });
      await promise(keyed);
      await promise({ command: 'sweep', limit: 9 }, NOW + 60_000);
      const month = 31 * 24 * 3_600_000;
      await promise({ command: 'sweep', limit: 9 }, NOW + month);
      expect(await fixture.store.reservation('r1')).toBeUndefined();
      const again = await promise({ ...keyed, expiresAt: NOW + month + 9 }, NOW + month);
      expect(again).toMatchObject({ outcome: 'reserved', isReplay: false });
    });
  });
}
