import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeUpBatch } from '@edgestock/shared/protocol/codec';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { seededRandom } from '@edgestock/shared/testing/seeded-random';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ChangeNotice } from '../store/central-store.ts';
import { BoundedStore } from '../testing/bounded-store.ts';
import { digestWatchOf } from '../testing/digest-watch.ts';
import { NodeLog } from '../testing/node-log.ts';
import { emptyIngestMetrics } from './ingest-metrics.ts';
import { Ingester } from './ingester.ts';
import { NodeCursors } from './node-cursors.ts';
import { StoreWrites } from './store-writes.ts';
import { WantedStates } from './wanted-states.ts';

let directory: string;
let store: BoundedStore;
let cursors: NodeCursors;
let failures: unknown[];
let changes: ChangeNotice[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'edgestock-ingester-'));
  store = BoundedStore.open(join(directory, 'central.db'));
  cursors = new NodeCursors([], systemClock);
  failures = [];
  changes = [];
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

function newIngester() {
  const metrics = emptyIngestMetrics();
  const writes = new StoreWrites({ clock: systemClock, random: seededRandom(1), log: silentLog });
  const ingester = new Ingester({
    store,
    cursors,
    wanted: new WantedStates(store, systemClock),
    digests: digestWatchOf(store, systemClock),
    writes,
    metrics,
    clock: systemClock,
    log: silentLog,
    yieldTurn: async () => undefined,
    onCommitted: (applied) => changes.push(...applied.changes),
    onDownAcknowledged: () => undefined,
    onFailed: (error) => failures.push(error),
  });
  return { ingester, metrics, writes };
}

async function enrolled(id: string): Promise<NodeLog> {
  const log = new NodeLog(id);
  await store.enrol(log.warehouse, log.enrolRequest(), 1);
  const record = await store.warehouse(log.warehouse);
  if (record !== undefined) cursors.set(record);
  return log;
}

/** Hands a message over; resolves when it was acknowledged. */
function deliver(ingester: Ingester, log: NodeLog, bytes: Uint8Array, lane: 'up' | 'state' = 'up'): Promise<void> {
  return new Promise((resolve) => {
    void ingester.accept({ lane, subjectWarehouse: log.warehouse, bytes, acknowledge: resolve });
  });
}

it('acknowledges after the commit, and has moved the cursor at hand by then', async () => {
  const { ingester } = newIngester();
  const log = await enrolled('BER1');
  log.record('A', 5);
  await deliver(ingester, log, log.bytes(1, 1));
  expect(await store.warehouse(log.warehouse)).toMatchObject({ appliedUpTo: 1 });
  expect(cursors.get(log.warehouse)).toMatchObject({ appliedUpTo: 1 });
  expect(changes).toEqual([{ sku: 'A', revision: 1 }]);
});

it('commits what arrives together in one transaction', async () => {
  const { ingester, metrics } = newIngester();
  const logs = await Promise.all(['BER1', 'HAM1', 'MUC1'].map(enrolled));
  for (const log of logs) for (let units = 1; units <= 4; units += 1) log.record('A', units);
  await Promise.all(
    logs.flatMap((log) => [deliver(ingester, log, log.bytes(1, 2)), deliver(ingester, log, log.bytes(3, 4))]),
  );
  expect(metrics).toMatchObject({ commits: 1, batchesApplied: 6, deltasApplied: 12 });
  expect(changes).toEqual([{ sku: 'A', revision: 1 }]);
});

