import type { Sku } from '@edgestock/shared/inventory/ids';
import type { StateRow } from '@edgestock/shared/protocol/delta';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import { SCHEMA_MAX, SCHEMA_MIN } from '@edgestock/shared/protocol/version';
import { afterEach, describe, expect, test } from 'vitest';
import { type ReplicatingNode, replicatingNode, skuNames } from '../testing/replicating-node.ts';
import { noFaults } from '../testing/simulated-link.ts';
import { replicationLimits as limits } from './limits.ts';

const running: ReplicatingNode[] = [];
afterEach(async () => {
  for (const node of running.splice(0)) await node.replication.stop();
});

function start(options: Parameters<typeof replicatingNode>[0] = {}): ReplicatingNode {
  const node = replicatingNode(options);
  running.push(node);
  return node;
}

async function live(options: Parameters<typeof replicatingNode>[0] = {}): Promise<ReplicatingNode> {
  const node = start(options);
  await node.clock.advance(1_000);
  expect(node.replication.status().state).toBe('live');
  node.central.arrivals.length = 0;
  return node;
}

describe('batches', () => {
  test('a lone delta on an idle link goes at once, and is known to be applied milliseconds later', async () => {
    const { log, clock, central, replication } = await live();
    log.commit('A');
    await clock.advance(2);
    expect(central.applied).toBe(1);
    await clock.advance(5);
    expect(replication.status()).toMatchObject({ sent: 1, brokerAcked: 1, applied: 1, backlog: 0 });
  });

  test('deltas gather for 20 ms while the link is busy', async () => {
    const { log, clock, link, central } = await live();
    link.faults = { ...noFaults, delayMs: [100, 100] };
    for (let sale = 0; sale < 50; sale += 1) {
      log.commit('A');
      await clock.advance(1);
    }
    await clock.advance(400);
    expect(central.arrivals).toEqual(['1-1', '2-21', '22-41', '42-50']);
  });

  test('a batch closes at 500 deltas', async () => {
    const { log, clock, central } = await live();
    log.commit(...skuNames(1_200, 10));
    await clock.advance(100);
    expect(central.arrivals).toEqual(['1-500', '501-1000', '1001-1200']);
  });

  test('no more is sent than central has room for', async () => {
    const { log, clock, link, central, replication } = start();
    central.window = 120;
    await clock.advance(1_000);
    link.faults = { ...noFaults, brokerLoss: 1 };
    log.commit(...skuNames(1_000, 10));
    await clock.advance(5_000);
    expect(replication.status().sent).toBe(120);
  });

  test('a stream that is gone is tried again, ever more slowly, until it is back', async () => {
    const { log, clock, link, central, replication } = await live();
    link.faults = { ...noFaults, isStreamGone: true };
    log.commit('A');
    await clock.advance(60_000);
    const { publishFailures } = replication.counters;
    expect(publishFailures).toBeGreaterThan(10);
    expect(publishFailures).toBeLessThan(60);
    link.faults = noFaults;
    await clock.advance(6_000);
    expect(central.applied).toBe(1);
  });

  test('a node whose batches nobody takes says so for as long as it lasts, and does not call itself live', async () => {
    const { log, clock, link, replication } = await live();
    link.faults = { ...noFaults, isStreamGone: true };
    expect(replication.status()).toMatchObject({ state: 'live' });
    log.commit('A');
    await clock.advance(1_000);
    const since = replication.status().publishFailing?.since;
    await clock.advance(59_000);
    expect(replication.status()).toMatchObject({
      state: 'catching-up',
      publishFailing: { since, reason: 'there is no stream', hint: expect.stringContaining('central') },
      hint: expect.stringContaining('there is no stream'),
    });
    expect(since).toBeLessThan(clock.now() - 58_000);
    link.faults = noFaults;
    await clock.advance(6_000);
    expect(replication.status()).toMatchObject({ state: 'live' });
    expect(replication.status()).not.toHaveProperty('publishFailing');
    expect(replication.status()).not.toHaveProperty('hint');
  });

  test('a log that cannot be read for a moment is read again, and no commit notices', async () => {
    const { log, clock, central } = await live();
    const { slice } = log;
    log.slice = () => {
      throw new Error('disk I/O error');
    };
    log.commit('A');
    await clock.advance(500);
    log.slice = slice;
    await clock.advance(5_000);
    expect(central.applied).toBe(1);
  });
});

