import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HeartbeatRequest } from '@edgestock/shared/protocol/control';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import { SCHEMA_MAX, SCHEMA_MIN } from '@edgestock/shared/protocol/version';
import { silentLog } from '@edgestock/shared/runtime/log';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { openCentralStore } from '../store/sqlite/open-central-store.ts';
import { digestWatchOf } from '../testing/digest-watch.ts';
import { NodeLog, skuOf } from '../testing/node-log.ts';
import { ControlDesk } from './control-desk.ts';
import type { DigestWatch } from './digest-watch.ts';
import { emptyIngestMetrics } from './ingest-metrics.ts';
import { NodeCursors } from './node-cursors.ts';
import { StallWatch } from './stall-watch.ts';
import { WantedStates } from './wanted-states.ts';

let directory: string;
let store: ReturnType<typeof openCentralStore>;
let clock: VirtualClock;
let cursors: NodeCursors;
let wanted: WantedStates;
let desk: ControlDesk;
let log: NodeLog;
let downCursors: unknown[];
let digests: DigestWatch;
let stalls: StallWatch;
let places: unknown[];

const deskOptions = () => ({
  store,
  centralEpoch: 1,
  cursors,
  wanted,
  digests,
  stalls,
  metrics: emptyIngestMetrics(),
  clock,
  log: silentLog,
  onPlaceStated: async (...told: unknown[]) => void places.push(told),
  onDownCursor: (...told: unknown[]) => void downCursors.push(told),
});

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'edgestock-desk-'));
  store = openCentralStore(join(directory, 'central.db'));
  clock = new VirtualClock();
  cursors = new NodeCursors([], clock);
  wanted = new WantedStates(store, clock);
  downCursors = [];
  digests = digestWatchOf(store, clock);
  stalls = new StallWatch({ cursors, clock, isStoreFull: () => false });
  places = [];
  desk = new ControlDesk(deskOptions());
  log = new NodeLog('BER1');
  await desk.enrol(log.warehouse, JSON.stringify(log.enrolRequest()));
  for (let units = 1; units <= 10; units += 1) log.record('A', units);
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

const beat = (change: Partial<HeartbeatRequest> = {}, from = log) =>
  desk.heartbeat(log.warehouse, JSON.stringify(from.heartbeatRequest(change)));
const advance = (sequence: number) =>
  cursors.advance(log.warehouse, sequence, log.hashes[sequence] ?? new Uint8Array());

/** The reply, and how long it was held back. */
async function timed(reply: ReturnType<typeof beat>) {
  const started = clock.monotonicMs();
  let heldMs = -1;
  void reply.then(() => (heldMs = clock.monotonicMs() - started));
  await clock.advance(centralLimits.heartbeatHoldMs * 2);
  return { heldMs, reply: await reply };
}

it('answers at once a node of which everything has arrived', async () => {
  advance(10);
  const { heldMs, reply } = await timed(beat());
  expect(heldMs).toBe(0);
  expect(reply).toEqual({
    applied: 10,
    hash: log.place().hash,
    centralEpoch: 1,
    schema: [SCHEMA_MIN, SCHEMA_MAX],
    time: expect.any(Number),
    window: centralLimits.windowDeltas,
    digest: true,
  });
});

it('answers in the moment in which the cursor reaches what was sent', async () => {
  clock.after(30, () => advance(9));
  clock.after(70, () => advance(10));
  const { heldMs, reply } = await timed(beat());
  expect(heldMs).toBe(70);
  expect(reply).toMatchObject({ applied: 10 });
});

it('answers a node that waits in vain after the hold time, and leaves nothing behind', async () => {
  advance(4);
  const { heldMs, reply } = await timed(beat());
  expect(heldMs).toBe(centralLimits.heartbeatHoldMs);
  expect(reply).toMatchObject({ applied: 4 });
  expect(reply?.need).toBeUndefined();
});

it('tells of a gap at once, and not again while the answer to it travels', async () => {
  advance(4);
  clock.after(20, () => cursors.gap(log.warehouse));
  const first = await timed(beat());
  expect(first.heldMs).toBe(20);
  expect(first.reply).toMatchObject({ applied: 4, need: 5 });
  expect((await timed(beat())).reply?.need).toBeUndefined();
  await clock.advance(centralLimits.needRepeatMs);
  expect((await timed(beat())).reply?.need).toBe(5);
  advance(5);
  await clock.advance(centralLimits.needRepeatMs);
  expect((await timed(beat())).reply?.need).toBeUndefined();
});

