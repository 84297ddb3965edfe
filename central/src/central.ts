import { join, resolve } from 'node:path';
import { type Clock, systemClock } from '@edgestock/shared/runtime/clock';
import { createLog, type Log } from '@edgestock/shared/runtime/log';
import { type Random, systemRandom } from '@edgestock/shared/runtime/random';
import { RELEASE } from '@edgestock/shared/runtime/release';
import { type Service, ServiceStack } from '@edgestock/shared/runtime/service';
import { checkInProcess } from '@edgestock/shared/sqlite/check-in-process';
import { takeDataDirectory } from '@edgestock/shared/sqlite/data-directory';
import { type Certainty, IntegrityWatch } from '@edgestock/shared/sqlite/integrity-watch';
import { StartCheck } from '@edgestock/shared/sqlite/start-check';
import { Api } from './api/api.ts';
import { type HttpServer, startHttpServer } from './api/http-server.ts';
import { operatorApp, type ProcessView, waitingApp } from './api/operator-app.ts';
import type { IngestReport } from './api/operator-routes.ts';
import type { CentralConfig } from './config.ts';
import { StoreWrites } from './ingest/store-writes.ts';
import { centralLimits } from './limits.ts';
import { CentralMetrics } from './metrics.ts';
import { openReader, openStore } from './open-store.ts';
import type { KeptTexts } from './redis/shared-stock.ts';
import { DATA_DIR_SETTING, LOCK_FILE, STORE_FILE } from './store/sqlite/central-backup.ts';
import { fileIdOf } from './store/sqlite/held-files.ts';
import { DAMAGED_REMEDY } from './store/store-damaged.ts';
import { StoreFailing } from './store/store-failing.ts';
import { type StorePlace, shownPlace } from './store/store-place.ts';
import { StoreRefused } from './store/store-refused.ts';
import { Writer } from './writer/writer.ts';

/** What a central does that has been started. */
export type Standing = {
  /** It answers shops and operators. */
  readonly isReady: boolean;
  /** What it tries for ever to reach, and why it has not. */
  readonly waitsFor?: 'store' | 'broker';
  readonly reason?: string;
};

export type Central = Service & {
  readonly url: string;
  /** At the end of its start. */
  readonly standing: Standing;
  /** The same once it is ready; stays open when it is stopped before. */
  readonly ready: Promise<Standing>;
  /** Rejects when a person has to put something right before any central can go on; never resolves. */
  readonly failed: Promise<never>;
};

const START_WAIT_MS = 10_000;

export type CentralDependencies = {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Log;
  /** A store file of more bytes is served before it is checked. */
  readonly checkedFirstBytesMax?: number;
};

/**
 * The whole of central: the store's writer in a thread of its own, and the API, which reads by itself, in this one. Resolves when
 * the API answers, and the broker has said that it is this store's. The broker need not be there. Nor need a database server: until
 * it is, the API says that it is not. Throws when the data directory, the store or the address cannot be had, or the broker is another
 * store's, each error with what to do about it.
 */