describe('what is lost on the way', () => {
  test('is sent again as soon as central misses it', async () => {
    const { log, clock, link, central, replication } = await live();
    link.faults = { ...noFaults, brokerLoss: 1 };
    log.commit('A');
    await clock.advance(500);
    link.faults = noFaults;
    log.commit('B');
    await clock.advance(500);
    expect(central.applied).toBe(2);
    expect(replication.counters.rewinds).toMatchObject({ need: 1, stall: 0 });
  });

  test('is sent again after 15 s when nothing follows that would show the gap', async () => {
    const { log, clock, link, central, replication } = await live();
    link.faults = { ...noFaults, brokerLoss: 1 };
    log.commit('A');
    await clock.advance(500);
    link.faults = noFaults;
    await clock.advance(limits.stallMs - 1_000);
    expect(replication.status()).toMatchObject({ brokerAcked: 1, applied: 0 });
    await clock.advance(2_000);
    expect(central.applied).toBe(1);
    expect(replication.counters.rewinds).toMatchObject({ need: 0, stall: 1 });
  });

  test('goes out under another message id, or the broker would take it for the first', async () => {
    const { log, clock, link, central } = await live();
    link.faults = { ...noFaults, brokerLoss: 1 };
    for (let sale = 0; sale < 3; sale += 1) {
      log.commit('A');
      await clock.advance(30);
    }
    link.faults = noFaults;
    log.commit('A');
    await clock.advance(1_000);
    expect(central.applied).toBe(4);
  });

  test('is sent again to a central that was restored from a backup', async () => {
    const { log, clock, central, replication } = await live();
    log.commit(...skuNames(1_000, 10));
    await clock.advance(1_000);
    central.restore(400);
    await clock.advance(6_000);
    expect(central.applied).toBe(1_000);
    expect(replication.counters.rewinds['central-behind']).toBe(1);
  });
});

describe('what is slow', () => {
  test('is no stall while central was silent: it gets its time to catch up first', async () => {
    const { log, clock, link, replication, central } = await live();
    const held: [string, Uint8Array][] = [];
    const { deliver } = central;
    central.deliver = (...message) => void held.push(message);
    link.faults = { ...noFaults, isCentralDown: true };
    log.commit('A');
    await clock.advance(10 * limits.stallMs);
    link.faults = noFaults;
    await clock.advance(limits.stallMs - limits.sessionRetryMsMax);
    for (const message of held) deliver.apply(central, message);
    await clock.advance(1_000);
    expect(replication.status()).toMatchObject({ state: 'live', applied: 1 });
    expect(replication.counters.rewinds).toMatchObject({ stall: 0, need: 0 });
  });

  test('fails as one: batches that time out one after the other are sent again once', async () => {
    const { log, clock, link, replication } = await live();
    link.faults = { ...noFaults, isDownCut: true };
    for (let batch = 0; batch < 3; batch += 1) {
      log.commit(...skuNames(500, 10));
      await clock.advance(30);
    }
    expect(link.inFlight.batches).toBe(3);
    await clock.advance(5_000);
    expect(replication.counters.rewinds['publish-failed']).toBe(1);
  });

  test('does not count as acknowledged because something behind it is', async () => {
    const { log, clock, link, replication } = await live();
    const acknowledge: (() => void)[] = [];
    link.publish = () => new Promise((resolve) => acknowledge.push(resolve));
    log.commit(...skuNames(1_000, 10));
    await clock.advance(10);
    expect(acknowledge).toHaveLength(2);
    acknowledge[1]?.();
    await clock.settle();
    expect(replication.status()).toMatchObject({ sent: 1_000, brokerAcked: 0 });
    acknowledge[0]?.();
    await clock.settle();
    expect(replication.status()).toMatchObject({ sent: 1_000, brokerAcked: 1_000 });
  });
});

