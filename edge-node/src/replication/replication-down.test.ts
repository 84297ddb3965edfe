import { afterEach, describe, expect, test } from 'vitest';
import { type ReplicatingNode, replicatingNode, skuNames } from '../testing/replicating-node.ts';
import { noFaults } from '../testing/simulated-link.ts';
import { replicationLimits as limits } from './limits.ts';

const running: ReplicatingNode[] = [];
afterEach(async () => {
  for (const node of running.splice(0)) await node.replication.stop();
});

async function live(options: Parameters<typeof replicatingNode>[0] = {}): Promise<ReplicatingNode> {
  const node = replicatingNode(options);
  running.push(node);
  await node.clock.advance(1_000);
  expect(node.replication.isLive).toBe(true);
  return node;
}

function directives(count: number, from = 0): Buffer[] {
  return Array.from({ length: count }, (_, at) => Buffer.from(`directive ${from + at}`));
}

function expectSameLog({ inbox, central }: ReplicatingNode): void {
  expect(inbox.carriedOut.map(String)).toEqual(central.directives.log.map(String));
}

describe('a directive', () => {
  test('is carried out when it comes, and central knows of it milliseconds later', async () => {
    const node = await live();
    node.central.directives.append(...directives(1));
    await node.clock.advance(2);
    expectSameLog(node);
    await node.clock.advance(limits.heartbeatSpacingMs + 5);
    expect(node.central.directives.carriedOut).toBe(1);
    expect(node.replication.status().down).toEqual({ sequence: 1, need: false });
    expect(node.stream.unacknowledged).toEqual([]);
  });

  test('is known to be carried out by the next batch up as well', async () => {
    const { link, clock, central, log } = await live();
    central.directives.append(...directives(3));
    await clock.advance(1);
    link.faults = { ...noFaults, isCentralDown: true };
    log.commit('A');
    await clock.advance(10);
    expect(central.directives.carriedOut).toBe(3);
  });

  test('is acknowledged only when it is durable', async () => {
    const { clock, central, inbox, stream } = await live();
    inbox.carryOutMs = 50;
    central.directives.append(...directives(1));
    await clock.advance(45);
    expect(stream.unacknowledged).toHaveLength(1);
    await clock.advance(10);
    expect(stream.unacknowledged).toHaveLength(0);
  });

  test('waits for the one before it, and shares a commit with what waits too', async () => {
    const node = await live();
    node.inbox.carryOutMs = 50;
    node.central.directives.batchDirectivesMax = 1;
    for (const directive of directives(10)) node.central.directives.append(directive);
    await node.clock.advance(200);
    expectSameLog(node);
    expect(node.inbox.runs).toEqual([1, 9]);
  });

  test('shares a commit with so many others that a till still gets its turn', async () => {
    const node = await live();
    node.inbox.carryOutMs = 50;
    node.central.directives.batchDirectivesMax = 150;
    node.central.directives.append(...directives(600));
    await node.clock.advance(500);
    expectSameLog(node);
    expect(node.inbox.runs).toEqual([150, 150, 150, 150]);
  });

  test.each([
    ['before', false],
    ['after', true],
  ])('is tried again, and carried out once, when the books fail %s it is durable', async (_, isDurable) => {
    const node = await live();
    node.inbox.failure = { error: new Error('disk I/O error'), isDurable };
    node.central.directives.append(...directives(30));
    await node.clock.advance(isDurable ? 1 : 10_000);
    node.inbox.failure = undefined;
    await node.clock.advance(limits.carryOutRetryMsMax + 100);
    expectSameLog(node);
    expect(node.stream.unacknowledged).toEqual([]);
  });

  test('is none that central sends to a node without books for it', async () => {
    const { central, clock, stream, replication } = await live({ hasInbox: false });
    central.directives.append(...directives(3));
    await clock.advance(20_000);
    expect(central.directives).toMatchObject({ isKnown: false, carriedOut: 0 });
    expect(stream.unacknowledged).toEqual([]);
    expect(replication.status().down).toEqual({ sequence: 0, need: false });
  });
});

