import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import { RELEASE } from '@edgestock/shared/runtime/release';
import { type Service, ServiceStack } from '@edgestock/shared/runtime/service';
import { IntegrityWatch } from '@edgestock/shared/sqlite/integrity-watch';
import type { EdgeConfig } from './config.ts';
import { createHttpApp } from './http/http-app.ts';
import type { HttpFront } from './http/serve-http.ts';
import { ImportJobs } from './import/import-jobs.ts';
import { DigestKeeper } from './ledger/digest-keeper.ts';
import { LedgerInbox } from './ledger/directive-inbox.ts';
import { DocumentPruner } from './ledger/document-pruner.ts';
import { Granter } from './ledger/granter.ts';
import { Ledger } from './ledger/ledger.ts';
import { ReservationSweeper } from './ledger/reservation-sweeper.ts';
import { httpLimits } from './limits.ts';
import { startReplication } from './replication/start-replication.ts';
import { EdgeStore } from './store/edge-store.ts';

/** A node's database with all that works on it, from one opening to its closing. */
export type OpenNode = Service &
  HttpFront & {
    /** The end of its log when it was opened. */
    readonly sequence: number;
    /** Goes on with what a crash interrupted, once requests can be answered. */
    begin(): void;
    /** Ends the answers that have no end. */
    endStreams(): void;
    isEnrolled(): boolean;
  };

/**
 * The store opened, the ledger on it, replication behind it, the doors in front. `onDiskFailed` is told when the disk fails
 * under a write: from then on it refuses writes and wants to be closed. Throws what `EdgeStore.open` throws.
 */
export async function openNode(
  config: EdgeConfig,
  { clock, random, log }: { readonly clock: Clock; readonly random: Random; readonly log: Log },
  onDiskFailed: (failure: Error) => void,
): Promise<OpenNode> {
  const store = EdgeStore.open({ dataDir: config.dataDirectory, warehouse: config.warehouse, clock, random });
  store.onFailed(onDiskFailed);
  const services = new ServiceStack();
  try {
    services.add('store', { stop: async () => store.close() });
    const integrity = services.add('integrity', new IntegrityWatch({ path: store.path, clock, random, log }));
    const ledger = services.add('ledger', new Ledger({ store, clock, log }));
    const sweeper = services.add(
      'reservations',
      new ReservationSweeper({ ledger, store: store.documents.reservations, clock, log }),
    );
    sweeper.start();
    services.add('pruner', new DocumentPruner({ documents: store.documents, clock, log }));
    const granter = services.add('granter', new Granter({ ledger, store, clock }));
    const inbox = new LedgerInbox({ ledger, store, granter });
    const { warehouse } = config;
    const digests = services.add('digests', new DigestKeeper({ warehouse, ledger, store, log }));
    const imports = services.add('imports', new ImportJobs({ store, ledger, clock, log }));
    const replication = services.add(
      'replication',
      startReplication({
        outbox: store.outbox,
        ledger,
        inbox,
        digestAt: (sequence) => digests.at(sequence),
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
      replication: replication.counters,
      integrity: () => integrity.report,
      clock,
      random,
      log,
      limits: httpLimits,
      version: RELEASE,
      isIdempotencyKeyRequired: config.isIdempotencyKeyRequired,
    });
    const ending = new AbortController();
    return {
      sequence: store.outbox.head().sequence,
      fetch: (request, bindings) => app.fetch(request, { ...bindings, stopping: ending.signal }),
      // An import that a crash interrupted goes on while tills already trade.
      begin: () => void imports.resume(),
      endStreams: () => ending.abort(),
      isEnrolled: () => replication.isHeard,
      stop: async () => {
        ending.abort();
        await services.stop();
      },
    };
  } catch (error) {
    await services.stop();
    throw error;
  }
}