describe('enrolment', () => {
  test('is asked for until it is answered, and gives the log its epoch without renumbering it', async () => {
    const { log, clock, link, central, replication } = start({ before: (log) => log.commit('A', 'B') });
    link.faults = { ...noFaults, isCentralDown: true };
    await clock.advance(60_000);
    expect(replication.status()).toMatchObject({ state: 'enrolling', link: 'connected' });
    expect(link.publishes).toBe(0);
    central.epoch = 7;
    link.faults = noFaults;
    await clock.advance(limits.sessionRetryMsMax + 100);
    expect(log.identity().epoch).toBe(7);
    expect(central.applied).toBe(2);
  });

  test('refused: says why, goes on alone, and asks again ever less often', async () => {
    const { log, clock, link, central, replication } = start();
    central.refusal = { reason: 'another installation owns BER1', hint: 'stop the other one' };
    await clock.advance(3_600_000);
    log.commit('A');
    expect(replication.status()).toMatchObject({
      state: 'refused',
      hint: 'another installation owns BER1; stop the other one',
    });
    expect(link.publishes).toBe(0);
    expect(link.requests).toBeLessThan(60);
    central.refusal = undefined;
    await clock.advance(limits.refusedRetryMsMax + 100);
    expect(replication.status()).toMatchObject({ state: 'live', applied: 1 });
  });

  test('under another epoch than the log has is a refusal, not a new epoch', async () => {
    const { clock, link, central, replication, log } = await live();
    central.epoch = 2;
    link.setConnected(false);
    link.setConnected(true);
    await clock.advance(100);
    expect(replication.status().state).toBe('refused');
    expect(log.identity().epoch).toBe(1);
  });
});

describe('a fence', () => {
  test('stops all sending and stays visible until central lifts it', async () => {
    const { log, clock, link, central, replication } = await live();
    central.fence = { epoch: 2, reason: 'the disk was cloned' };
    await clock.advance(limits.heartbeatPeriodMs);
    const { publishes } = link;
    log.commit('A');
    await clock.advance(60_000);
    expect(link.publishes).toBe(publishes);
    expect(replication.status()).toMatchObject({ state: 'fenced', backlog: 1 });
    expect(replication.status().hint).toContain('the disk was cloned');
    central.fence = undefined;
    await clock.advance(limits.heartbeatPeriodMs + 100);
    expect(replication.status()).toMatchObject({ state: 'live', applied: 1 });
  });

  test('of its own making is told to central at once and for as long as it stands; one of central is not repeated', async () => {
    const { clock, central, replication } = await live();
    central.schema = [SCHEMA_MAX + 1, SCHEMA_MAX + 2];
    await clock.advance(limits.heartbeatPeriodMs + 100);
    expect(replication.status().state).toBe('fenced');
    expect(central.nodeFence).toContain(`central reads schema ${SCHEMA_MAX + 1} to ${SCHEMA_MAX + 2}`);
    await clock.advance(60_000);
    expect(central.nodeFence).toContain(`central reads schema ${SCHEMA_MAX + 1} to ${SCHEMA_MAX + 2}`);
    central.schema = [SCHEMA_MIN, SCHEMA_MAX];
    await clock.advance(limits.heartbeatPeriodMs + 100);
    expect(central.nodeFence).toBeUndefined();
    central.fence = { epoch: 2, reason: 'the disk was cloned' };
    await clock.advance(60_000);
    expect(replication.status().state).toBe('fenced');
    expect(central.nodeFence).toBeUndefined();
  });

  test('is seen before anything is sent by a node whose database was rolled back', async () => {
    const { clock, link, central } = await live({ before: (log) => log.commit('A', 'B', 'C') });
    const rolledBack = start({ isConnected: false, before: (log) => log.commit('A') });
    rolledBack.central.deltas = central.deltas;
    expect(link.publishes).toBeGreaterThan(0);
    rolledBack.link.setConnected(true);
    await rolledBack.clock.advance(10_000);
    await clock.advance(1);
    expect(rolledBack.link.publishes).toBe(0);
    expect(rolledBack.replication.status().state).toBe('fenced');
  });
});