it('repeats what it needs however the wall clock is set', async () => {
  advance(4);
  cursors.gap(log.warehouse);
  expect((await timed(beat())).reply?.need).toBe(5);
  clock.jump(-3_600_000);
  await clock.advance(centralLimits.needRepeatMs);
  expect((await timed(beat())).reply?.need).toBe(5);
});

it('asks for what may be lost after an interruption, unless it comes by itself', async () => {
  advance(4);
  cursors.doubtAll();
  expect((await timed(beat())).reply?.need).toBe(5);
  cursors.doubtAll();
  await clock.advance(centralLimits.needRepeatMs);
  clock.after(50, () => advance(10));
  expect((await timed(beat())).reply?.need).toBeUndefined();
});

it('asks a node again that believes central has more than it has', async () => {
  advance(4);
  expect((await timed(beat({ applied: 8, sent: 8 }))).reply).toMatchObject({ applied: 4, need: 5 });
});

it.each([
  ['another installation', () => beat({ instance: 'another-one' }), 'another installation'],
  ['another epoch', () => beat({ place: { ...log.place(), epoch: 2 } }), 'in epoch 1'],
  [
    'another history at the cursor',
    () => beat({ place: { ...log.place(4), hash: log.place(3).hash } }),
    'another history',
  ],
])('fences at once %s', async (_, asked, reason) => {
  advance(4);
  const { heldMs, reply } = await timed(asked());
  expect(heldMs).toBe(0);
  expect(reply?.fence).toMatchObject({ epoch: 1, reason: expect.stringContaining(reason) });
});

it('tells a node that was fenced while it waited', async () => {
  advance(4);
  clock.after(20, () => cursors.fence(log.warehouse, 'a fork'));
  const { heldMs, reply } = await timed(beat());
  expect(heldMs).toBe(20);
  expect(reply?.fence?.reason).toBe('a fork');
});

it('holds nothing against a heartbeat that was overtaken by its own batches', async () => {
  advance(10);
  expect((await timed(beat({ place: log.place(7), sent: 7, applied: 4 }))).reply?.fence).toBeUndefined();
});

it('notes what was heard of each node, the last word only', async () => {
  advance(10);
  await timed(beat({ clock: clock.now() - 3_000 }));
  await timed(beat({ clock: clock.now() + 5_000 }));
  expect(desk.takeHeard()).toMatchObject([{ warehouse: 'BER1', committed: 10, skewMs: 5_000 }]);
  expect(desk.takeHeard()).toEqual([]);
});

it('notes that a node has stopped sending by its own judgement, and that it goes on again', async () => {
  advance(10);
  await timed(beat({ fence: { reason: 'rolled back'.padEnd(2_000) } }));
  const [fenced] = desk.takeHeard();
  expect(fenced?.nodeFence).toContain('rolled back');
  expect(fenced?.nodeFence).toHaveLength(centralLimits.reasonLengthMax);
  await timed(beat());
  expect(desk.takeHeard()[0]).not.toHaveProperty('nodeFence');
});

it('asks for the states of suspect SKUs, so many at once, in turns, and no longer than they are suspect', async () => {
  const skus = Array.from({ length: wireLimits.wantedSkusMax + 3 }, (_, index) => `S${1_000 + index}`);
  for (const sku of skus) log.record(sku, 1, { kind: 99 });
  await store.applyBatches([log.verified(1, log.head)], clock.now());
  advance(log.head);
  // Another life of the thread learns of it from the store.
  await wanted.load();
  expect((await beat())?.wanted).toEqual(skus.slice(0, wireLimits.wantedSkusMax));
  expect(await beat()).not.toHaveProperty('wanted');
  await clock.advance(centralLimits.wantedRepeatMs);
  expect(await beat({ fence: { reason: 'rolled back' } })).not.toHaveProperty('wanted');
  expect((await beat())?.wanted).toEqual(skus.slice(wireLimits.wantedSkusMax));
  await store.applyStates([log.stateMessage(skus.slice(1).map(skuOf))], 1);
  await clock.advance(centralLimits.wantedRepeatMs);
  expect((await beat())?.wanted).toEqual(skus.slice(0, 1));
  await store.applyStates([log.stateMessage()], 1);
  await clock.advance(centralLimits.wantedRepeatMs);
  expect(await beat()).not.toHaveProperty('wanted');
});