export async function startCentral(config: CentralConfig, dependencies: CentralDependencies = {}): Promise<Central> {
  const { clock = systemClock, random = systemRandom } = dependencies;
  const log = dependencies.log ?? createLog({ level: config.logLevel, name: 'central' });
  const { natsUrls, logLevel, insteadOf } = config;
  const services = new ServiceStack();
  try {
    const store =
      config.storeUrl === undefined ? takeDirectory(config.dataDirectory, services) : serverPlace(config.storeUrl);
    const check = store.kind === 'sqlite' ? new StartCheck(store.path, dependencies) : undefined;
    const onFound = (findings: readonly string[], certainty: Certainty) => {
      const [finding] = findings;
      if (finding === undefined) writer.storeIsSound();
      else if (certainty === 'known') writer.storeIsDamaged(finding);
      check?.note(findings);
    };
    const integrity =
      store.kind === 'sqlite'
        ? services.add(
            'integrity',
            new IntegrityWatch({
              ...{ path: store.path, clock, random, log, onFound, check: checkInProcess },
              remedy: DAMAGED_REMEDY,
            }),
          )
        : undefined;
    const absence = await whyAway(store, { isChecked: check?.isBeside !== true });
    const { roles } = config;
    const held = store.kind === 'sqlite' ? fileIdOf(store.path) : undefined;
    const { promise: failed, reject: onLasting } = Promise.withResolvers<never>();
    // Before and after somebody waits for it.
    failed.catch(() => undefined);
    const onDamaged = (reason: string) => integrity?.met(reason);
    const writer = new Writer(
      {
        ...{ natsUrls, roles, store, logLevel },
        ...(insteadOf === undefined ? {} : { insteadOf }),
        ...(held === undefined ? {} : { held }),
      },
      { clock, random, log, onLasting, onDamaged },
    );
    services.add('writer', writer);
    const view: ProcessView = {
      version: RELEASE,
      store,
      metrics: new CentralMetrics(),
      ...{ clock, log },
      ingest: () => ingestReport(writer, config),
      ...(integrity === undefined ? {} : { integrity: () => integrity.report }),
      sharing: () => ({ roles, ...(writer.metrics.shards === undefined ? {} : { shards: writer.metrics.shards }) }),
      promising: () => ({
        pending: writer.promisesPending,
        promises: writer.metrics.promises,
        directives: writer.metrics.directives,
      }),
      residentBytes: () => process.memoryUsage.rss(),
    };
    const { host, port } = config;
    const server = services.add('door', await startHttpServer({ app: waitingApp(view), host, port, clock }));
    const checkBeside = check?.isBeside === true ? () => void integrity?.check('structure') : () => undefined;
    const serving = serve({ config, view, checkBeside, onDamaged, writer, server, services, random });
    const served =
      absence === undefined
        ? await Promise.race([doneWithin(serving, { clock, waitMs: waitFor(store) }), failed])
        : undefined;
    const reason = absence ?? writer.storeFailure?.reason;
    const waiting = { isReady: false, waitsFor: 'store', ...(reason === undefined ? {} : { reason }) } as const;
    if (served === undefined) {
      log.warn({ url: server.url, store: shownPlace(store), reason }, 'central waits for its store');
      // A mistake of ours: nobody waits for it any more, so that it ends the process.
      serving.catch(endWith(clock));
    }
    const { promise: ready, resolve: onReady } = Promise.withResolvers<Standing>();
    serving.then(
      (standing) => standing && onReady(standing),
      () => undefined,
    );
    return { url: server.url, standing: served ?? waiting, ready, failed, stop: () => services.stop() };
  } catch (error) {
    await services.stop();
    throw error;
  }
}

/** Out of every promise chain, as what nobody has caught. */
function endWith(clock: Clock): (error: unknown) => void {
  return (error) => {
    clock.after(0, () => {
      throw error;
    });
  };
}

/** A file is there or it is not; of a server that goes away while central starts the start tells, instead of waiting for it. */
function waitFor(store: StorePlace): number | undefined {
  return store.kind === 'sqlite' ? undefined : START_WAIT_MS;
}

/** What comes of it; `undefined` when that takes longer. */
async function doneWithin<T>(
  work: Promise<T>,
  { clock, waitMs }: { readonly clock: Clock; readonly waitMs: number | undefined },
): Promise<T | undefined> {
  if (waitMs === undefined) return work;
  const waiting = new AbortController();
  try {
    return await Promise.race([work, clock.sleep(waitMs, waiting.signal).then(() => undefined)]);
  } finally {
    waiting.abort();
  }
}

/** From the moment on that the store is open, however long that takes. Ends without a word when central is stopped before. */
async function serve(parts: {
  readonly config: CentralConfig;
  readonly view: ProcessView;
  /** Of a store that is served before it is checked. */
  readonly checkBeside: () => void;
  readonly onDamaged: (reason: string) => void;
  readonly writer: Writer;
  readonly server: HttpServer;
  readonly services: ServiceStack;
  readonly random: Random;
}): Promise<Standing | undefined> {
  const { config, view, checkBeside, onDamaged, writer, server, services, random } = parts;
  const { store, clock, log } = view;
  if (!(await writer.ready)) return undefined;
  // Before anybody is answered: the store may be another one than was meant, and its broker says so.
  if (!(await brokerAsked(writer, { config, clock }))) return undefined;
  const standing = standingOf(writer, config);
  checkBeside();
  const opened = openReader(store, { isBusy: config.roles.includes('api'), onDamage: onDamaged });
  services.add('reader', { stop: () => opened.close() });
  const stopping = new AbortController();
  const waits = new StoreWrites({ clock, random, log });
  const { reader, shared } = opened;
  if (!config.roles.includes('api')) {
    server.serve(operatorApp(view, reader));
    if (config.redisUrl !== undefined) {
      // Not refused: processes of several roles may have one file of settings.
      const hint =
        'A Redis serves those who answer shops: name it to the processes with the role api, and leave it out here.';
      log.warn({ roles: config.roles, hint }, 'the Redis that is named is of no use');
    }
    log.info({ url: server.url, store: shownPlace(store), roles: config.roles, ...standing }, 'central is ready');
    return standing;
  }
  const { redisUrl } = config;
  const keptTexts = redisUrl === undefined ? undefined : services.add('redis', await connectRedis(redisUrl, view));
  const startApi = () =>
    Api.start({
      ...view,
      ...{ server, corsOrigins: config.corsOrigins, reader, writer, random },
      ...(shared === undefined ? {} : { shared }),
      ...(keptTexts === undefined ? {} : { keptTexts }),
    });
  services.add('start', { stop: async () => stopping.abort() });
  const api = services.add('api', await waits.hold(startApi, stopping.signal));
  writer.onChange((changes) => (changes.length > 0 ? api.changed(changes) : api.noticesLost()));
  writer.onEpoch(() => {
    const read = waits.hold(() => api.epochBegun(), stopping.signal);
    read.catch((error: unknown) => log.error({ error }, 'the new epoch could not be read'));
  });
  // What was committed while the API came up gave its notice to nobody.
  api.noticesLost();
  log.info({ url: server.url, store: shownPlace(store), broker: config.natsUrls, ...standing }, 'central is ready');
  return standing;
}