describe('what is lost on the way down', () => {
  test('is asked for as soon as a later one comes, once, and carried out in order', async () => {
    const node = await live();
    const { central, stream, clock, replication } = node;
    central.directives.batchDirectivesMax = 10;
    const { send } = central.directives;
    central.directives.send = () => undefined;
    central.directives.append(...directives(100));
    central.directives.send = send;
    central.directives.append(...directives(50, 100));
    await clock.advance(2);
    expect(replication.status().down).toEqual({ sequence: 0, need: true });
    expect(replication.counters.downGaps).toBeGreaterThan(0);
    await clock.advance(500);
    expectSameLog(node);
    expect(central.directives.resends).toBe(1);
    expect(replication.status().down).toEqual({ sequence: 150, need: false });
    expect(stream.unacknowledged).toEqual([]);
  });

  test('is not asked for again while what was sent again is on its way, even if that takes long', async () => {
    const node = await live();
    const { central, clock, inbox, log } = node;
    central.directives.batchDirectivesMax = 10;
    const { send } = central.directives;
    central.directives.send = () => undefined;
    central.directives.append(...directives(10));
    central.directives.send = send;
    inbox.carryOutMs = 400;
    central.directives.append(...directives(990, 10));
    for (let beat = 0; beat < 200; beat += 1) {
      log.commit('A');
      await clock.advance(100);
    }
    expectSameLog(node);
    expect(central.directives.resends).toBe(1);
  });

  test('is asked for again when what was sent again is lost too', async () => {
    const node = await live();
    const { central, clock } = node;
    central.directives.batchDirectivesMax = 1;
    const { send } = central.directives;
    let losses = 2;
    central.directives.send = (bytes, id) => {
      if (id.startsWith('1.1-1.') && losses > 0) losses -= 1;
      else send(bytes, id);
    };
    central.directives.append(...directives(5));
    await clock.advance(limits.needPauseMs + limits.heartbeatPeriodMs);
    expectSameLog(node);
    expect(central.directives.resends).toBe(2);
  });

  test('comes again with its stream, when that vanished', async () => {
    const node = await live();
    node.link.faults = { ...noFaults, isStreamGone: true };
    node.central.directives.append(...directives(10));
    await node.clock.advance(1_000);
    node.link.faults = noFaults;
    await node.clock.advance(30_000);
    expectSameLog(node);
  });
});

describe('a message that is of no use', () => {
  test('is acknowledged, counted, and changes nothing', async () => {
    const { central, clock, inbox, stream, replication } = await live();
    central.directives.append(...directives(3));
    await clock.advance(10);
    stream.add(central.directives.batch(1, 2), 'an old one');
    stream.add(Buffer.from('not a message'), 'damaged');
    stream.add(central.directives.batch(1, 2, { warehouse: 'HAM1' as never }), 'somebody else');
    await clock.advance(10);
    expect(replication.counters).toMatchObject({ downDuplicates: 1, downRefused: 2, directivesCarriedOut: 3 });
    expect(inbox.carriedOut).toHaveLength(3);
    expect(stream.unacknowledged).toEqual([]);
    expect(replication.status().hint).toBeUndefined();
  });
});

describe('another history of central', () => {
  test('stops the way down, visibly, and nothing else', async () => {
    const node = await live();
    const { central, clock, inbox, replication, log, stream } = node;
    const told: boolean[] = [];
    replication.onLive((isLive) => told.push(isLive));
    central.directives.append(...directives(5));
    await clock.advance(100);
    central.directives.rewrite(3, ...directives(5, 100));
    await clock.advance(100);
    expect(inbox.carriedOut).toHaveLength(5);
    expect(replication.isLive).toBe(false);
    expect(told).toEqual([false]);
    expect(replication.status()).toMatchObject({ state: 'live', down: { sequence: 5 } });
    expect(replication.status().hint).toContain('up to 5');
    expect(stream.unacknowledged).toEqual([]);
    log.commit('A');
    await clock.advance(100);
    expect(central.applied).toBe(1);
    await clock.advance(60_000);
    expect(central.directives.mismatches).toBeGreaterThan(10);
    expect(inbox.carriedOut).toHaveLength(5);
  });

  test('is over when central continues what was carried out here', async () => {
    const node = await live();
    const { central, clock, replication } = node;
    central.directives.append(...directives(5));
    await clock.advance(100);
    central.directives.rewrite(3, ...directives(5, 100));
    await clock.advance(100);
    expect(replication.isLive).toBe(false);
    central.directives.rewrite(3, ...directives(2, 3), ...directives(1, 50));
    await clock.advance(limits.heartbeatPeriodMs);
    expectSameLog(node);
    expect(replication.isLive).toBe(true);
    expect(replication.status().hint).toBeUndefined();
  });

  test('shows in an epoch that is over, before any directive of it comes', async () => {
    const { central, clock, replication, inbox, stream } = await live();
    central.directives.beginEpoch(2);
    central.directives.append(...directives(2));
    await clock.advance(2 * limits.heartbeatPeriodMs);
    expect(inbox.cursor()).toMatchObject({ centralEpoch: 2, sequence: 2 });
    central.directives.centralEpoch = 1;
    await clock.advance(limits.heartbeatPeriodMs);
    expect(replication.isLive).toBe(false);
    expect(replication.status().hint).toContain('central is in epoch 1');
    central.directives.append(...directives(1, 2));
    stream.add(central.directives.batch(3, 3), 'of the epoch that is over');
    stream.add(central.directives.batch(3, 3, { centralEpoch: 2 }), 'of this one');
    await clock.advance(100);
    expect(inbox.carriedOut).toHaveLength(2);
    central.directives.centralEpoch = 2;
    await clock.advance(2 * limits.heartbeatPeriodMs);
    expect(replication.isLive).toBe(true);
    expect(inbox.carriedOut).toHaveLength(3);
  });
});