describe('far behind after an outage', () => {
  const outage = { isConnected: false, before: (log: ReplicatingNode['log']) => log.commit(...skuNames(5_000, 2_400)) };

  test('current states arrive before any history, the latest sold first', async () => {
    const { log, clock, link, central } = start(outage);
    let firstMessage: StateRow[] = [];
    let statesBeforeHistory = 0;
    const { deliver } = central;
    central.deliver = (subject, bytes) => {
      deliver.call(central, subject, bytes);
      if (firstMessage.length === 0) firstMessage = [...central.states.values()];
      if (!subject.includes('.state.')) statesBeforeHistory ||= central.states.size;
    };
    link.setConnected(true);
    await clock.advance(5_000);
    expect(central.arrivals.at(0)).toBe('state');
    expect(firstMessage.length).toBeGreaterThan(100);
    expect(Math.min(...firstMessage.map((row) => row.sequence))).toBeGreaterThan(5_000 - limits.stateRangeDeltas);
    expect(statesBeforeHistory).toBe(2_400);
    expect(central.applied).toBe(5_000);
    const expected = log.states(log.skusTouched(0, 5_000));
    expect([...central.states.values()].toSorted(bySku)).toEqual(expected.toSorted(bySku));
  });

  test('what is sold meanwhile arrives as a state at once, although its history has to wait', async () => {
    const { log, clock, link, central, replication } = start(outage);
    central.window = 1;
    link.setConnected(true);
    await clock.advance(200);
    expect(replication.status().state).toBe('catching-up');
    log.commit('SKU-3');
    log.commit('SKU-3');
    await clock.advance(limits.stateDelayMs + 10);
    expect(central.states.get('SKU-3')).toMatchObject({ sequence: 5_002, version: 5 });
    expect(central.applied).toBeLessThan(1_000);
  });

  test('ends when history is there: states are no longer sent', async () => {
    const { log, clock, link, central, replication } = start(outage);
    link.setConnected(true);
    await clock.advance(5_000);
    expect(replication.status().state).toBe('live');
    central.arrivals.length = 0;
    log.commit('A');
    await clock.advance(500);
    expect(central.arrivals).toEqual(['5001-5001']);
  });

  test('a state lane that fails does not hold up history', async () => {
    const { clock, link, central } = start(outage);
    const { publish } = link;
    link.publish = (subject, ...rest) =>
      subject.includes('.state.')
        ? publish.call(link, 'nowhere', ...rest).then(failure)
        : publish.call(link, subject, ...rest);
    const { deliver } = central;
    central.deliver = (subject, bytes) => void (subject === 'nowhere' || deliver.call(central, subject, bytes));
    link.setConnected(true);
    await clock.advance(10_000);
    expect(central.applied).toBe(5_000);
  });

  test('a node that is only a little behind sends its history alone', async () => {
    const { clock, link, central } = start({ isConnected: false, before: (log) => log.commit(...skuNames(1_500, 9)) });
    link.setConnected(true);
    await clock.advance(5_000);
    expect(central.arrivals).toEqual(['1-500', '501-1000', '1001-1500']);
  });
});

describe('states that central asks for', () => {
  test('go at once, present and whole, whatever is asked for besides', async () => {
    const { log, clock, central } = await live({ before: (before) => before.commit('A', 'A', 'B') });
    expect(central.states.size).toBe(0);
    central.wanted = ['A', 'nobody has this', 'not a SKU,', ...skuNames(300, 300), 'B'];
    await clock.advance(limits.heartbeatPeriodMs + 100);
    expect([...central.states.keys()]).toEqual(['A']);
    expect(central.states.get('A')).toEqual(log.states(['A' as Sku])[0]);
    expect(central.arrivals).toEqual(['state']);
    await clock.advance(60_000);
    expect(central.arrivals).toEqual(['state']);
  });

  test('are read a few at a time, and asked for again when the broker did not take them', async () => {
    const names = skuNames(wireLimits.wantedSkusMax, wireLimits.wantedSkusMax);
    const { clock, link, central, replication } = await live({ before: (before) => before.commit(...names) });
    link.faults = { ...noFaults, isStreamGone: true };
    central.wanted = [...names];
    await clock.advance(limits.heartbeatPeriodMs + limits.publishTimeoutMs + 1_000);
    expect(central.states.size).toBe(0);
    expect(replication.counters.stateFailures).toBe(1);
    link.faults = noFaults;
    central.wanted = [...names];
    await clock.advance(limits.heartbeatPeriodMs + 100);
    expect(central.states.size).toBe(names.length);
  });
});

