import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import { RELEASE } from '@edgestock/shared/runtime/release';
import { type Service, ServiceStack } from '@edgestock/shared/runtime/service';
import { IntegrityWatch } from '@edgestock/shared/sqlite/integrity-watch';
import { DataDirectoryInUse } from '@edgestock/shared/sqlite/process-lock';
import type { EdgeConfig } from './config.ts';
import { createHttpApp } from './http/http-app.ts';
import type { HttpAnswers } from './http/serve-http.ts';
import { ImportJobs } from './import/import-jobs.ts';
import { DigestKeeper } from './ledger/digest-keeper.ts';
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
import { EdgeStore, SALVAGE } from './store/edge-store.ts';

/** A node's database with all that works on it, from one opening to its closing. */
export type OpenNode = Service &
  HttpAnswers & {
    /** The end of its log when it was opened. */
    readonly sequence: number;
    /** Goes on with what a crash interrupted, once requests can be answered. */
    begin(): void;
    /** Ends the answers that have no end. */
    endStreams(): void;
    isEnrolled(): boolean;
  };

type Parts = { readonly clock: Clock; readonly random: Random; readonly log: Log };

/** Both want the node to be closed, and opened again. */
type Listeners = {
  /** The disk failed under a write: from then on the node refuses writes. */
  readonly onDiskFailed: (failure: Error) => void;
  /** A rejoin has taken back what central has; the next opening takes it up. */
  readonly onRejoinReady: () => void;
};

/**
 * What a rejoin has taken back taken up, the store opened, the ledger on it, replication behind it, the doors in front. Throws
 * what `EdgeStore.open` throws.
 */
export async function openNode(
  config: EdgeConfig,
  { clock, random, log }: Parts,
  { onDiskFailed, onRejoinReady }: Listeners,
): Promise<OpenNode> {
  const failure = endRejoin(config, { clock, random, log });
  const store = EdgeStore.open({ dataDir: config.dataDirectory, warehouse: config.warehouse, clock, random });
  store.onFailed(onDiskFailed);
  const services = new ServiceStack();
  try {
    services.add('store', { stop: async () => store.close() });
    const integrity = services.add(
      'integrity',
      new IntegrityWatch({ path: store.path, clock, random, log, remedy: SALVAGE }),
    );
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
        onReady: onRejoinReady,
        failure,
      }),
    );
    // Grants are made only while central hears of them.
    replication.onLive((isLive) => granter.setLive(isLive));
    granter.setLive(replication.isLive);
    const { app, front } = createHttpApp({
      ledger,
      imports,
      sweeper,
      lastUnits: { ask: (lines) => replication.askLastUnits(lines) },
      status: () => replication.status(),
      restored: () => store.restored,
      rejoin,
      rejoined: () => store.node.rejoined(),
      replication: replication.counters,
      integrity: () => integrity.report,
      clock,
      random,
      log,
      limits: httpLimits,
      version: RELEASE,
      isIdempotencyKeyRequired: config.isIdempotencyKeyRequired,
    });
    if (store.restored !== undefined) {
      const { kind } = store.restored;
      log.error({ kind, hint: restoredHint(kind) }, 'the books may not be the latest there were: nothing is promised');
    }
    const ending = new AbortController();
    return {
      sequence: store.outbox.head().sequence,
      front,
      fetch: (request, bindings) => app.fetch(request, { ...bindings, stopping: ending.signal }),
      begin: () => {
        // An import that a crash interrupted goes on while tills already trade.
        void imports.resume();
        rejoin.resume();
        carryOutKept(inbox, store, log).catch((error: unknown) => {
          log.warn({ err: error }, 'directives of before the update are tried again at the next start');
        });
      },
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

/** What an older release of this node did not know. Books that may not be the latest wait for central to recognise them. */
async function carryOutKept(inbox: LedgerInbox, store: EdgeStore, log: Log): Promise<void> {
  if (store.restored !== undefined) return;
  const directives = await inbox.carryOutKept();
  if (directives > 0) log.info({ directives }, 'carried out what an older release of this node had kept');
}

/** What a rejoin has taken back becomes the books, before anybody opens them. A failure leaves those in use, and is told. */
function endRejoin(config: EdgeConfig, { clock, random, log }: Parts): Error | undefined {
  const { dataDirectory: dataDir, warehouse } = config;
  try {
    const taken = takeUp({ dataDir, warehouse, clock, random });
    if (taken !== undefined) log.warn(taken, 'the node has rejoined: the log is taken up in an epoch of its own');
    return undefined;
  } catch (error) {
    if (error instanceof DataDirectoryInUse || !(error instanceof Error) || !existsSync(join(dataDir, DATABASE_FILE)))
      throw error;
    const hint = 'sales go on in the books that were in use; the rejoin is tried again at the next start';
    log.error({ err: error, hint }, 'what was taken back cannot become the books');
    return error;
  }
}
