import { silentLog } from '@edgestock/shared/runtime/log';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Outcome } from '../ledger/command.ts';
import { sku, TestSite } from '../testing/site.ts';
import { newCounters } from './counters.ts';
import { Trimmer } from './trimmer.ts';

const YEARS_20_MS = 20 * 365 * 24 * 3_600_000;
/** Longer than is believed of one time off, and short enough to be lived through minute by minute. */
const RETENTION_MS = 30 * 3_600_000;

let site: TestSite;
let stopping: AbortController;

/** Housekeeping as a running node does it, with a central that has everything. */
function start(): void {
  stopping = new AbortController();
  const { outbox } = site.store;
  const trimmer = new Trimmer({
    log: outbox,
    clock: site.clock,
    retentionMs: RETENTION_MS,
    counters: newCounters(),
    events: silentLog,
    mayTrim: () => true,
  });
  void trimmer.run(stopping.signal);
}

function restart({ offMs }: { readonly offMs: number }): void {
  stopping.abort();
  site.clock.jump(offMs);
  site.restart();
  start();
}

async function sell(receipt: string): Promise<Outcome> {
  const outcome = await site.ledger.record({
    type: 'record',
    kind: 'sale',
    lines: [{ sku: sku('TEA'), quantity: 1 }],
    idempotency: { scope: 'sale', key: receipt, fingerprint: 'f' },
  });
  site.store.outbox.setAppliedUpTo(site.store.outbox.head().sequence);
  return outcome;
}

beforeEach(() => {
  site = new TestSite();
  start();
});
afterEach(() => {
  stopping.abort();
  site.dispose();
});

describe('the retention of the log', () => {
  it('is not over because the clock was 20 years back and is put right: the receipt sent again is a duplicate (P9)', async () => {
    site.clock.jump(-YEARS_20_MS);
    await sell('T1 1');
    await site.clock.advance(60_000);
    site.clock.jump(YEARS_20_MS);
    await site.clock.advance(RETENTION_MS / 2);
    expect((await sell('T1 1')).outcome).toBe('duplicate');
    expect(site.onHand('TEA')).toBe(-1);
  });

  it('is not over because the clock was put right while the node was off', async () => {
    site.clock.jump(-YEARS_20_MS);
    await sell('T1 1');
    await site.clock.advance(60_000);
    restart({ offMs: YEARS_20_MS });
    await site.clock.advance(3_600_000);
    expect((await sell('T1 1')).outcome).toBe('duplicate');
  });

  it('comes to its end although one movement was stamped in the future', async () => {
    site.clock.jump(YEARS_20_MS);
    await sell('T1 1');
    site.clock.jump(-YEARS_20_MS);
    await sell('T1 2');
    await site.clock.advance(RETENTION_MS + 120_000);
    expect(site.store.outbox.firstSequence()).toBe(2);
  });

  it('leaves the last movement, however old: it carries the digest of a stock that has come to rest', async () => {
    await sell('T1 1');
    await sell('T1 2');
    await site.clock.advance(3 * RETENTION_MS);
    expect(site.store.outbox.firstSequence()).toBe(2);
    expect(site.store.outbox.slice(1, { deltasMax: 1, bytesMax: 9_999 })).toMatchObject({ lastSequence: 2 });
  });

  it('counts the nights in which the node was off', async () => {
    await sell('T1 1');
    await sell('T1 2');
    await site.clock.advance(60_000);
    restart({ offMs: RETENTION_MS / 2 });
    await site.clock.advance(60_000);
    expect(site.store.outbox.firstSequence()).toBe(1);
    restart({ offMs: RETENTION_MS / 2 });
    await site.clock.advance(60_000);
    expect(site.store.outbox.firstSequence()).toBe(2);
  });

  it('is over for a movement, and only for it, when as much time has passed', async () => {
    await sell('T1 1');
    await site.clock.advance(RETENTION_MS / 2);
    await sell('T1 2');
    await site.clock.advance(RETENTION_MS / 2);
    expect(site.store.outbox.firstSequence()).toBe(1);
    await site.clock.advance(120_000);
    expect(site.store.outbox.firstSequence()).toBe(2);
    expect((await sell('T1 2')).outcome).toBe('duplicate');
    expect((await sell('T1 1')).outcome).toBe('recorded');
  });
});
