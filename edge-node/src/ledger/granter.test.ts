import type { Directive } from '@edgestock/shared/protocol/directive';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sku, TestSite } from '../testing/site.ts';
import { RETRY_MS, RETURNED_REST_MS } from './granter.ts';

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
});
afterEach(() => site.dispose());

const policy = (sharePercent: number, safetyStock = 0): Directive => ({
  kind: 'policy',
  policy: { class: 'store', sharePercent, safetyStock },
});
const rule = (text: string, some: { sharePercent?: number; safetyStock?: number }): Directive => ({
  kind: 'sku-policy',
  rules: [{ sku: sku(text), ...some }],
});
const receive = (text: string, quantity: number) => site.move('receive', [{ sku: sku(text), quantity }]);
const sell = (text: string, quantity: number) => site.move('sale', [{ sku: sku(text), quantity }]);

async function goLive(): Promise<void> {
  site.granter.setLive(true);
  await site.granter.idle();
}

describe('a node', () => {
  it('grants nothing before a policy came, and nothing while the link is down', async () => {
    await receive('A', 10);
    await goLive();
    expect(site.position('A').quota).toBe(0);
    site.granter.setLive(false);
    await site.direct(policy(50));
    await site.granter.idle();
    expect(site.position('A').quota).toBe(0);
    await goLive();
    expect(site.position('A')).toMatchObject({ quota: 5, granted: 5 });
  });

  it('grants at every new start what moved without its knowing', async () => {
    await site.direct(policy(100));
    await receive('A', 10);
    site.restart();
    await goLive();
    expect(site.position('A').quota).toBe(10);
  });

  it('grants all positions page by page, each to its share, those of a rule of their own too', async () => {
    const skus = Array.from({ length: 1_300 }, (_, index) => `S${index}`);
    for (let from = 0; from < skus.length; from += 100) {
      await site.move(
        'receive',
        skus.slice(from, from + 100).map((text) => ({ sku: sku(text), quantity: 4 })),
      );
    }
    await site.direct(policy(50), rule('S7', { sharePercent: 0 }), rule('S8', { sharePercent: 100 }));
    const before = site.ledger.counters.commits;
    await goLive();
    expect(site.ledger.quotaUnits()).toBe(1_300 * 2 - 2 + 2);
    expect([site.position('S7').quota, site.position('S8').quota]).toEqual([0, 4]);
    expect(site.ledger.counters.commits - before).toBeGreaterThanOrEqual(1_300 / 256);
    // Going live again costs nothing: nothing has moved meanwhile.
    site.granter.setLive(false);
    const head = site.store.outbox.head().sequence;
    await goLive();
    expect(site.store.outbox.head().sequence).toBe(head);
  });
});

describe('while the link is live, a quota', () => {
  beforeEach(async () => {
    await receive('A', 100);
    await site.direct(policy(50));
    await goLive();
    expect(site.position('A').quota).toBe(50);
  });

  it('is filled when stock comes, and left alone by sales above low water', async () => {
    await sell('A', 20);
    await site.granter.idle();
    expect(site.position('A').granted).toBe(50);
    await receive('A', 40);
    await site.granter.idle();
    expect(site.position('A')).toMatchObject({ quota: 60, granted: 60 });
  });

  it('is filled when orders have drawn it below low water', async () => {
    await site.direct({ kind: 'allocate', task: 'T', order: 'O', lines: [{ sku: sku('A'), quantity: 45 }] });
    await site.granter.idle();
    // 50 available and 5 of quota make a target of 27.
    expect(site.position('A')).toMatchObject({ quota: 27, committed: 45 });
  });

  it('is not filled again with what central has just given back for somebody at the counter', async () => {
    await site.inbox.takeBack([{ sku: sku('A'), total: 50 }]);
    await site.granter.idle();
    expect(site.position('A')).toMatchObject({ quota: 0, returned: 50 });
    await sell('A', 60);
    await site.granter.idle();
    expect(site.position('A')).toMatchObject({ onHand: 40, quota: 20 });
  });

  it('is filled again when nobody took what had come back, though nothing else ever moves', async () => {
    await site.inbox.takeBack([{ sku: sku('A'), total: 50 }]);
    await site.clock.advance(RETURNED_REST_MS - 1);
    await site.granter.idle();
    expect(site.position('A')).toMatchObject({ quota: 0, returned: 50 });
    await site.clock.advance(1);
    await site.granter.idle();
    expect(site.position('A')).toMatchObject({ quota: 50, granted: 100, returned: 50 });
  });

  it('follows a policy that is raised, by what is there, and keeps what a lowered one would not grant', async () => {
    await site.direct(policy(80));
    await site.granter.idle();
    expect(site.position('A').quota).toBe(80);
    await site.direct(policy(10));
    await site.granter.idle();
    expect(site.position('A').quota).toBe(80);
  });

  it.each([
    ['a smaller share', { sharePercent: 20 }, 20],
    ['no share', { sharePercent: 0 }, 0],
    ['more to be kept', { safetyStock: 40 }, 30],
    ['all of it to be kept', { safetyStock: 100 }, 0],
  ])('is not filled again with what central gave back because of %s', async (_what, some, quota) => {
    await site.direct(rule('A', some), { kind: 'quota-return', lines: [{ sku: sku('A'), total: 50 - quota }] });
    await site.clock.advance(RETURNED_REST_MS);
    await site.granter.idle();
    expect(site.position('A')).toMatchObject({ quota, granted: 50, returned: 50 - quota });
  });

  it('takes a hint up to what is asked and what is there, and not when it is too old', async () => {
    const hint = (quantity: number, expiresAt: number): Directive => ({
      kind: 'grant-request',
      lines: [{ sku: sku('A'), quantity }],
      expiresAt,
    });
    await site.direct(hint(30, site.clock.now()));
    expect(site.position('A').quota).toBe(50);
    await site.direct(hint(30, site.clock.now() + 1));
    expect(site.position('A').quota).toBe(80);
    await site.direct(hint(30, site.clock.now() + 1));
    expect(site.position('A')).toMatchObject({ quota: 100, granted: 100 });
    await site.direct(rule('A', { sharePercent: 0 }), { kind: 'quota-return', lines: [{ sku: sku('A'), total: 40 }] });
    await site.direct(hint(30, site.clock.now() + 1));
    expect(site.position('A').quota).toBe(60);
  });
});

