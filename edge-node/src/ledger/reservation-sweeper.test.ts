import type { Log } from '@edgestock/shared/runtime/log';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { reservationLimits } from '../limits.ts';
import { sku, TestSite } from '../testing/site.ts';
import type { ReservationCommand } from './command.ts';
import { ReservationSweeper } from './reservation-sweeper.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
});
afterEach(() => site.dispose());

function reserve(id: string, rest: Partial<Extract<ReservationCommand, { type: 'reserve' }>> = {}) {
  const lines = [{ sku: sku('TEA'), quantity: 1 }];
  return site.record({ type: 'reserve', id, owner: 'Ada', ttlMs: 60_000, fingerprint: id, lines, ...rest });
}

const reserved = () => site.ledger.view.position(sku('TEA'))?.reserved;
const stateOf = (id: string) => site.store.documents.reservations.find(id)?.state;

describe('the sweeper', () => {
  test('gives the units back within a sweep of their time, and records why', async () => {
    site.sweeper.start();
    await site.move('receive', [{ sku: sku('TEA'), quantity: 5 }]);
    await reserve('R1');
    await reserve('R2', { ttlMs: 10 * 60_000 });
    await site.clock.advance(60_000 - 1);
    expect([reserved(), stateOf('R1')]).toEqual([2, 'held']);
    await site.clock.advance(reservationLimits.sweepPeriodMs + 1);
    expect([reserved(), stateOf('R1'), stateOf('R2')]).toEqual([1, 'expired', 'held']);
    expect(site.sweeper.expiredCount).toBe(1);
    expect(site.ledger.view.movementsAfter(0, 100).at(-1)).toMatchObject({
      kind: 'release',
      details: { document: 'R1', reason: 'expired' },
    });
  });

  test('takes those that ran out while the node was down', async () => {
    await site.move('receive', [{ sku: sku('TEA'), quantity: 5 }]);
    await reserve('R1');
    await site.clock.advance(DAY_MS);
    site.restart();
    expect(reserved()).toBe(1);
    await site.sweeper.sweep();
    expect([reserved(), stateOf('R1')]).toEqual([0, 'expired']);
  });

  test('takes a batch at a time, those that ran out first, and comes to the end', async () => {
    const count = reservationLimits.expiredPerSweepMax + 1;
    await site.move('receive', [{ sku: sku('TEA'), quantity: count }]);
    await Promise.all(
      Array.from({ length: count }, (_, index) => reserve(`R${index}`, { ttlMs: 1_000 + count - index })),
    );
    await site.clock.advance(DAY_MS);
    await site.sweeper.sweep();
    expect([reserved(), stateOf('R0')]).toEqual([1, 'held']);
    await site.sweeper.sweep();
    expect([reserved(), site.sweeper.expiredCount]).toEqual([0, count]);
  });

  test('leaves one alone that is renewed between its look and its commit', async () => {
    await site.move('receive', [{ sku: sku('TEA'), quantity: 5 }]);
    await reserve('R1', { ttlMs: 10 });
    await site.record({ type: 'renew-reservation', id: 'R1', ttlMs: 60_000 });
    expect(await site.ledger.record({ type: 'expire-reservation', id: 'R1' })).toMatchObject({ outcome: 'duplicate' });
    expect(reserved()).toBe(1);
  });

  test('forgets what ended a month ago, and nothing that is open', async () => {
    await site.move('receive', [{ sku: sku('TEA'), quantity: 5 }]);
    await reserve('R1');
    await reserve('R2');
    await site.record({ type: 'confirm-reservation', id: 'R2' });
    await site.clock.advance(HOUR_MS);
    await site.sweeper.sweep();
    await site.clock.advance(30 * DAY_MS - 2 * HOUR_MS);
    await site.sweeper.sweep();
    expect([stateOf('R1'), stateOf('R2')]).toEqual(['expired', 'confirmed']);
    await site.clock.advance(3 * HOUR_MS);
    await site.sweeper.sweep();
    expect([stateOf('R1'), stateOf('R2')]).toEqual([undefined, 'confirmed']);
  });

  test('survives a database that refuses, and sweeps again when it takes writes', async () => {
    await site.move('receive', [{ sku: sku('TEA'), quantity: 5 }]);
    await reserve('R1');
    await site.clock.advance(DAY_MS);
    const events: string[] = [];
    const { store, clock, ledger } = site;
    await ledger.stop();
    const refusing = new ReservationSweeper({
      ledger,
      store: store.documents.reservations,
      clock,
      log: logInto(events),
    });
    await refusing.sweep();
    await refusing.stop();
    expect([reserved(), events]).toEqual([1, ['reservations cannot be swept; trying again']]);
    site.restart();
    await site.sweeper.sweep();
    expect(reserved()).toBe(0);
  });
});

describe('a wall clock that is set an hour ahead', () => {
  test('ends no reservation, leaves a line in the log, and their minutes go on', async () => {
    const events: string[] = [];
    await site.move('receive', [{ sku: sku('TEA'), quantity: 5 }]);
    await reserve('R1', { ttlMs: 30 * 60_000 });
    const { clock, ledger } = site;
    const sweeper = new ReservationSweeper({
      ledger,
      store: site.store.documents.reservations,
      clock,
      log: logInto(events),
    });
    sweeper.start();
    clock.stepWall(HOUR_MS);
    await clock.advance(2 * reservationLimits.sweepPeriodMs);
    expect([reserved(), ledger.view.reservation('R1')?.state]).toEqual([1, 'held']);
    expect(events.filter((event) => event === 'the wall clock jumped')).toHaveLength(1);
    await clock.advance(20 * 60_000);
    expect(reserved()).toBe(1);
    await clock.advance(10 * 60_000);
    expect([reserved(), stateOf('R1')]).toEqual([0, 'expired']);
    await sweeper.stop();
  });

  test('gives a new reservation its whole time, less a quarter at most', async () => {
    site.sweeper.start();
    await site.move('receive', [{ sku: sku('TEA'), quantity: 5 }]);
    site.clock.stepWall(HOUR_MS);
    await reserve('R1', { ttlMs: 10 * 60_000 });
    await site.clock.advance(7 * 60_000);
    expect(stateOf('R1')).toBe('held');
    await site.clock.advance(60_000 + reservationLimits.sweepPeriodMs);
    expect(stateOf('R1')).toBe('expired');
  });
});

/** A log of which only the events are kept. */
function logInto(events: string[]): Log {
  const keep = (_: object, event: string) => void events.push(event);
  return { debug: keep, info: keep, warn: keep, error: keep, child: () => logInto(events) };
}