describe('a cut link', () => {
  test('leaves everything in the log and nothing in memory', async () => {
    const { log, clock, link, replication } = await live();
    link.setConnected(false);
    const { publishes, requests } = link;
    for (let sale = 0; sale < 3_000; sale += 1) log.commit('A');
    await clock.advance(48 * 3_600_000);
    expect([link.publishes, link.requests]).toEqual([publishes, requests]);
    expect(replication.status()).toMatchObject({ link: 'disconnected', sent: 0, backlog: 3_000 });
  });
});

describe('heartbeats', () => {
  test('come every 5 s on a quiet node, one at a time', async () => {
    const { clock, link } = await live();
    const { requests } = link;
    await clock.advance(60_000);
    expect(link.requests - requests).toBe(12);
    expect(link.requestsUnderWayMax).toBe(1);
  });

  test('answer for many sales at once on a busy one', async () => {
    const { log, clock, link } = await live();
    const { requests } = link;
    for (let sale = 0; sale < 1_000; sale += 1) {
      log.commit('A');
      await clock.advance(1);
    }
    expect(link.requests - requests).toBeLessThan(1_000 / limits.heartbeatSpacingMs + 2);
    expect(link.requestsUnderWayMax).toBe(1);
  });

  test('unanswered twice end the session; the next answer is a new handshake', async () => {
    const { log, clock, link, replication, central } = await live();
    link.faults = { ...noFaults, isCentralDown: true };
    await clock.advance(20_000);
    expect(replication.status().hint).toBeDefined();
    const { publishes } = link;
    log.commit('A');
    await clock.advance(1_000);
    expect(link.publishes).toBe(publishes);
    link.faults = noFaults;
    await clock.advance(limits.sessionRetryMsMax + 100);
    expect(central.applied).toBe(1);
    expect(replication.counters.sessions).toBe(2);
  });
});

describe('trimming', () => {
  const retentionMs = 900_000;

  test('drops what central has and what is old enough, and nothing else', async () => {
    const { log, clock } = await live({ retentionMs });
    log.commit(...skuNames(1_800, 10));
    await clock.advance(retentionMs - 120_000);
    expect(log.firstSequence()).toBe(1);
    log.commit('A');
    await clock.advance(300_000);
    expect(log.firstSequence()).toBe(1_801);
  });

  test('never goes beyond what central has applied, however old', async () => {
    const { log, clock, link } = await live({ retentionMs });
    log.commit(...skuNames(10, 10));
    await clock.advance(1_000);
    link.faults = { ...noFaults, brokerLoss: 1 };
    log.commit(...skuNames(10, 10));
    await clock.advance(2 * retentionMs);
    expect(log.firstSequence()).toBe(11);
  });

  test('waits while central is not in contact', async () => {
    const { log, clock, link } = await live({ retentionMs });
    log.commit(...skuNames(10, 10));
    await clock.advance(1_000);
    link.setConnected(false);
    await clock.advance(10 * retentionMs);
    expect(log.firstSequence()).toBe(1);
  });
});

test('stopping ends at once, whatever was under way', async () => {
  const node = start();
  node.link.faults = { ...noFaults, isDownCut: true };
  await node.clock.advance(100);
  node.log.commit('A');
  await node.replication.stop();
  expect(node.link.requestsUnderWay).toBe(0);
});

function bySku(a: { sku: string }, b: { sku: string }): number {
  return a.sku < b.sku ? -1 : 1;
}

async function failure(): Promise<never> {
  const { LinkError } = await import('./link.ts');
  throw new LinkError('timeout', 'no answer');
}
