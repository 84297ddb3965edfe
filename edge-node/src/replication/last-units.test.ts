import type { Sku } from '@edgestock/shared/inventory/ids';
import { afterEach, describe, expect, test } from 'vitest';
import { type ReplicatingNode, replicatingNode } from '../testing/replicating-node.ts';
import { noFaults } from '../testing/simulated-link.ts';
import { replicationLimits as limits } from './limits.ts';

const running: ReplicatingNode[] = [];
afterEach(async () => {
  for (const node of running.splice(0)) await node.replication.stop();
});

async function live(unspent: Readonly<Record<string, number>> = {}): Promise<ReplicatingNode> {
  const node = replicatingNode();
  running.push(node);
  for (const [sku, units] of Object.entries(unspent)) node.central.lastUnits.unspent.set(sku, units);
  await node.clock.advance(1_000);
  return node;
}

const line = (sku: string, quantity: number) => ({ sku: sku as Sku, quantity });

/** When the question was answered, in milliseconds from now; `undefined` while it is not. */
function ask(
  node: ReplicatingNode,
  ...lines: { sku: Sku; quantity: number }[]
): { readonly afterMs: number | undefined } {
  const beganMs = node.clock.monotonicMs();
  const asked: { afterMs: number | undefined } = { afterMs: undefined };
  void node.replication.askLastUnits(lines).then(() => {
    asked.afterMs = node.clock.monotonicMs() - beganMs;
  });
  return asked;
}

describe('last units', () => {
  test('are in the books when the answer to the buyer is decided', async () => {
    const node = await live({ TEA: 5 });
    const asked = ask(node, line('TEA', 2));
    await node.clock.advance(10);
    expect(asked.afterMs).toBe(2);
    expect([...node.inbox.totals]).toEqual([['TEA', 2]]);
    expect(node.replication.counters.lastUnits).toEqual({ asked: 1, given: 1, timedOut: 0 });
  });

  test('that all ask for in one turn are one request', async () => {
    const node = await live({ TEA: 5, CUP: 1 });
    const asked = [ask(node, line('TEA', 2)), ask(node, line('TEA', 1), line('CUP', 1)), ask(node, line('CUP', 1))];
    await node.clock.advance(10);
    expect(node.central.lastUnits.requests).toEqual([['3 TEA', '2 CUP']]);
    expect(asked.map(({ afterMs }) => afterMs)).toEqual([2, 2, 2]);
    expect([...node.inbox.totals]).toEqual([
      ['TEA', 3],
      ['CUP', 1],
    ]);
  });

  test('that are asked for while a request is under way are the next one', async () => {
    const node = await live({ TEA: 50 });
    node.link.faults = { ...noFaults, delayMs: [50, 50] };
    const asked = [ask(node, line('TEA', 1))];
    for (let till = 0; till < 5; till += 1) {
      await node.clock.advance(10);
      asked.push(ask(node, line('TEA', 1)));
    }
    await node.clock.advance(200);
    expect(node.central.lastUnits.requests).toEqual([['1 TEA'], ['5 TEA']]);
    expect(asked.map(({ afterMs }) => afterMs)).toEqual([100, 190, 180, 170, 160, 150]);
    expect(node.replication.counters.lastUnits).toEqual({ asked: 6, given: 6, timedOut: 0 });
  });

  test('of more SKUs than a request holds are several requests, one after the other', async () => {
    const node = await live();
    const asked = ask(node, ...Array.from({ length: 250 }, (_, index) => line(`SKU-${index}`, 1)));
    await node.clock.advance(10);
    expect(asked.afterMs).toBe(6);
    expect(node.central.lastUnits.requests.map(({ length }) => length)).toEqual([100, 100, 50]);
    expect(node.inbox.totals.size).toBe(250);
  });

  test('are waited for no longer than the budget, and a till that asks again has its own', async () => {
    const node = await live({ TEA: 5 });
    node.link.faults = { ...noFaults, isDownCut: true };
    const first = ask(node, line('TEA', 1));
    await node.clock.advance(200);
    const second = ask(node, line('TEA', 1));
    await node.clock.advance(250);
    expect(first.afterMs).toBe(limits.lastUnitsBudgetMs);
    expect(second.afterMs).toBeUndefined();
    await node.clock.advance(50);
    expect(second.afterMs).toBe(limits.lastUnitsBudgetMs);
    expect(node.replication.counters.lastUnits).toEqual({ asked: 2, given: 0, timedOut: 2 });
  });

  test('for which nobody waits any more are not asked for', async () => {
    const node = await live({ TEA: 5 });
    node.link.faults = { ...noFaults, isUpCut: true };
    void node.replication.askLastUnits([line('TEA', 1)], 300);
    await node.clock.advance(10);
    void node.replication.askLastUnits([line('TEA', 4)], 100);
    await node.clock.advance(250);
    node.link.faults = noFaults;
    await node.clock.advance(500);
    expect(node.central.lastUnits.requests).toEqual([]);
  });

  test('are not asked for without a live link', async () => {
    const node = await live({ TEA: 5 });
    node.link.setConnected(false);
    const { requests } = node.link;
    const asked = ask(node, line('TEA', 1));
    await node.clock.settle();
    expect(asked.afterMs).toBe(0);
    expect(node.link.requests).toBe(requests);
    expect(node.replication.counters.lastUnits.asked).toBe(0);
  });

  test('that central or the books fail to give leave the buyer with what there is', async () => {
    const node = await live({ TEA: 5 });
    const answers: unknown[] = ['nonsense', { lines: [{ sku: 'TEA', returned: -1 }] }, { lines: [] }];
    const { answer } = node.central;
    node.central.answer = (subject, body) =>
      subject.includes('.last-units.')
        ? Promise.resolve(answers.shift() as never)
        : answer.call(node.central, subject, body);
    for (let count = 0; count < 3; count += 1) {
      const asked = ask(node, line('TEA', 1));
      await node.clock.advance(10);
      expect(asked.afterMs).toBe(2);
    }
    node.central.answer = answer;
    node.inbox.failure = { error: new Error('disk full'), isDurable: false };
    const asked = ask(node, line('TEA', 1));
    await node.clock.advance(10);
    expect(asked.afterMs).toBe(2);
    node.link.faults = { ...noFaults, isCentralDown: true };
    const unanswered = ask(node, line('TEA', 1));
    await node.clock.advance(10);
    expect(unanswered.afterMs).toBe(2);
    expect(node.inbox.totals.size).toBe(0);
    expect(node.replication.counters.lastUnits).toEqual({ asked: 5, given: 0, timedOut: 0 });
  });

  test('of SKUs that nobody asked for are not taken over', async () => {
    const node = await live();
    const { answer } = node.central;
    node.central.answer = (subject, body) =>
      subject.includes('.last-units.')
        ? Promise.resolve({
            lines: [
              { sku: 'CUP', returned: 9 },
              { sku: 'no,sku', returned: 9 },
              { sku: 'TEA', returned: 1 },
            ],
          })
        : answer.call(node.central, subject, body);
    ask(node, line('TEA', 1));
    await node.clock.advance(10);
    expect([...node.inbox.totals]).toEqual([['TEA', 1]]);
  });

  test('that are under way when the node stops keep nobody waiting', async () => {
    const node = await live({ TEA: 5 });
    node.link.faults = { ...noFaults, isUpCut: true };
    const asked = ask(node, line('TEA', 1));
    await node.clock.advance(10);
    await node.replication.stop();
    expect(asked.afterMs).toBe(10);
  });
});
