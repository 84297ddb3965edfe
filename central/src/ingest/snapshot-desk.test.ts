import { silentLog } from '@edgestock/shared/runtime/log';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Applied } from '../store/central-store.ts';
import { FedStore } from '../testing/fed-store.ts';
import { NodeLog } from '../testing/node-log.ts';
import { NodeSnapshot } from '../testing/node-snapshot.ts';
import { emptyIngestMetrics } from './ingest-metrics.ts';
import { NodeCursors } from './node-cursors.ts';
import { SnapshotDesk } from './snapshot-desk.ts';

let fed: FedStore;
let cursors: NodeCursors;
let desk: SnapshotDesk;
let log: NodeLog;
let one: NodeSnapshot;
const metrics = emptyIngestMetrics();
const committed: Omit<Applied<never>, 'outcomes'>[] = [];
beforeEach(async () => {
  fed = new FedStore();
  Object.assign(metrics, emptyIngestMetrics());
  committed.length = 0;
  log = new NodeLog('BER1');
  for (const sku of ['A', 'B', 'C']) log.record(sku, 4);
  one = new NodeSnapshot(log, 3);
  const clock = new VirtualClock();
  await fed.store.enrol(log.warehouse, log.enrolRequest(), clock.now());
  cursors = new NodeCursors(await fed.store.warehouses(), clock);
  desk = new SnapshotDesk({
    ...{ store: fed.store, cursors, metrics, clock, log: silentLog },
    yieldTurn: async () => undefined,
    onCommitted: (applied) => committed.push(applied),
  });
});
afterEach(() => fed.close());

const ask = (body: object, subject = 'BER1') =>
  desk.snapshot(subject, JSON.stringify({ warehouse: 'BER1', ...one.asked, ...body }));
const begin = () => ask({ ask: 'begin', manifest: one.manifest });
const chunk = (index: number, change: object = {}) => {
  const { hash, bytes } = one.chunk(index);
  const hex = Buffer.from(hash).toString('hex');
  return ask({ ask: 'chunk', index, hash: hex, bytes: Buffer.from(bytes).toString('base64'), ...change });
};

describe('the desk for snapshots', () => {
  it('answers with what is wanted next, counts it, and moves the cursor at hand with the last piece', async () => {
    expect(await begin()).toEqual({ outcome: 'send', index: 0 });
    expect(await chunk(0)).toEqual({ outcome: 'send', index: 1 });
    expect(await chunk(1)).toEqual({ outcome: 'take', taken: 0 });
    expect(await ask({ ask: 'take' })).toEqual({ outcome: 'take', taken: 1 });
    expect(cursors.get(log.warehouse)?.appliedUpTo).toBe(0);
    expect(await ask({ ask: 'take' })).toEqual({ outcome: 'taken', applied: 3 });
    expect(cursors.get(log.warehouse)?.appliedUpTo).toBe(3);
    expect(metrics).toMatchObject({ snapshotChunks: 2, snapshotsTaken: 1, snapshotsDamaged: 0 });
    expect(committed.flatMap(({ changes }) => changes.map(({ sku }) => sku))).toEqual(['A', 'B', 'C']);
  });

  it('counts what was damaged, and what was not what it said', async () => {
    await begin();
    expect(await chunk(0, { bytes: 'AAAA' })).toEqual({ outcome: 'send', index: 0 });
    await chunk(0);
    const other = new NodeSnapshot(log, 2).chunk(0);
    const lie = { hash: Buffer.from(other.hash).toString('hex'), bytes: Buffer.from(other.bytes).toString('base64') };
    expect(await chunk(1, lie)).toMatchObject({ outcome: 'anew' });
    expect(metrics).toMatchObject({ snapshotChunks: 1, snapshotsTaken: 0, snapshotsDamaged: 2 });
  });

  it('leaves unanswered what is no request, or of another node than its subject says', async () => {
    expect(await desk.snapshot('BER1', 'not JSON')).toBeUndefined();
    expect(await ask({ ask: 'begin', manifest: { ...one.manifest, chunks: 1e9 } })).toBeUndefined();
    expect(await ask({ ask: 'take' }, 'HAM1')).toBeUndefined();
    expect(await ask({ ask: 'take', warehouse: '../BER1' }, '../BER1')).toBeUndefined();
    expect(committed).toEqual([]);
  });
});