it('rests after a commit of some size, so that what comes meanwhile shares the next one', async () => {
  const { ingester, metrics } = newIngester();
  const log = await enrolled('BER1');
  for (let units = 1; units <= 400; units += 1) log.record('A', units);
  const applied = Array.from({ length: 20 }, async (_, batch) => {
    // One after the other, each in a turn of its own.
    for (let turn = 0; turn < 20 * batch; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await deliver(ingester, log, log.bytes(20 * batch + 1, 20 * batch + 20));
  });
  await Promise.all(applied);
  expect(metrics.deltasApplied).toBe(400);
  expect(metrics.commits).toBeLessThan(12);
});

it('acknowledges nothing that the store could not take, and says that it failed', async () => {
  const { ingester } = newIngester();
  const log = await enrolled('BER1');
  log.record('A', 5);
  await store.close();
  let isAcknowledged = false;
  const acknowledge = () => {
    isAcknowledged = true;
  };
  await ingester.accept({ lane: 'up', subjectWarehouse: log.warehouse, bytes: log.bytes(1, 1), acknowledge });
  await expect.poll(() => failures).toHaveLength(1);
  expect(isAcknowledged).toBe(false);
  expect(cursors.get(log.warehouse)).toMatchObject({ appliedUpTo: 0 });
  store = BoundedStore.open(join(directory, 'central.db'));
});

it('waits on a full disk, acknowledges nothing meanwhile, and goes on by itself when there is room', async () => {
  const { ingester, metrics, writes } = newIngester();
  const log = await enrolled('BER1');
  for (let index = 0; index < 400; index += 1) log.record(`S${index}`, 1);
  store.fill();
  let isAcknowledged = false;
  const delivered = deliver(ingester, log, log.bytes(1, log.head)).then(() => {
    isAcknowledged = true;
  });
  await expect.poll(() => writes.failure?.reason).toContain('full');
  await systemClock.sleep(50);
  expect([isAcknowledged, failures, metrics.commits]).toEqual([false, [], 0]);
  expect(await store.warehouse(log.warehouse)).toMatchObject({ appliedUpTo: 0 });
  store.makeRoom();
  await delivered;
  expect(writes.failure).toBeUndefined();
  expect(await store.warehouse(log.warehouse)).toMatchObject({ appliedUpTo: log.head });
});

it('can be stopped while it waits on a full disk', async () => {
  const { ingester, writes } = newIngester();
  const log = await enrolled('BER1');
  for (let index = 0; index < 400; index += 1) log.record(`S${index}`, 1);
  store.fill();
  void deliver(ingester, log, log.bytes(1, log.head));
  await expect.poll(() => writes.failure).toBeDefined();
  await ingester.stop();
  expect(failures).toEqual([]);
});

it('comes to the sum of the nodes, whatever is lost, repeated, reordered or damaged, once the rest is resent', async () => {
  let run = 0;
  const delivery = fc.record({
    node: fc.nat(1),
    first: fc.nat(29),
    size: fc.integer({ min: 1, max: 10 }),
    kind: fc.constantFrom('batch', 'batch', 'batch', 'states', 'damaged', 'restart'),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(1), fc.constantFrom('A', 'B', 'C'), fc.integer({ min: -5, max: 9 })), {
        minLength: 2,
        maxLength: 60,
      }),
      fc.array(delivery, { maxLength: 30 }),
      async (movements, deliveries) => {
        run += 1;
        let { ingester } = newIngester();
        const logs = [await enrolled(`X${run}`), await enrolled(`Y${run}`)];
        for (const [node, sku, change] of movements) logs[node]?.record(`${run}-${sku}`, change);
        for (const { node, first, size, kind } of deliveries) {
          const log = logs[node];
          if (kind === 'restart') {
            await ingester.stop();
            ({ ingester } = newIngester());
          } else if (log !== undefined && kind === 'states' && log.head > 0) {
            void deliver(ingester, log, log.stateBytes([...log.positions.keys()].slice(0, size)), 'state');
          } else if (log !== undefined && first < log.head) {
            const bytes = Buffer.from(log.bytes(first + 1, Math.min(log.head, first + size)));
            if (kind === 'damaged') bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 8;
            void deliver(ingester, log, bytes);
          }
        }
        for (const log of logs) if (log.head > 0) await deliver(ingester, log, log.bytes(1, log.head));
        for (const log of logs) {
          const positions = await store.positionsOf(log.warehouse, undefined, 100);
          const known = new Map(
            positions.map(({ sku, warehouse: _w, isSuspect: _s, atCentral: _a, incoming: _i, ...rest }) => [sku, rest]),
          );
          expect(known).toEqual(new Map(log.positions));
          expect((await store.warehouse(log.warehouse))?.appliedUpTo).toBe(log.head);
          expect(cursors.get(log.warehouse)?.appliedUpTo).toBe(log.head);
        }
        expect(failures).toEqual([]);
      },
    ),
    { numRuns: 25 },
  );
});

it('lets those who wait for a promise go first, after each of its transactions', async () => {
  const events: string[] = [];
  const logs = await Promise.all(['BER1', 'HAM1', 'MUC1'].map(enrolled));
  for (const log of logs) for (let units = 0; units < 1_500; units += 1) log.record('A', 1);
  const ingester = new Ingester({
    store,
    cursors,
    wanted: new WantedStates(store, systemClock),
    digests: digestWatchOf(store, systemClock),
    writes: new StoreWrites({ clock: systemClock, random: seededRandom(1), log: silentLog }),
    metrics: emptyIngestMetrics(),
    clock: systemClock,
    log: silentLog,
    yieldTurn: async () => void events.push('turn'),
    onCommitted: () => void events.push('commit'),
    onDownAcknowledged: () => undefined,
    onFailed: (error) => failures.push(error),
  });
  const due = logs.flatMap((log) => [0, 500, 1_000].map((first) => log.bytes(first + 1, first + 500)));
  let acknowledged = 0;
  const count = () => {
    acknowledged += 1;
  };
  for (const [index, bytes] of due.entries()) {
    const subjectWarehouse = logs[Math.floor(index / 3)]?.warehouse ?? '';
    void ingester.accept({ lane: 'up', subjectWarehouse, bytes, acknowledge: count });
  }
  await expect.poll(() => acknowledged).toBe(due.length);
  await ingester.stop();
  expect(events.filter((event) => event === 'commit').length).toBeGreaterThan(1);
  expect(events.join(' ')).not.toContain('commit commit');
});

it('passes on how far a node has carried out the log down', async () => {
  const told: unknown[] = [];
  const log = await enrolled('BER1');
  log.record('A', 1);
  const ingester = new Ingester({
    store,
    cursors,
    wanted: new WantedStates(store, systemClock),
    digests: digestWatchOf(store, systemClock),
    writes: new StoreWrites({ clock: systemClock, random: seededRandom(1), log: silentLog }),
    metrics: emptyIngestMetrics(),
    clock: systemClock,
    log: silentLog,
    yieldTurn: async () => undefined,
    onCommitted: () => undefined,
    onDownAcknowledged: (...cursor) => told.push(cursor),
    onFailed: (error) => failures.push(error),
  });
  const bytes = encodeUpBatch({ ...log.batch(1, 1), downAck: 7 });
  void ingester.accept({ lane: 'up', subjectWarehouse: 'BER1', bytes, acknowledge: () => undefined });
  await expect.poll(() => told).toEqual([['BER1', 7]]);
  await ingester.stop();
});
