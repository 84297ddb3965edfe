import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@edgestock/shared/runtime/log';
import { seededRandom } from '@edgestock/shared/testing/seeded-random';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { openCentralStore } from '../store/sqlite/open-central-store.ts';
import { StoreFull } from '../store/store-full.ts';
import { NodeLog } from '../testing/node-log.ts';
import type { FromWriter } from './writer-messages.ts';
import { startWriterThread } from './writer-thread.ts';

const HOUR_MS = 3_600_000;
let directory: string;
let store: ReturnType<typeof openCentralStore>;
let clock: VirtualClock;
const log = new NodeLog('BER1');

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'edgestock-writer-thread-'));
  store = openCentralStore(join(directory, 'central.db'));
  clock = new VirtualClock();
  await store.enrol(log.warehouse, log.enrolRequest(), clock.now());
  const spoken = { committed: 0, sent: 0, skewMs: 0, schemaMin: 1, schemaMax: 1 };
  await store.recordHeard([{ warehouse: log.warehouse, at: clock.now(), ...spoken }]);
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

/** Without a broker: what is tested here needs none. */
const start = () =>
  startWriterThread({
    config: { natsUrls: ['nats://127.0.0.1:1'], store: { kind: 'sqlite', path: '' }, logLevel: 'error' },
    store,
    clock,
    random: seededRandom(1),
    log: silentLog,
    tell: (message) => told.push(message),
    onFailed: (error) => {
      throw error;
    },
  });
const told: FromWriter[] = [];
const heardAt = async () => (await store.warehouse(log.warehouse))?.heard?.at;

it('starts with no times from the future: a node that is dead must fall silent by the clock there is', async () => {
  clock.jump(-HOUR_MS);
  const thread = await start();
  expect(await heardAt()).toBe(clock.now());
  await thread.stop();
});

it('notices within a second that the clock was set back', async () => {
  const thread = await start();
  clock.jump(-HOUR_MS);
  await clock.advance(centralLimits.heardFlushMs);
  expect(await heardAt()).toBe(clock.now());
  await thread.stop();
});

it('lives on with a full store, says since when and why, and does later what it could not do', async () => {
  clock.jump(-HOUR_MS);
  const { clampTimes } = store;
  store.clampTimes = async () => {
    throw new StoreFull('database or disk is full');
  };
  const thread = await start();
  const since = clock.now();
  await clock.advance(centralLimits.heardFlushMs * 3);
  const failure = expect.objectContaining({ since, reason: 'database or disk is full' });
  expect(told).toContainEqual({ type: 'store', failure });
  expect(told.at(-1)).toMatchObject({ type: 'metrics', metrics: { ingest: { storeFailing: 1 } } });
  store.clampTimes = clampTimes;
  await clock.advance(centralLimits.heardFlushMs);
  expect(told).toContainEqual({ type: 'store', failure: undefined });
  expect(told.at(-1)).toMatchObject({ type: 'metrics', metrics: { ingest: { storeFailing: 0 } } });
  expect(await heardAt()).toBeLessThanOrEqual(clock.now());
  await thread.stop();
});
