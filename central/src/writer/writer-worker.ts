import { parentPort, workerData } from 'node:worker_threads';
import { must, unreachable } from '@edgestock/shared/runtime/assert';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { createLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { keepTickShape } from '@edgestock/shared/runtime/tick-shape';
import { StoreWrites } from '../ingest/store-writes.ts';
import { type OpenedStore, openStore } from '../open-store.ts';
import type { FromWriter, ToWriter, WriterConfig } from './writer-messages.ts';
import { startWriterThread, type WriterThread } from './writer-thread.ts';

/** Entry of the writer's thread: builds and wires, nothing else. Whatever it cannot deal with ends the thread. */
keepTickShape();
const port = must(parentPort, "the writer's thread is started by writer.ts");
const config = workerData as WriterConfig;
const log = createLog({ level: config.logLevel, name: 'central-writer' });
const tell = (message: FromWriter) => port.postMessage(message);
let opened: OpenedStore | undefined;
let thread: WriterThread | undefined;

port.on('message', async (message: ToWriter) => {
  switch (message.type) {
    case 'promise':
      return must(thread, 'nobody asks before it is ready').promise(message.requests);
    case 'stop':
      await thread?.stop();
      await opened?.store.close();
      // Ends this thread alone. While the broker is away, a wait of its client would keep it for up to ten seconds.
      return process.exit();
    default:
      return unreachable(message);
  }
});

const opening = new StoreWrites({
  clock: systemClock,
  random: systemRandom,
  log,
  onChange: (failure) => tell({ type: 'store', failure }),
});
const { store, isStoreChecked: isChecked = true, held } = config;
const open = () => openStore(store, { isChecked, ...(held === undefined ? {} : { held }) });
opened = await opening.hold(open, new AbortController().signal);
thread = await startWriterThread({
  config,
  ...opened,
  clock: systemClock,
  random: systemRandom,
  log,
  tell,
  onFailed: (error) => {
    // Out of every promise chain, so that it ends the thread: its owner starts another one on intact durable state.
    systemClock.after(0, () => {
      throw error;
    });
  },
});
