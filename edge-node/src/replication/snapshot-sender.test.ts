import { wireLimits } from '@edgestock/shared/protocol/limits';
import { afterEach, describe, expect, it } from 'vitest';
import { type ReplicatingNode, replicatingNode } from '../testing/replicating-node.ts';
import { noFaults } from '../testing/simulated-link.ts';
import { replicationLimits as limits } from './limits.ts';

const running: ReplicatingNode[] = [];
afterEach(async () => {
  for (const node of running.splice(0)) await node.replication.stop();
});

const skusOf = (count: number) => Array.from({ length: count }, (_, n) => `sku-${String(n).padStart(6, '0')}`);

/** A node that has sold one of each and two of the first hundred, whose log central had whole, and of which half is trimmed. */
async function trimmed(count = 5_000): Promise<ReplicatingNode> {
  const node = replicatingNode();
  running.push(node);
  const { log, clock, central } = node;
  const skus = skusOf(count);
  await clock.advance(1_000);
  for (let from = 0; from < count; from += 500) log.commit(...skus.slice(from, from + 500));
  log.commit(...skus.slice(0, 100));
  await until(node, () => central.applied === count + 100);
  log.age({ wallAt: 0, monotonicMs: 0 });
  log.age({ wallAt: 10 * limits.retentionMsDefault, monotonicMs: 10 * limits.retentionMsDefault });
  log.trim({ agedUpTo: count + 50, rowsMax: count + 50 });
  expect(log.firstSequence()).toBe(count + 51);
  return node;
}

async function until({ clock }: ReplicatingNode, isSo: () => boolean, ms = 600_000): Promise<void> {
  for (let at = 0; at < ms && !isSo(); at += 50) await clock.advance(50);
  expect(isSo()).toBe(true);
}

/** What central has is what the node has, position by position. */
async function expectSame(node: ReplicatingNode): Promise<void> {
  const { log, central, replication } = node;
  await until(node, () => central.applied === log.head().sequence && replication.status().state === 'live');
  const there = log.statesAfter('', 1_000_000);
  const here = [...central.states.values()];
  // Of those after the snapshot's place the log tells.
  const after = new Set(log.skusTouched(central.base, log.head().sequence));
  expect(here.filter(({ sku }) => !after.has(sku)).map(({ at: _, ...row }) => facts(row))).toEqual(
    there.filter(({ sku }) => !after.has(sku)).map(({ at: _, ...row }) => facts(row)),
  );
}

const facts = ({
  sku,
  version,
  sequence,
  state,
}: {
  sku: string;
  version: number;
  sequence: number;
  state: object;
}) => ({
  ...{ sku, version, sequence, state },
});

describe('a node whose log begins behind central', () => {
  it('sends a snapshot, and nothing else up before central has it; then the log goes on', async () => {
    const node = await trimmed();
    const { central, log, replication } = node;
    central.lose();
    await until(node, () => replication.status().state === 'sending-snapshot');
    central.arrivals.length = 0;
    log.commit('sku-000000', 'new-one');
    expect(replication.status()).toMatchObject({ hint: expect.stringContaining('sending a snapshot') });
    expect(replication.isHeard).toBe(false);
    await until(node, () => central.base > 0);
    expect(central.arrivals).toEqual([]);
    expect(central.base).toBe(5_050);
    const asked = Array.from({ length: 5 }, (_, index) => `chunk ${index}`);
    expect(central.snapshots.asked).toEqual(['begin', ...asked, ...asked.map(() => 'take')]);
    await until(node, () => central.applied === log.head().sequence);
    expect(replication.status()).toMatchObject({ state: 'live', backlog: 0 });
    expect(replication.status().snapshot).toBeUndefined();
    await expectSame(node);
  });

  it('needs none while its log is whole', async () => {
    const node = replicatingNode();
    running.push(node);
    const { central, log, clock } = node;
    await clock.advance(1_000);
    log.commit('A', 'B');
    await until(node, () => central.applied === 2);
    central.lose();
    await until(node, () => central.applied === 2);
    expect(central.snapshots.asked).toEqual([]);
  });

  it('goes on where central had got to, after a cut line and after a restart of either end', async () => {
    const node = await trimmed();
    const { central, link } = node;
    link.faults = { ...noFaults, delayMs: [60, 60] };
    central.lose();
    await until(node, () => central.snapshots.chunks.length === 1);
    link.setConnected(false);
    await node.clock.advance(20_000);
    link.setConnected(true);
    await until(node, () => central.snapshots.chunks.length === 3);
    expect(central.snapshots.asked.filter((one) => one === 'chunk 0')).toHaveLength(1);
    // Central loses even what it had staged.
    central.snapshots.forget();
    await until(node, () => central.base > 0);
    expect(central.snapshots.asked.filter((one) => one === 'chunk 0')).toHaveLength(2);
    await expectSame(node);
  });

  it('gets through a line that loses, repeats and delays', async () => {
    const node = await trimmed();
    const { central, link } = node;
    link.faults = { ...noFaults, loss: 0.2, duplication: 0.2, delayMs: [1, 400] };
    central.lose();
    await until(node, () => central.base > 0, 3_600_000);
    link.faults = noFaults;
    await expectSame(node);
  });

  it('begins anew when a chunk was altered on its way and nobody noticed', async () => {
    const node = await trimmed();
    const { central } = node;
    central.lose();
    let lies = 1;
    central.snapshots.instead = (request) => {
      if (request.ask !== 'chunk' || request.index !== 1 || lies === 0) return undefined;
      lies -= 1;
      central.snapshots.chunks.push(Buffer.from(request.bytes, 'base64').reverse());
      return { outcome: 'send', index: 2 };
    };
    await until(node, () => central.base > 0);
    expect(central.snapshots.asked.filter((one) => one === 'begin')).toHaveLength(2);
    await expectSame(node);
  });

  it('fences itself before a central that takes none, with what to do, and asks again ever more rarely', async () => {
    const node = await trimmed();
    const { central, link, replication, clock } = node;
    central.takesSnapshots = false;
    central.lose();
    await until(node, () => replication.status().state === 'fenced');
    expect(replication.status().hint).toContain('update central');
    await until(node, () => central.nodeFence !== undefined);
    await clock.advance(3_600_000);
    expect(link.faults).toEqual(noFaults);
    const { snapshotFailures } = replication.counters;
    expect(snapshotFailures).toBeGreaterThan(5);
    expect(snapshotFailures).toBeLessThan(60);
    central.takesSnapshots = true;
    await until(node, () => replication.status().state === 'live', 2 * limits.refusedRetryMsMax);
    expect(central.nodeFence).toBeUndefined();
    await expectSame(node);
  });

  it('stays fenced with the reason when central refuses', async () => {
    const node = await trimmed();
    const { central, replication } = node;
    central.snapshots.instead = () => ({ outcome: 'refused', reason: 'not of this one', hint: 'look twice' });
    central.lose();
    await until(node, () => replication.status().state === 'fenced');
    expect(replication.status().hint).toMatch(/begins at 5051; not of this one; look twice/);
  });

  it('closes chunks by rows, and never makes one too long to send', async () => {
    const node = await trimmed(2 * wireLimits.snapshotChunkRowsMax);
    const { central } = node;
    central.lose();
    await until(node, () => central.base > 0);
    expect(central.snapshots.chunks).toHaveLength(2);
    for (const { length } of central.snapshots.chunks) expect(length).toBeLessThan(wireLimits.snapshotChunkBytesMax);
    expect(central.snapshots.manifest).toMatchObject({ rows: 2 * wireLimits.snapshotChunkRowsMax, chunks: 2 });
  });
});
