import type { Sku } from '@edgestock/shared/inventory/ids';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { describe, expect, test } from 'vitest';
import type { RecordReply } from '../api/edge-api.ts';
import { asyncOf } from '../testing/collect.ts';
import type { NodeRequest } from './receipt-requests.ts';
import { sendRequests } from './send-requests.ts';

const recorded: RecordReply = {
  reply: 'recorded',
  sequence: 1,
  sku: 'a',
  movements: 1,
  exceptions: 0,
  isRepeated: false,
};
const request = (warehouse: string, receipt: string): NodeRequest => ({
  warehouse,
  path: '/v1/sales',
  body: { receipt },
  changes: [{ sku: 'a' as Sku, units: -1 }],
});
const limits = { inFlightMax: 2, queuedMax: 3 };

/** A node that is slow, and notes who is being served. */
class SlowNode {
  active = 0;
  activeMax = 0;
  readonly served: string[] = [];

  async record({ body }: NodeRequest): Promise<RecordReply> {
    this.active += 1;
    this.activeMax = Math.max(this.activeMax, this.active);
    await systemClock.sleep(2);
    this.active -= 1;
    this.served.push('receipt' in body ? String(body.receipt) : '');
    return recorded;
  }
}

describe('sending', () => {
  test('keeps the order of each node and never speaks twice to one at a time', async () => {
    const nodes = new Map(['W1', 'W2', 'W3'].map((id) => [id, new SlowNode()]));
    const requests = Array.from({ length: 30 }, (_, index) =>
      request(`W${(Math.floor(index / 2) % 3) + 1}`, String(index)),
    );
    let active = 0;
    let activeMax = 0;
    const nodeOf = (warehouse: string) => ({
      record: async (sent: NodeRequest) => {
        active += 1;
        activeMax = Math.max(activeMax, active);
        const reply = await (nodes.get(warehouse) ?? new SlowNode()).record(sent);
        active -= 1;
        return reply;
      },
    });
    await sendRequests(asyncOf(requests), nodeOf, () => undefined, limits);
    expect(nodes.get('W2')?.served).toEqual(['2', '3', '8', '9', '14', '15', '20', '21', '26', '27']);
    for (const node of nodes.values()) expect(node.activeMax).toBe(1);
    expect(activeMax).toBe(limits.inFlightMax);
  });

  test('reads no further ahead than it may', async () => {
    let read = 0;
    let answered = 0;
    async function* counted(): AsyncGenerator<NodeRequest> {
      for (; read < 20; read += 1) {
        expect(read - answered).toBeLessThanOrEqual(limits.queuedMax + 1);
        yield request('W1', String(read));
      }
    }
    const node = new SlowNode();
    await sendRequests(
      counted(),
      () => node,
      () => {
        answered += 1;
      },
      limits,
    );
    expect(answered).toBe(20);
  });

  test('stops at the first node that cannot be reached, and says which failure it was', async () => {
    let sent = 0;
    const node = {
      record: async () => {
        sent += 1;
        if (sent === 3) throw new Error('no answer for 60 s');
        return recorded;
      },
    };
    let read = 0;
    async function* counted(): AsyncGenerator<NodeRequest> {
      for (; read < 100; read += 1) yield request('W1', String(read));
    }
    const sending = sendRequests(
      counted(),
      () => node,
      () => undefined,
      limits,
    );
    await expect(sending).rejects.toThrow('no answer for 60 s');
    expect(sent).toBe(3);
    expect(read).toBeLessThan(10);
  });
});
