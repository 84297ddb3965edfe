import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@edgestock/shared/runtime/log';
import { seededRandom } from '@edgestock/shared/testing/seeded-random';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { openCentralStore } from '../store/sqlite/open-central-store.ts';
import { NodeLog } from '../testing/node-log.ts';
import { startIngestThread } from './ingest-thread.ts';

const HOUR_MS = 3_600_000;
let directory: string;
let store: ReturnType<typeof openCentralStore>;
let clock: VirtualClock;
const log = new NodeLog('BER1');

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'edgestock-ingest-thread-'));
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
  startIngestThread({
    config: { natsUrls: ['nats://127.0.0.1:1'], databasePath: '', logLevel: 'error' },
    store,
    clock,
    random: seededRandom(1),
    log: silentLog,
    tell: () => undefined,
    onFailed: (error) => {
      throw error;
    },
  });
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
