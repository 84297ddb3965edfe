import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { type Clock, systemClock } from '@edgestock/shared/runtime/clock';
import { createLog, type Log } from '@edgestock/shared/runtime/log';
import { type Random, systemRandom } from '@edgestock/shared/runtime/random';
import { RELEASE } from '@edgestock/shared/runtime/release';
import { type Service, ServiceStack } from '@edgestock/shared/runtime/service';
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
import { startReplication } from './replication/start-replication.ts';
import { restoredHint } from './rules/restored.ts';
import { EdgeStore } from './store/edge-store.ts';

export type EdgeNode = Service & {
  readonly warehouse: WarehouseId;
  readonly url: string;
  /** Central has answered in the present session; `false` does not keep the node from working. */
  isEnrolled(): boolean;
};

/**
 * One node: the store opened, the ledger on it, replication behind it, HTTP in front. A plain object: a process may hold
 * hundreds. Resolves when the node answers; the broker need not be there. Throws when the data directory or the address
 * cannot be had, each error with what to do about it.
 */
export async function startEdgeNode(
  config: EdgeConfig,
  dependencies: { readonly clock?: Clock; readonly random?: Random; readonly log?: Log } = {},
): Promise<EdgeNode> {
  const { clock = systemClock, random = systemRandom } = dependencies;
  const log = (dependencies.log ?? createLog({ level: config.logLevel, name: 'edge-node' })).child({
    warehouse: config.warehouse,
  });
  const services = new ServiceStack();
  try {
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
    if (store.restored !== undefined) {
      const { kind } = store.restored;
      log.error({ kind, hint: restoredHint(kind) }, 'the books may not be the latest there were: nothing is promised');
    }
    log.info(
      { url: http.url, dataDirectory: config.dataDirectory, sequence: store.outbox.head().sequence },
      'the node is ready',
    );
    return {
      warehouse: config.warehouse,
      url: http.url,
      isEnrolled: () => replication.isHeard,
      stop: () => services.stop(),
    };
  } catch (error) {
    await services.stop();
    throw error;
  }
}
