import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sku, TestSite } from '../testing/site.ts';

let site: TestSite;
/** Where the log stood before an allocation of two SKUs, and behind it. */
let began: number;
let ended: number;
beforeEach(async () => {
  site = new TestSite();
  const lines = (quantity: number) => ['A', 'B'].map((name) => ({ sku: sku(name), quantity }));
  await site.move('receive', lines(20));
  began = site.store.outbox.head().sequence;
  await site.direct({ kind: 'allocate', task: 'O-1.1', order: 'O-1', lines: lines(2) });
  ended = site.store.outbox.head().sequence;
});
afterEach(() => site.dispose());

describe("a piece of the log, which may become its end when this node's disk is lost", () => {
  it('says the last directive whose effects are all in it, and no later one', () => {
    expect(ended - began).toBeGreaterThan(1);
    expect([began, ended - 1, ended].map((place) => site.store.outbox.carriedOutAt(place))).toEqual([0, 0, 1]);
  });

  it('ends before the effects of a directive or behind them, where it can', () => {
    const endOf = (after: number, deltasMax: number) =>
      site.store.outbox.slice(after, { deltasMax, bytesMax: 1e6 })?.lastSequence;
    expect(endOf(began - 1, 2)).toBe(began);
    expect(endOf(began - 1, 1 + ended - began)).toBe(ended);
    // More than fits a piece: it has to be cut somewhere.
    expect(endOf(began, 1)).toBe(began + 1);
  });

  it('says of directives of an earlier epoch of central that none is, and is not cut where they are in it', async () => {
    await site.move('receive', [{ sku: sku('A'), quantity: 1 }]);
    await site.inbox.takeUpEpoch(7);
    expect([began, ended].map((place) => site.store.outbox.carriedOutAt(place))).toEqual([0, 0]);
    expect(site.store.outbox.slice(began - 1, { deltasMax: 2, bytesMax: 1e6 })?.lastSequence).toBe(began);
  });

  it('goes on saying so when what lies behind was trimmed', () => {
    const { outbox } = site.store;
    outbox.setAppliedUpTo(ended);
    outbox.trim({ agedUpTo: ended, rowsMax: 100 });
    expect(outbox.firstSequence()).toBe(ended + 1);
    expect(outbox.carriedOutAt(ended)).toBe(1);
  });
});
