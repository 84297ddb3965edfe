import { shardOf } from '@edgestock/shared/protocol/subjects';
import { SHARD_COUNT } from '@edgestock/shared/protocol/version';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { beforeEach, describe, expect, it } from 'vitest';
import { NodeLog } from '../testing/node-log.ts';
import { NodeCursors } from './node-cursors.ts';
import { StallWatch } from './stall-watch.ts';

const BEAT_MS = 5_000;
let clock: VirtualClock;
let cursors: NodeCursors;
let log: NodeLog;
let isStoreFull: boolean;
let watch: StallWatch;

beforeEach(() => {
  clock = new VirtualClock();
  log = new NodeLog('BER1');
  for (let units = 1; units <= 10; units += 1) log.record('A', units);
  const appliedHash = log.hashes[4] ?? new Uint8Array();
  const [warehouse, instance] = [log.warehouse, log.instance];
  cursors = new NodeCursors([], clock);
  cursors.set({
    ...{ warehouse, instance, epoch: 1, appliedUpTo: 4, appliedHash, enrolledAt: 0, appliedAt: 0, lastDeltaAt: 0 },
    knownAt: 0,
  });
  isStoreFull = false;
  watch = new StallWatch({ cursors, clock, isStoreFull: () => isStoreFull });
});

/** Heartbeats of so long; the node says that it has sent so far. */
async function beats(ms: number, { sent = 10, mayGoOn = true } = {}) {
  for (let passed = 0; passed < ms; passed += BEAT_MS) {
    await clock.advance(BEAT_MS);
    watch.heard(log.warehouse, log.heartbeatRequest({ sent }), mayGoOn);
  }
}
const advance = (sequence: number) =>
  cursors.advance(log.warehouse, sequence, log.hashes[sequence] ?? new Uint8Array());
const stalledMs = () => watch.stalls().map((stall) => stall.stalledMs);

describe('a node', () => {
  it('that has sent, and is not applied, stands still since its first word of it', async () => {
    await beats(60_000);
    expect(watch.stalls()).toEqual([{ warehouse: log.warehouse, appliedUpTo: 4, stalledMs: 55_000 }]);
  });

  it('whose publishes fail, and which says only now and then that it has sent, stands still, too', async () => {
    await beats(5_000);
    await beats(55_000, { sent: 4 });
    expect(stalledMs()).toEqual([55_000]);
  });

  it('that has sent nothing waits for nobody', async () => {
    await beats(60_000, { sent: 4 });
    expect(stalledMs()).toEqual([]);
  });

  it('begins anew with every move of its cursor, at once', async () => {
    await beats(60_000);
    advance(7);
    expect(stalledMs()).toEqual([]);
    await beats(10_000);
    expect(stalledMs()).toEqual([5_000]);
    advance(10);
    await beats(10_000);
    expect(stalledMs()).toEqual([]);
  });

  it('that may not go on is not expected to', async () => {
    await beats(60_000);
    await beats(5_000, { mayGoOn: false });
    expect(stalledMs()).toEqual([]);
  });

  it('that was silent begins anew, and does not stand still while it is', async () => {
    await beats(60_000);
    await clock.advance(16_000);
    expect(stalledMs()).toEqual([]);
    await beats(10_000);
    expect(stalledMs()).toEqual([5_000]);
  });

  it('does not stand still while the store of central is full, and begins anew afterwards', async () => {
    await beats(60_000);
    isStoreFull = true;
    expect(stalledMs()).toEqual([]);
    isStoreFull = false;
    await beats(10_000);
    expect(stalledMs()).toEqual([5_000]);
  });

  it('begins anew when the link to the broker comes back', async () => {
    await beats(60_000);
    watch.forgetAll();
    await beats(10_000);
    expect(stalledMs()).toEqual([5_000]);
  });

  it('of a shard that moves may wait for its turn', async () => {
    const shard = shardOf(log.warehouse);
    expect(watch.isMoving(shard)).toBe(false);
    advance(5);
    expect([watch.isMoving(shard), watch.isMoving((shard + 1) % SHARD_COUNT)]).toEqual([true, false]);
    await clock.advance(15_001);
    expect(watch.isMoving(shard)).toBe(false);
  });

  it('is asked for what was dropped of it', async () => {
    await beats(60_000);
    watch.dropped(log.warehouse);
    expect(cursors.get(log.warehouse)?.need).toBe(5);
  });
});
