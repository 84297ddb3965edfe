import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Clock, systemClock } from '@edgestock/shared/runtime/clock';
import { createLog, type Log } from '@edgestock/shared/runtime/log';
import { type Random, systemRandom } from '@edgestock/shared/runtime/random';
import { RELEASE } from '@edgestock/shared/runtime/release';
import { type Service, ServiceStack } from '@edgestock/shared/runtime/service';
import { IntegrityWatch } from '@edgestock/shared/sqlite/integrity-watch';
import { ProcessLock } from '@edgestock/shared/sqlite/process-lock';
import { StartCheck } from '@edgestock/shared/sqlite/start-check';
import { Api } from './api/api.ts';
import type { IngestReport } from './api/operator-routes.ts';
import type { CentralConfig } from './config.ts';
import { CentralMetrics } from './metrics.ts';
import { LOCK_FILE, STORE_FILE } from './store/sqlite/central-backup.ts';
import { openCentralReader, openCentralStore } from './store/sqlite/open-central-store.ts';
import { Writer } from './writer/writer.ts';

export type Central = Service & { readonly url: string };

export type CentralDependencies = {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Log;
  /** A store of more bytes is served before it is checked. */
  readonly checkedFirstBytesMax?: number;
};

/**
 * The whole of central: the store's one writer in a thread of its own, and the API on a read-only connection in this one.
 * Resolves when the API answers; the broker need not be there. Throws when the data directory, the store or the address
 * cannot be had, each error with what to do about it.
 */
export async function startCentral(config: CentralConfig, dependencies: CentralDependencies = {}): Promise<Central> {
  const { clock = systemClock, random = systemRandom } = dependencies;
  const log = dependencies.log ?? createLog({ level: config.logLevel, name: 'central' });
  const directory = resolve(config.dataDirectory);
  const storePath = join(directory, STORE_FILE);
  const services = new ServiceStack();
  try {
    makeDirectory(directory);
    const lock = ProcessLock.take(join(directory, LOCK_FILE));
    services.add('lock', { stop: async () => lock.release() });

    // Opened here once, so that a store that cannot be used ends the start with its reason; the thread would try for ever.
    const check = new StartCheck(storePath, dependencies);
    await openCentralStore(storePath, { isChecked: !check.isBeside }).close();
    const { natsUrls, logLevel } = config;
    const writer = services.add(
      'writer',
      new Writer({ natsUrls, databasePath: storePath, logLevel }, { clock, random, log }),
    );
    await writer.ready;

    const onChecked = (findings: readonly string[]) => check.note(findings);
    const integrity = services.add('integrity', new IntegrityWatch({ path: storePath, clock, random, log, onChecked }));
    if (check.isBeside) void integrity.check('structure');
    const opened = openCentralReader(storePath);
    services.add('reader', { stop: async () => opened.close() });
    const api = services.add(
      'api',
      await Api.start({
        host: config.host,
        port: config.port,
        corsOrigins: config.corsOrigins,
        version: RELEASE,
        storePath,
        reader: opened.reader,
        writer,
        metrics: new CentralMetrics(),
        clock,
        random,
        log,
        ingest: () => ingestReport(writer, natsUrls),
        integrity: () => integrity.report,
        promising: () => ({
          pending: writer.promisesPending,
          promises: writer.metrics.promises,
          directives: writer.metrics.directives,
        }),
        residentBytes: () => process.memoryUsage.rss(),
      }),
    );
    writer.onChange((changes) => (changes.length > 0 ? api.changed(changes) : api.noticesLost()));
    writer.onEpoch(() => {
      api.epochBegun().catch((error: unknown) => log.error({ error }, 'the new epoch could not be read'));
    });
    // What was committed while the API came up gave its notice to nobody.
    api.noticesLost();
    log.info({ url: api.url, dataDirectory: directory, broker: natsUrls }, 'central is ready');
    return { url: api.url, stop: () => services.stop() };
  } catch (error) {
    await services.stop();
    throw error;
  }
}

/** The data directory cannot be made or written. */
export class DataDirectoryUnusable extends Error {
  override readonly name = 'DataDirectoryUnusable';
  readonly hint = 'Name a directory that this user may write: --data-dir, or EDGESTOCK_CENTRAL_DATA_DIR.';
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (cause) {
    throw new DataDirectoryUnusable(`the data directory ${directory} cannot be made`, { cause });
  }
}

/** What an operator should know of the thread that takes in what the nodes send. */
function ingestReport(writer: Writer, natsUrls: readonly string[]): IngestReport {
  const counters = writer.metrics.ingest;
  if (!writer.isRunning) {
    const hint = 'The thread that writes ended and is started again; the log says why. Reads are served meanwhile.';
    return { isUp: false, state: 'restarting', hint, counters };
  }
  const { storeFailure, streamFailure } = writer;
  if (storeFailure !== undefined) return { ...failingReport(storeFailure), state: 'store-failing', counters };
  if (!writer.isBrokerUp) {
    const hint = `No link to the broker at ${natsUrls.join(', ')}: is it up? Central tries for ever and serves reads meanwhile.`;
    return { isUp: false, state: 'waiting-for-broker', hint, counters };
  }
  if (streamFailure !== undefined) return { ...failingReport(streamFailure), state: streamFailure.state, counters };
  return { isUp: true, state: 'running', counters };
}

function failingReport({
  since,
  reason,
  hint,
}: {
  readonly since: number;
  readonly reason: string;
  readonly hint: string;
}) {
  return { isUp: false, since: new Date(since).toISOString(), reason, hint };
}
