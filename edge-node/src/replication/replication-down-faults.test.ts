import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { anyLinkFaults } from '../testing/any-link-faults.ts';
import { type ReplicatingNode, replicatingNode } from '../testing/replicating-node.ts';
import { type LinkFaults, noFaults } from '../testing/simulated-link.ts';

/**
 * The claim: whatever the line and the broker do, and however often the node is stopped or its disk fails, every directive of
 * central is carried out once and in order, and central knows it in the end. What is carried out is at every moment a beginning
 * of central's log (the inbox refuses anything else). Modelled: loss, duplication, reordering, delay, one-way cuts, disconnects,
 * a stream that vanishes, a silent central, a slow disk, one that fails before or after it is durable, restarts of the node. Its
 * twin on a real server is replication-down.nats.test.ts.
 */
type Step =
  | { readonly step: 'direct'; readonly count: number; readonly perBatch: number }
  | { readonly step: 'sell'; readonly count: number }
  | { readonly step: 'wait'; readonly ms: number }
  | { readonly step: 'faults'; readonly faults: LinkFaults }
  | { readonly step: 'line'; readonly isConnected: boolean }
  | { readonly step: 'disk'; readonly carryOutMs: number; readonly failure: 'none' | 'before' | 'after' }
  | { readonly step: 'restart' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ step: fc.constant('direct'), count: fc.nat(300), perBatch: fc.constantFrom(1, 7, 200) }),
  },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('sell'), count: fc.nat(300) }) },
  { weight: 5, arbitrary: fc.record({ step: fc.constant('wait'), ms: fc.constantFrom(1, 30, 400, 7_000) }) },
  { weight: 3, arbitrary: fc.record({ step: fc.constant('faults'), faults: anyLinkFaults }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('line'), isConnected: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      step: fc.constant('disk'),
      carryOutMs: fc.constantFrom(0, 5, 300),
      failure: fc.constantFrom('none', 'none', 'before', 'after'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('restart') }) },
);

let running: ReplicatingNode | undefined;
afterEach(async () => {
  await running?.replication.stop();
});

async function take(node: ReplicatingNode, next: Step): Promise<ReplicatingNode> {
  const { central, link, clock, log, inbox } = node;
  switch (next.step) {
    case 'direct': {
      const { directives } = central;
      directives.batchDirectivesMax = next.perBatch;
      const from = directives.log.length;
      directives.append(...Array.from({ length: next.count }, (_, at) => Buffer.from(`directive ${from + at}`)));
      return node;
    }
    case 'sell':
      for (let index = 0; index < next.count; index += 1) log.commit(`SKU-${index % 7}`);
      return node;
    case 'wait':
      await clock.advance(next.ms);
      return node;
    case 'faults':
      link.faults = next.faults;
      return node;
    case 'line':
      link.setConnected(next.isConnected);
      return node;
    case 'disk':
      inbox.carryOutMs = next.carryOutMs;
      inbox.failure =
        next.failure === 'none'
          ? undefined
          : { error: new Error('disk I/O error'), isDurable: next.failure === 'after' };
      return node;
    case 'restart':
      return node.restart();
  }
}

describe('the way down over a line with faults', () => {
  test('carries out every directive of central once and in order, and central knows it in the end', {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), fc.nat(), async (steps, seed) => {
        let node = replicatingNode({ seed });
        running = node;
        const { central, clock, inbox } = node;
        const { directives } = central;
        for (const next of steps) {
          node = await take(node, next);
          running = node;
          expect(inbox.carriedOut.length).toBeLessThanOrEqual(directives.log.length);
          expect(directives.carriedOut).toBeLessThanOrEqual(inbox.carriedOut.length);
        }
        node.link.faults = noFaults;
        node.link.setConnected(true);
        inbox.failure = undefined;
        for (let waited = 0; directives.carriedOut < directives.log.length && waited < 120; waited += 1) {
          await clock.advance(1_000);
        }
        expect(inbox.carriedOut.map(String)).toEqual(directives.log.map(String));
        expect(directives.carriedOut).toBe(directives.log.length);
        await clock.advance(10_000);
        expect(node.stream.unacknowledged).toEqual([]);
        expect(node.replication.status()).toMatchObject({
          state: 'live',
          down: { sequence: directives.log.length, need: false },
        });
        expect(node.replication.counters.downRefused).toBe(0);
        await node.replication.stop();
      }),
      { numRuns: 50 },
    );
  });
});
