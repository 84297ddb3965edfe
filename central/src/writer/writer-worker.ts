import { parentPort, workerData } from 'node:worker_threads';
import { must, unreachable } from '@edgestock/shared/runtime/assert';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { createLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { openPostgresStore } from '../store/postgres/open-central-store.ts';
import { openCentralStore } from '../store/sqlite/open-central-store.ts';
import type { FromWriter, ToWriter, WriterConfig } from './writer-messages.ts';
import { startWriterThread } from './writer-thread.ts';

/** Entry of the writer's thread: builds and wires, nothing else. Whatever it cannot deal with ends the thread. */
const port = must(parentPort, "the writer's thread is started by writer.ts");
const config = workerData as WriterConfig;

const store =
  config.databaseUrl === undefined
    ? openCentralStore(config.databasePath, { isChecked: config.isStoreChecked ?? true })
    : await openPostgresStore(config.databaseUrl, { clock: systemClock, random: systemRandom });
const thread = await startWriterThread({
  config,
  store,
  clock: systemClock,
  random: systemRandom,
  log: createLog({ level: config.logLevel, name: 'central-writer' }),
  tell: (message: FromWriter) => port.postMessage(message),
  onFailed: (error) => {
    // Out of every promise chain, so that it ends the thread: its owner starts another one on intact durable state.
    systemClock.after(0, () => {
      throw error;
    });
  },
});

port.on('message', async (message: ToWriter) => {
  switch (message.type) {
    case 'promise':
      return thread.promise(message.requests);
    case 'stop':
      await thread.stop();
      await store.close();
      // Ends this thread alone. While the broker is away, a wait of its client would keep it for up to ten seconds.
      return process.exit();
    default:
      return unreachable(message);
  }
});