it('leaves unanswered what is no request, or not of who sent it', async () => {
  expect(await desk.heartbeat('BER1', 'not JSON')).toBeUndefined();
  expect(await desk.heartbeat('BER1', '{}')).toBeUndefined();
  expect(await desk.heartbeat('HAM1', JSON.stringify(log.heartbeatRequest()))).toBeUndefined();
  expect(await desk.enrol('HAM1', JSON.stringify(log.enrolRequest()))).toBeUndefined();
});

it('takes a node back in that it has forgotten, and asks for its log from the start', async () => {
  const forgotten = new NodeLog('BER1', { epoch: 3 });
  const other = new ControlDesk({ ...deskOptions(), cursors: new NodeCursors([], clock) });
  const request = { ...forgotten.heartbeatRequest({ applied: 5 }), warehouse: 'HAM1' };
  const reply = other.heartbeat('HAM1', JSON.stringify(request));
  expect((await timed(reply)).reply).toMatchObject({ applied: 0, need: 1 });
});

it('passes on how far a node has carried out the log down, unless the node may not go on', async () => {
  advance(10);
  const down = { centralEpoch: 1, sequence: 3, hash: '0'.repeat(64), need: true };
  await timed(beat());
  await timed(beat({ down, instance: 'another-one' }));
  expect(downCursors).toEqual([]);
  await timed(beat({ down }));
  expect(downCursors).toEqual([['BER1', down]]);
});

it('asks once for the buckets in which the positions here differ from the digest of their node, a few at a time', async () => {
  advance(10);
  digests.compared(log.warehouse, { compared: 'yes', differing: [1, 2, 3, 4, 5] });
  expect(await beat({ fence: { reason: 'its own' } })).not.toHaveProperty('repair');
  expect(await beat()).toMatchObject({ repair: [1, 2, 3, 4] });
  expect(await beat()).toMatchObject({ repair: [5] });
  expect(await beat()).not.toHaveProperty('repair');
});

it('asks for a digest, now and then, until one was judged, and again after a repair', async () => {
  advance(10);
  expect(await beat()).toMatchObject({ digest: true });
  expect(await beat()).not.toHaveProperty('digest');
  digests.compared(log.warehouse, { compared: 'not-yet' });
  await clock.advance(centralLimits.digestRepeatMs);
  await expect.poll(async () => (await beat())?.digest).toBe(true);
  digests.compared(log.warehouse, { compared: 'yes', differing: [] });
  await clock.advance(centralLimits.digestRepeatMs);
  expect(await beat()).not.toHaveProperty('digest');
  digests.repaired(log.warehouse, 1);
  expect(await beat()).toMatchObject({ digest: true });
});

it('takes what a node has carried out for covered by its log only where that is the log which is applied', async () => {
  const down = { centralEpoch: 1, sequence: 3, hash: '0'.repeat(64) };
  const clone = new NodeLog('BER1');
  for (let units = 1; units <= 9; units += 1) clone.record('A', 2 * units);
  advance(10);
  await beat({ down }, clone);
  expect(desk.takeCovered()).toEqual([]);
  await beat({ down: { ...down, sequence: 2 } });
  expect(desk.takeCovered()).toEqual([{ warehouse: 'BER1', sequence: 2 }]);
});

describe('of a warehouse that is not settled', () => {
  const hash = '0'.repeat(64);
  const down = (centralEpoch: number) => ({ centralEpoch, sequence: 0, hash });
  beforeEach(() => {
    advance(10);
    cursors.unsettle(log.warehouse);
    desk.beginEpoch(7);
  });

  it('passes on where its node stands once that has taken up the epoch, and not before', async () => {
    expect(await beat({ down: down(1) })).toMatchObject({ centralEpoch: 7 });
    await beat({ down: down(0) });
    expect(places).toEqual([]);
    await beat({ down: down(7) });
    expect(places).toEqual([[log.warehouse, 10]]);
  });

  it('says it again until it is written down, and no more then', async () => {
    await beat({ down: down(7) });
    await beat({ down: down(7) });
    expect(places).toHaveLength(2);
    cursors.settleAt(log.warehouse, 10);
    await beat({ down: down(7) });
    expect(places).toHaveLength(2);
  });

  it('asks a node of the first schema for nothing that it cannot say', async () => {
    await beat();
    expect(places).toEqual([[log.warehouse, 10]]);
  });

  it('believes no node that may not go on', async () => {
    cursors.fence(log.warehouse, 'a clone');
    await beat({ down: down(7) });
    expect(places).toEqual([]);
  });
});
