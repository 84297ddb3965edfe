import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { type Clock, systemClock } from '@edgestock/shared/runtime/clock';
import { createLog, type Log } from '@edgestock/shared/runtime/log';
import { type Random, systemRandom } from '@edgestock/shared/runtime/random';
import { RELEASE } from '@edgestock/shared/runtime/release';
import { type Service, ServiceStack } from '@edgestock/shared/runtime/service';
import { DataDirectoryInUse } from '@edgestock/shared/sqlite/process-lock';
import type { EdgeConfig } from './config.ts';
import { createHttpApp } from './http/http-app.ts';
import { serveHttp } from './http/serve-http.ts';
import { ImportJobs } from './import/import-jobs.ts';
import { LedgerInbox } from './ledger/directive-inbox.ts';
import { DocumentPruner } from './ledger/document-pruner.ts';
import { Granter } from './ledger/granter.ts';
import { Ledger } from './ledger/ledger.ts';
import { ReservationSweeper } from './ledger/reservation-sweeper.ts';
import { httpLimits } from './limits.ts';
import { Rejoin } from './rejoin/rejoin.ts';
import { takeUp } from './rejoin/take-up.ts';
import { startReplication } from './replication/start-replication.ts';
import { restoredHint } from './rules/restored.ts';
import { DATABASE_FILE } from './store/edge-backup.ts';
import { EdgeStore } from './store/edge-store.ts';

export type EdgeNode = Service & {
  readonly warehouse: WarehouseId;
  readonly url: string;
  /** Central has answered in the present session; `false` does not keep the node from working. */
  isEnrolled(): boolean;
};

type Around = { readonly clock: Clock; readonly random: Random; readonly log: Log };

/**
 * One node: the store opened, the ledger on it, replication behind it, HTTP in front. A plain object: a process may hold
 * hundreds. Resolves when the node answers; the broker need not be there. Throws when the data directory or the address
 * cannot be had, each error with what to do about it.
 *
 * A node that has rejoined stops and begins anew, at the same address, on the books it has taken back: every part of it has
 * read the old ones.
 */
export async function startEdgeNode(
  config: EdgeConfig,
  dependencies: { readonly clock?: Clock; readonly random?: Random; readonly log?: Log } = {},
): Promise<EdgeNode> {
  const { clock = systemClock, random = systemRandom } = dependencies;
  const log = (dependencies.log ?? createLog({ level: config.logLevel, name: 'edge-node' })).child({
    warehouse: config.warehouse,
  });
  const around = { clock, random, log };
  let isStopped = false;
  let restarting: Promise<void> = Promise.resolve();
  const beginAnew = () => {
    restarting = restarting.then(async () => {
      if (isStopped) return;
      await life.stop();
      life = await startLife({ ...config, port: Number(new URL(life.url).port) }, around, beginAnew);
    });
  };
  let life = await startLife(config, around, beginAnew);
  return {
    warehouse: config.warehouse,
    url: life.url,
    isEnrolled: () => life.isEnrolled(),
    stop: async () => {
      isStopped = true;
      await restarting;
      await life.stop();
    },
  };
}

/** The node from one opening of its books to their closing. */
async function startLife(
  config: EdgeConfig,
  { clock, random, log }: Around,
  beginAnew: () => void,
): Promise<Omit<EdgeNode, 'warehouse'>> {
  const services = new ServiceStack();
  try {
    const failure = endRejoin(config, { clock, random, log });
    const store = EdgeStore.open({ dataDir: config.dataDirectory, warehouse: config.warehouse, clock, random });
    services.add('store', { stop: async () => store.close() });
    const ledger = services.add('ledger', new Ledger({ store, clock, log }));
    const sweeper = services.add(
      'reservations',
      new ReservationSweeper({ ledger, store: store.documents.reservations, clock, log }),
    );
    sweeper.start();
    services.add('pruner', new DocumentPruner({ documents: store.documents, clock, log }));
    const granter = services.add('granter', new Granter({ ledger, store, clock }));
    const inbox = new LedgerInbox({ ledger, store, granter });
    const imports = services.add('imports', new ImportJobs({ store, ledger, clock, log }));
    const replication = services.add(
      'replication',
      startReplication({
        outbox: store.outbox,
        ledger,
        inbox,
        restoration: store,
        natsUrl: config.natsUrls,
        retentionMs: config.retentionMs,
        clock,
        random,
        log,
      }),
    );
    const rejoin = services.add(
      'rejoin',
      new Rejoin({
        dataDir: config.dataDirectory,
        log: store.outbox,
        request: (subject, body, timeoutMs) => replication.request(subject, body, timeoutMs),
        clock,
        random,
        events: log.child({ part: 'rejoin' }),
        onReady: beginAnew,
        failure,
      }),
    );
    // Grants are made only while central hears of them.
    replication.onLive((isLive) => granter.setLive(isLive));
    granter.setLive(replication.isLive);
    const app = createHttpApp({
      ledger,
      imports,
      sweeper,
      lastUnits: { ask: (lines) => replication.askLastUnits(lines) },
      status: () => replication.status(),
      restored: () => store.restored,
      rejoin,
      rejoined: () => store.node.rejoined(),
      replication: replication.counters,
      clock,
      random,
      log,
      limits: httpLimits,
      version: RELEASE,
      isIdempotencyKeyRequired: config.isIdempotencyKeyRequired,
    });
    const http = services.add(
      'http',
      await serveHttp(app, { host: config.host, port: config.port, limits: httpLimits, clock }),
    );
    // An import that a crash interrupted goes on while tills already trade.
    void imports.resume();
    rejoin.resume();
    if (store.restored !== undefined) {
      const { kind } = store.restored;
      log.error({ kind, hint: restoredHint(kind) }, 'the books may not be the latest there were: nothing is promised');
    }
    log.info(
      { url: http.url, dataDirectory: config.dataDirectory, sequence: store.outbox.head().sequence },
      'the node is ready',
    );
    return { url: http.url, isEnrolled: () => replication.isHeard, stop: () => services.stop() };
  } catch (error) {
    await services.stop();
    throw error;
  }
}

/** What a rejoin has taken back becomes the books, before anybody opens them. A failure leaves those in use, and is told. */
function endRejoin(config: EdgeConfig, around: Around): Error | undefined {
  const { dataDirectory: dataDir, warehouse } = config;
  try {
    const taken = takeUp({ dataDir, warehouse, clock: around.clock, random: around.random });
    if (taken !== undefined)
      around.log.warn(taken, 'the node has rejoined: the log is taken up in an epoch of its own');
    return undefined;
  } catch (error) {
    if (error instanceof DataDirectoryInUse || !(error instanceof Error) || !existsSync(join(dataDir, DATABASE_FILE)))
      throw error;
    const hint = 'sales go on in the books that were in use; the rejoin is tried again at the next start';
    around.log.error({ err: error, hint }, 'what was taken back cannot become the books');
    return error;
  }
}
