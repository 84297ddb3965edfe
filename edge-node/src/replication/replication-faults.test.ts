import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { anyLinkFaults } from '../testing/any-link-faults.ts';
import { type ReplicatingNode, replicatingNode } from '../testing/replicating-node.ts';
import { type LinkFaults, noFaults } from '../testing/simulated-link.ts';
import { replicationLimits } from './limits.ts';

/**
 * The claim (P2): whatever the line, the broker and central's process do, once they stop doing it central holds exactly the
 * node's log. Modelled: loss, duplication, reordering, delay, one-way cuts, disconnects, a broker that acknowledges and
 * forgets, a silent central, a central restored from a backup. Its twin on a real server is replication.nats.test.ts.
 */
type Step =
  | { readonly step: 'sell'; readonly count: number; readonly skus: number }
  | { readonly step: 'wait'; readonly ms: number }
  | { readonly step: 'faults'; readonly faults: LinkFaults }
  | { readonly step: 'line'; readonly isConnected: boolean }
  | { readonly step: 'restore'; readonly share: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ step: fc.constant('sell'), count: fc.nat(1_500), skus: fc.constantFrom(1, 7, 300) }),
  },
  { weight: 4, arbitrary: fc.record({ step: fc.constant('wait'), ms: fc.constantFrom(1, 30, 400, 7_000) }) },
  { weight: 3, arbitrary: fc.record({ step: fc.constant('faults'), faults: anyLinkFaults }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('line'), isConnected: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ step: fc.constant('restore'), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
);

let running: ReplicatingNode | undefined;
afterEach(async () => {
  await running?.replication.stop();
});

async function take({ log, central, link, clock }: ReplicatingNode, next: Step): Promise<void> {
  if (next.step === 'sell') {
    for (let index = 0; index < next.count; index += 1) log.commit(`SKU-${index % next.skus}`);
  } else if (next.step === 'wait') await clock.advance(next.ms);
  else if (next.step === 'faults') link.faults = next.faults;
  else if (next.step === 'line') link.setConnected(next.isConnected);
  else {
    // A central is not restored while it talks. What the node has trimmed would need a snapshot, so it is left.
    link.setConnected(false);
    central.restore(Math.max(log.firstSequence() - 1, Math.floor(central.applied * next.share)));
    link.setConnected(true);
  }
}

function expectBounds({ log, central, link, replication }: ReplicatingNode): void {
  const { sent, brokerAcked, applied } = replication.status();
  expect(log.head().sequence).toBeGreaterThanOrEqual(sent);
  expect(sent).toBeGreaterThanOrEqual(brokerAcked);
  expect(applied).toBeLessThanOrEqual(log.head().sequence);
  expect(log.firstSequence() - 1).toBeLessThanOrEqual(central.applied);
  // The state lane's messages are on the same line.
  expect(link.inFlight.batchesMax).toBeLessThanOrEqual(
    replicationLimits.batchesInFlightMax + 2 * replicationLimits.stateMessagesInFlightMax,
  );
  expect(link.inFlight.bytesMax).toBeLessThanOrEqual(2 * replicationLimits.bytesInFlightMax);
}

describe('replication over a line with faults', () => {
  test('leaves central with exactly the log of the node once the faults have stopped', {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), fc.nat(), async (steps, seed) => {
        const node = replicatingNode({ seed, retentionMs: 3_000 });
        running = node;
        const { log, central, link, clock, replication } = node;
        const recorded: Uint8Array[] = [];
        log.onCommit((head) => {
          const delta = log.slice(head - 1, { deltasMax: 1, bytesMax: 1 })?.deltas[0];
          if (delta) recorded.push(delta);
        });
        for (const next of steps) {
          await take(node, next);
          expectBounds(node);
        }
        link.faults = noFaults;
        link.setConnected(true);
        for (let waited = 0; central.applied < log.head().sequence && waited < 60; waited += 1) {
          await clock.advance(1_000);
          expectBounds(node);
        }
        expect(Buffer.concat(central.deltas).equals(Buffer.concat(recorded))).toBe(true);
        await clock.advance(10_000);
        expect(replication.status()).toMatchObject({ state: 'live', backlog: 0, applied: log.head().sequence });
        expect(replication.status().hint).toBeUndefined();
        await replication.stop();
      }),
      { numRuns: 50 },
    );
  });

  test('holds the bounds of what is in flight on a line that swallows everything', async () => {
    const node = replicatingNode();
    running = node;
    const { log, link, clock, central } = node;
    await clock.advance(100);
    central.window = 1_000_000;
    await clock.advance(6_000);
    link.faults = { ...noFaults, isDownCut: true };
    for (let index = 0; index < 40_000; index += 1) log.commit(`SKU-${index % 50}`);
    await clock.advance(3_000);
    expect(link.inFlight.batchesMax).toBe(replicationLimits.batchesInFlightMax);
    expect(link.inFlight.bytesMax).toBeLessThanOrEqual(replicationLimits.bytesInFlightMax);
  });
});
