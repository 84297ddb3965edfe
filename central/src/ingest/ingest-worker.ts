import { parentPort, workerData } from 'node:worker_threads';
import { must } from '@edgestock/shared/runtime/assert';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { createLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { openCentralStore } from '../store/sqlite/open-central-store.ts';
import { startIngestThread } from './ingest-thread.ts';
import type { FromWorker, IngestConfig, ToWorker } from './worker-messages.ts';

/** Entry of the ingest thread: builds and wires, nothing else. Whatever it cannot deal with ends the thread. */
const port = must(parentPort, 'the ingest thread is started by ingest.ts');
const config = workerData as IngestConfig;

const store = openCentralStore(config.databasePath);
const thread = await startIngestThread({
  config,
  store,
  clock: systemClock,
  random: systemRandom,
  log: createLog({ level: config.logLevel, name: 'central-ingest' }),
  tell: (message: FromWorker) => port.postMessage(message),
  onFailed: (error) => {
    // Out of every promise chain, so that it ends the thread: its owner starts another one on intact durable state.
    systemClock.after(0, () => {
      throw error;
    });
  },
});

port.on('message', async (message: ToWorker) => {
  if (message.type !== 'stop') return;
  await thread.stop();
  await store.close();
  // Ends this thread alone. While the broker is away, a wait of its client would keep it for up to ten seconds.
  process.exit();
});
