import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { afterEach, describe, expect, test } from 'vitest';
import { type ReplicatingNode, replicatingNode, skuNames } from '../testing/replicating-node.ts';

const policy = encodeDirective({ kind: 'policy', policy: { class: 'store', sharePercent: 50, safetyStock: 0 } });
let node: ReplicatingNode;
afterEach(async () => {
  const stopped = node.replication.stop();
  await node.clock.advance(1_000);
  await stopped;
});

/** Books that were put back; `isLossProved` ones are not recognised by anybody. */
function restoredNode(isLossProved: boolean): { recognitions: number } {
  const seen = { recognitions: 0 };
  let restored: object | undefined = {};
  node = replicatingNode({
    restoration: {
      get restored() {
        return restored;
      },
      recognised() {
        seen.recognitions += 1;
        if (!isLossProved) restored = undefined;
      },
    },
  });
  node.log.commit(...skuNames(3, 3));
  return seen;
}

describe('a restored node', () => {
  test('carries out nothing and promises nothing until central has recognised its log, and then both', async () => {
    restoredNode(false);
    node.link.setConnected(false);
    node.central.directives.append(policy);
    await node.clock.advance(10_000);
    expect(node.replication.isLive).toBe(false);
    expect(node.inbox.cursor().sequence).toBe(0);
    node.link.setConnected(true);
    await node.clock.advance(10_000);
    expect(node.replication.isLive).toBe(true);
    expect(node.inbox.cursor().sequence).toBe(1);
  });

  test('with a proven loss sends what it records, and nothing else, however well central knows it', async () => {
    const seen = restoredNode(true);
    node.central.directives.append(policy);
    await node.clock.advance(30_000);
    expect(seen.recognitions).toBeGreaterThan(0);
    expect(node.central.applied).toBe(3);
    expect(node.replication.isLive).toBe(false);
    expect(node.inbox.cursor().sequence).toBe(0);
  });

  test('whose log has gone another way than central knows never tells of its end as of the latest there is', async () => {
    restoredNode(false);
    await node.clock.advance(10_000);
    expect(node.central.applied).toBe(3);
    node.link.setConnected(false);
    node.central.diverge();
    node.log.commit(...skuNames(1, 1));
    await node.clock.advance(1_000);
    node.central.endsTold.length = 0;
    node.link.setConnected(true);
    await node.clock.advance(10_000);
    expect(node.replication.status()).toMatchObject({ state: 'fenced' });
    expect(node.central.nodeFence).toContain("is not this node's");
    expect(node.central.endsTold).toEqual([]);
  });
});
