import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Service } from '@edgestock/shared/runtime/service';
import { makeDataDirectory } from '@edgestock/shared/sqlite/data-directory';
import { natsServerBinary } from '@edgestock/shared/testing/nats-server';
import { KeptProcess } from './kept-process.ts';

export type Broker = Service & { readonly url: string };

const GREETING_WITHIN_MS = 1_000;

/**
 * A nats-server with JetStream on loopback, its store and log under `directory`; what is there already is used again. Only for one
 * machine: the run book has the configuration for more. Throws `ProgramDidNotStart`.
 */
export async function startBroker(options: {
  readonly directory: string;
  readonly port: number;
  readonly log: Log;
}): Promise<Broker> {
  const { directory, port, log } = options;
  makeDataDirectory(directory, { setting: '--data-dir' });
  const configuration = join(directory, 'nats.conf');
  // JSON strings are valid in its syntax, so a path with spaces or quotes is one too.
  await writeFile(
    configuration,
    [
      `listen: 127.0.0.1:${port}`,
      `log_file: ${JSON.stringify(join(directory, 'nats.log'))}`,
      'logfile_size_limit: 16777216',
      `jetstream { store_dir: ${JSON.stringify(join(directory, 'store'))} }`,
      '',
    ].join('\n'),
  );
  const kept = await KeptProcess.start(
    { name: 'nats-server', command: natsServerBinary(), args: ['-c', configuration], isReady: () => greets(port) },
    log,
  );
  return {
    url: `nats://127.0.0.1:${port}`,
    stop: () => kept.stop(),
  };
}

/** The server speaks first: its INFO line says whether JetStream is on. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (isReady: boolean) => {
      cancel();
      socket.destroy();
      resolve(isReady);
    };
    const cancel = systemClock.after(GREETING_WITHIN_MS, () => done(false));
    socket.once('error', () => done(false));
    socket.once('data', (chunk) => done(chunk.includes('"jetstream":true')));
  });
}