function needsBroker({ roles }: Pick<CentralConfig, 'roles'>): boolean {
  return roles.includes('ingest') || roles.includes('orders');
}

/** False when central is stopped before. A broker that says nothing is waited for no longer than one takes to be reached. */
async function brokerAsked(
  writer: Writer,
  { config, clock }: { readonly config: CentralConfig; readonly clock: Clock },
): Promise<boolean> {
  if (!needsBroker(config)) return true;
  return (await doneWithin(writer.brokerAsked, { clock, waitMs: centralLimits.brokerAskedMsMax })) ?? true;
}

function standingOf(writer: Writer, config: CentralConfig): Standing {
  if (writer.isBrokerUp || !needsBroker(config)) return { isReady: true };
  const where = config.natsUrls.join(', ');
  return { isReady: true, waitsFor: 'broker', reason: `no answer from ${where}: ${writer.brokerReason ?? 'not yet'}` };
}

/** The client is loaded only where a Redis is named: it takes 25 MiB. */
async function connectRedis(url: string, view: ProcessView): Promise<Service & KeptTexts> {
  const { RedisLink } = await import('./redis/redis-link.ts');
  return new RedisLink(url, view);
}

/**
 * Opened here once, so that a store that cannot be used ends the start with its reason; the thread would try for ever. Why a server takes
 * nothing for now, while that is so.
 */
async function whyAway(place: StorePlace, how: { readonly isChecked: boolean }): Promise<string | undefined> {
  try {
    const { store } = await openStore(place, how);
    await store.close();
    return undefined;
  } catch (error) {
    const isAway = error instanceof StoreFailing && !(error instanceof StoreRefused);
    if (place.kind === 'postgresql' && isAway) return error.message;
    throw error;
  }
}

function serverPlace(url: string): StorePlace {
  return { kind: 'postgresql', url };
}

/** The file in a directory that no other process may use meanwhile. */
function takeDirectory(dataDirectory: string, services: ServiceStack): StorePlace {
  const directory = resolve(dataDirectory);
  const lock = takeDataDirectory(directory, { lock: LOCK_FILE, setting: DATA_DIR_SETTING });
  services.add('lock', { stop: async () => lock.release() });
  return { kind: 'sqlite', path: join(directory, STORE_FILE) };
}

/** What an operator should know of the thread that takes in what the nodes send. */
function ingestReport(writer: Writer, { natsUrls, roles }: Pick<CentralConfig, 'natsUrls' | 'roles'>): IngestReport {
  const counters = writer.metrics.ingest;
  if (writer.damage !== undefined) return { ...failingReport(writer.damage), state: 'store-damaged', counters };
  const { storeFailure, streamFailure, setback } = writer;
  if (storeFailure !== undefined) return { ...failingReport(storeFailure), state: 'store-failing', counters };
  if (setback !== undefined) return { ...failingReport(setback), state: 'restarting', counters };
  if (!writer.isRunning) {
    const hint = 'The thread that writes ended and is started again; the log says why. Reads are served meanwhile.';
    return { isUp: false, state: 'restarting', hint, counters };
  }
  const isElsewhere = !roles.includes('ingest');
  if (needsBroker({ roles }) && !writer.isBrokerUp) {
    const hint = `No link to the broker at ${natsUrls.join(', ')}: is it up? Central tries for ever and serves reads meanwhile.`;
    return { isUp: false, state: 'waiting-for-broker', hint, counters };
  }
  if (streamFailure !== undefined) return { ...failingReport(streamFailure), state: streamFailure.state, counters };
  if (isElsewhere) {
    return { isUp: false, state: 'elsewhere', hint: 'Another process of central takes in what the nodes send.' };
  }
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