describe('safety stock', () => {
  it('is a movement of every position there is and of every one that comes, link or not', async () => {
    await receive('A', 10);
    await site.direct(policy(100, 3));
    await site.granter.idle();
    await receive('B', 10);
    await site.granter.idle();
    expect([site.position('A').safetyStock, site.position('B').safetyStock]).toEqual([3, 3]);
    await goLive();
    expect([site.position('A').quota, site.position('B').quota]).toEqual([7, 7]);
    expect(site.ledger.view.movementsAfter(0, 99).filter(({ kind }) => kind === 'safety-stock')).toMatchObject([
      { sku: 'A', quantity: 3 },
      { sku: 'B', quantity: 3 },
    ]);
  });

  it('of a rule goes before the policy’s, and is given back with the rule', async () => {
    await receive('A', 10);
    await site.direct(policy(0, 3), rule('A', { safetyStock: 5 }));
    await site.granter.idle();
    expect(site.position('A').safetyStock).toBe(5);
    await site.direct(rule('A', {}));
    expect(site.position('A').safetyStock).toBe(3);
    await site.direct(policy(0, 0));
    await site.granter.idle();
    expect(site.position('A').safetyStock).toBe(0);
  });

  it('that a crash kept from a new position comes at the next start', async () => {
    await site.direct(policy(0, 3));
    await receive('A', 10);
    site.restart();
    await site.granter.idle();
    expect(site.position('A').safetyStock).toBe(3);
  });
});

describe('a grant', () => {
  it('is decided on the state of its commit: tills that were first have what they sold', async () => {
    await receive('A', 10);
    await site.direct(policy(100));
    const line = { sku: sku('A'), hasGained: true };
    await Promise.all([
      sell('A', 7),
      site.ledger.record({ type: 'apply-policy', lines: [line], isLinkUp: true }),
      sell('A', 1),
    ]);
    expect(site.position('A')).toMatchObject({ onHand: 2, quota: 3, granted: 3 });
  });

  it('that the database refuses is made with the next commit it takes', async () => {
    await receive('A', 10);
    await site.direct(policy(100));
    const { movements } = site.store;
    const append = movements.append.bind(movements);
    movements.append = () => {
      throw Object.assign(new Error('disk full'), { code: 'SQLITE_FULL' });
    };
    await goLive();
    expect(site.position('A').quota).toBe(0);
    movements.append = append;
    await receive('B', 1);
    await site.granter.idle();
    expect([site.position('A').quota, site.position('B').quota]).toEqual([10, 1]);
  });

  it('that the database refuses is made once there is room again, also where nobody works', async () => {
    await receive('A', 10);
    await site.direct(policy(100));
    const { movements } = site.store;
    const append = movements.append.bind(movements);
    movements.append = () => {
      throw Object.assign(new Error('disk full'), { code: 'SQLITE_FULL' });
    };
    await goLive();
    await site.clock.advance(3 * RETRY_MS);
    expect(site.position('A').quota).toBe(0);
    movements.append = append;
    await site.clock.advance(RETRY_MS);
    await site.granter.idle();
    expect(site.position('A').quota).toBe(10);
  });

  it('for which the disk could not be read is made later too, and the node goes on', async () => {
    await receive('A', 10);
    await site.direct(policy(100));
    await site.granter.idle();
    const { shelves } = site.store;
    const page = shelves.page.bind(shelves);
    shelves.page = () => {
      throw Object.assign(new Error('disk failed'), { code: 'SQLITE_IOERR_READ' });
    };
    await goLive();
    shelves.page = page;
    await receive('B', 1);
    await site.granter.idle();
    expect([site.position('A').quota, site.position('B').quota]).toEqual([10, 1]);
  });
});