describe('a new epoch of central', () => {
  test('is taken up at its beginning, also where nothing was carried out before', async () => {
    const node = await live();
    const { central, clock, inbox, replication, stream } = node;
    await clock.advance(limits.heartbeatPeriodMs);
    expect(inbox.cursor()).toMatchObject({ centralEpoch: 1, sequence: 0 });
    central.directives.append(...directives(5));
    await clock.advance(100);
    const late = central.directives.batch(1, 5);
    central.directives.beginEpoch(1_795);
    central.directives.append(...directives(2, 100));
    await clock.advance(2 * limits.heartbeatPeriodMs);
    expect(inbox.carriedOut.map(String)).toEqual([...directives(5), ...directives(2, 100)].map(String));
    expect(inbox.cursor()).toMatchObject({ centralEpoch: 1_795, sequence: 2 });
    stream.add(late, 'what still waited at the broker');
    await clock.advance(100);
    expect(inbox.carriedOut).toHaveLength(7);
    expect(stream.unacknowledged).toEqual([]);
    expect(replication.isLive).toBe(true);
    expect(replication.status()).toMatchObject({ state: 'live', down: { sequence: 2, need: false } });
  });

  test('is taken up again and again until the books have it, and nothing is said of it before', async () => {
    const node = await live();
    const { central, clock, inbox, replication } = node;
    central.directives.append(...directives(5));
    await clock.advance(100);
    inbox.failure = { error: new Error('disk I/O error'), isDurable: false };
    central.directives.beginEpoch(1_795);
    await clock.advance(3 * limits.heartbeatPeriodMs);
    expect(inbox.cursor()).toMatchObject({ centralEpoch: 1, sequence: 5 });
    expect(central.directives.isKnown).toBe(false);
    expect(replication.isLive).toBe(false);
    inbox.failure = undefined;
    await clock.advance(limits.heartbeatPeriodMs);
    expect(inbox.cursor()).toMatchObject({ centralEpoch: 1_795, sequence: 0 });
    await clock.advance(limits.heartbeatPeriodMs);
    expect(replication.isLive).toBe(true);
  });

  test('is none of a central that does not know this log', async () => {
    const { central, clock, inbox } = await live();
    central.directives.append(...directives(5));
    await clock.advance(100);
    central.fence = { epoch: 1, reason: 'the disk was cloned' };
    central.directives.beginEpoch(1_795);
    await clock.advance(3 * limits.heartbeatPeriodMs);
    expect(inbox.cursor()).toMatchObject({ centralEpoch: 1, sequence: 5 });
    central.fence = undefined;
    await clock.advance(2 * limits.heartbeatPeriodMs);
    expect(inbox.cursor()).toMatchObject({ centralEpoch: 1_795 });
  });
});

describe('a node', () => {
  test('carries out nothing before central has recognised its log, nor while it is refused or fenced', async () => {
    const node = replicatingNode();
    running.push(node);
    const { central, clock, inbox, stream, link } = node;
    central.directives.append(...directives(3));
    stream.add(central.directives.batch(1, 3), 'waiting at the broker');
    central.refusal = { reason: 'another installation owns BER1', hint: 'stop the other one' };
    await clock.advance(10_000);
    expect(inbox.carriedOut).toHaveLength(0);
    central.refusal = undefined;
    central.fence = { epoch: 1, reason: 'the disk was cloned' };
    link.setConnected(false);
    link.setConnected(true);
    await clock.advance(10_000);
    expect(node.replication.status().state).toBe('fenced');
    expect(inbox.carriedOut).toHaveLength(0);
    central.fence = undefined;
    await clock.advance(10_000);
    expectSameLog(node);
  });

  test('goes on carrying out what is at the broker while central is silent', async () => {
    const node = await live();
    node.link.faults = { ...noFaults, isCentralDown: true };
    await node.clock.advance(30_000);
    node.central.directives.append(...directives(3));
    await node.clock.advance(10);
    expectSameLog(node);
  });

  test('that is stopped finishes what it is carrying out, and goes on there when it is started again', async () => {
    const node = await live();
    node.inbox.carryOutMs = 300;
    node.central.directives.batchDirectivesMax = 5;
    node.central.directives.append(...directives(500));
    await node.clock.advance(100);
    const second = await node.restart();
    running.push(second);
    expect(node.inbox.carriedOut).toHaveLength(5);
    await second.clock.advance(5_000);
    expectSameLog(second);
  });

  test('tells when it is live, and when no more', async () => {
    const node = replicatingNode({ isConnected: false, before: (log) => log.commit(...skuNames(3_000, 10)) });
    running.push(node);
    const { replication, link, clock } = node;
    const told: [boolean, number][] = [];
    replication.onLive((isLive) => told.push([isLive, replication.status().backlog]));
    link.setConnected(true);
    await clock.advance(5_000);
    expect(told).toEqual([[true, expect.any(Number)]]);
    expect(told[0]?.[1]).toBeLessThanOrEqual(limits.caughtUpDeltasMax);
    link.faults = { ...noFaults, isCentralDown: true };
    await clock.advance(20_000);
    expect(told.slice(1)).toEqual([[false, 0]]);
    link.faults = noFaults;
    await clock.advance(10_000);
    link.setConnected(false);
    expect(told.slice(2).map(([isLive]) => isLive)).toEqual([true, false]);
  });
});
