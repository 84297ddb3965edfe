import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import { type Service, ServiceStack } from '@edgestock/shared/runtime/service';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import type { CentralMetrics } from '../metrics.ts';
import { ChannelDirectory } from '../orders/channel-directory.ts';
import type { PromiseWriter } from '../orders/promise-writer.ts';
import { Promises } from '../orders/promises.ts';
import { type KeptTexts, SharedStock } from '../redis/shared-stock.ts';
import type { Channel } from '../rules/channel.ts';
import type { CentralReader, ChangeNotice } from '../store/central-store.ts';
import type { PromiseReader } from '../store/promise-store.ts';
import type { SharedStore } from '../store/shared-store.ts';
import type { StorePlace } from '../store/store-place.ts';
import { FleetView } from '../warehouses/fleet-view.ts';
import { Warehouses } from '../warehouses/warehouses.ts';
import { AvailabilityAnswers } from './availability-answers.ts';
import { AvailabilityFanOuts } from './availability-fan-outs.ts';
import { availabilityRoutes } from './availability-routes.ts';
import { catalogueRoutes } from './catalogue-routes.ts';
import { ChangeFeed } from './change-feed.ts';
import { channelRoutes } from './channel-routes.ts';
import { type ApiEnvironment, createDoors } from './doors.ts';
import { explainRoutes } from './explain-routes.ts';
import { frontDoors } from './front-doors.ts';
import type { HttpServer } from './http-server.ts';
import {
  type IngestReport,
  type IntegrityTold,
  operatorRoutes,
  type PromisingReport,
  type Sharing,
} from './operator-routes.ts';
import { orderRoutes } from './order-routes.ts';
import { policyRoutes } from './policy-routes.ts';
import { quarantineRoutes } from './quarantine-routes.ts';
import { reservationWrite } from './reservation-request.ts';
import { reservationRoutes } from './reservation-routes.ts';
import { StoreLife } from './store-life.ts';
import { streamHandler } from './stream-handler.ts';
import { transferRoutes } from './transfer-routes.ts';
import { unknownTaskRoutes } from './unknown-task-routes.ts';
import { warehouseRoutes } from './warehouse-routes.ts';

export type ApiOptions = {
  /** Listens already; stopped with the API. */
  readonly server: HttpServer;
  readonly corsOrigins: readonly string[];
  readonly version: string;
  readonly store: StorePlace;
  readonly reader: CentralReader & PromiseReader;
  /** Where promises are carried out. */
  readonly writer: PromiseWriter;
  readonly metrics: CentralMetrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly ingest: () => IngestReport;
  /** What the last whole check of the store said; absent where nothing is checked. */
  readonly integrity?: () => IntegrityTold | undefined;
  /** What other processes change; absent where this one has the store for itself. */
  readonly shared?: Pick<SharedStore, 'standing' | 'noticesAfter'>;
  readonly sharing?: () => Sharing;
  /** Where processes keep for one another what they have read; only beside `shared`. */
  readonly keptTexts?: KeptTexts;
  readonly promising: () => PromisingReport;
  readonly residentBytes: () => number;
};

/** Central's HTTP API, and what is told to it about changes. It reads by itself; what it writes is carried out elsewhere. */
export class Api implements Service {
  readonly #answers: AvailabilityAnswers;
  readonly #fanOuts: AvailabilityFanOuts;
  readonly #life: StoreLife;
  readonly #services: ServiceStack;
  readonly #server: HttpServer;
  readonly #stopping: { isStopping: boolean };

  private constructor(parts: {
    readonly answers: AvailabilityAnswers;
    readonly fanOuts: AvailabilityFanOuts;
    readonly life: StoreLife;
    readonly services: ServiceStack;
    readonly server: HttpServer;
    readonly stopping: { isStopping: boolean };
  }) {
    this.#answers = parts.answers;
    this.#fanOuts = parts.fanOuts;
    this.#life = parts.life;
    this.#services = parts.services;
    this.#server = parts.server;
    this.#stopping = parts.stopping;
  }

  /** Resolves when it answers. Rejects when the store cannot be read. */
  static async start(options: ApiOptions): Promise<Api> {
    const { reader, writer, clock, random, log, metrics, keptTexts: texts } = options;
    const life = await StoreLife.of(reader);
    const warehouses = new Warehouses(reader);
    const isTrusted = () => feed?.isTrusted !== false;
    const sharedStock = texts && new SharedStock({ reader, texts, isTrusted });
    const answers = new AvailabilityAnswers({
      reader,
      ...(sharedStock === undefined ? {} : { stock: sharedStock }),
      fleet: new FleetView(reader),
      clock,
      life,
      isTrusted,
    });
    let feed: ChangeFeed | undefined;
    const services = new ServiceStack();
    const stopping = { isStopping: false };

    const app = new Hono<ApiEnvironment>();
    // CORS is off unless origins are named (`EDGESTOCK_CENTRAL_CORS_ORIGINS`): this API has no authentication, so a page of
    // any site could otherwise read it through the browser of somebody who can reach it. This is the only place.
    if (options.corsOrigins.length > 0) {
      app.use(
        cors({
          origin: [...options.corsOrigins],
          allowMethods: ['GET', 'HEAD', 'POST', 'PUT'],
          exposeHeaders: ['etag', 'location', 'idempotency-replayed', 'retry-after'],
        }),
      );
    }
    const observe = (route: string, status: number, durationMs: number) =>
      metrics.observeRequest(route, status, durationMs);
    const doors = createDoors(app, { clock, log, observe });

    try {
      const channels = services.add('channels', await ChannelDirectory.start(reader, clock));
      const sourceOf = (channel: Channel) => answers.sourceOf(channel);
      const fanOuts = services.add('fan-out', await AvailabilityFanOuts.start({ sourceOf, life, clock, log }));
      feed =
        options.shared &&
        (await ChangeFeed.start({
          ...{ shared: options.shared, clock, log },
          onBegun: (revision) => sharedStock?.begin(life.current, revision),
          onChanged: (notices, upTo) => {
            sharedStock?.changed(notices, upTo);
            answers.drop(notices);
            fanOuts.wake();
          },
          onMuchChanged: (upTo) => {
            sharedStock?.muchChanged(upTo);
            answers.dropAll();
            fanOuts.wake();
          },
          onAnotherLife: async (revision) => {
            sharedStock?.forget();
            await life.readAgain();
            sharedStock?.begin(life.current, revision);
            answers.dropAll();
            fanOuts.wake();
          },
        }));
      if (feed !== undefined) services.add('feed', feed);
      if (options.shared !== undefined) {
        sharedStock
          ?.lookBack(options.shared)
          .catch((error: unknown) => log.debug({ error }, 'earlier changes not read'));
      }
      const promises = new Promises({ writer, reader, clock, random });
      availabilityRoutes(doors, { answers, channels, stream: streamHandler({ fanOuts, channels, life, clock }) });
      warehouseRoutes(doors, { warehouses, reader, clock });
      quarantineRoutes(doors, { reader, promises });
      explainRoutes(doors, { warehouses, channels, clock });
      const reserve = reservationWrite({ promises, channels });
      reservationRoutes(doors, { promises, channels, reserve });
      orderRoutes(doors, { promises, channels });
      channelRoutes(doors, { promises, channels });
      policyRoutes(doors, { promises });
      catalogueRoutes(doors, { promises });
      transferRoutes(doors, { reader });
      unknownTaskRoutes(doors, { reader, promises });
      operatorRoutes(doors, {
        ...options,
        startedAt: clock.now(),
        warehouses,
        fanOuts,
        isStopping: () => stopping.isStopping,
        cache: () => ({
          ...answers.counts,
          staleMs: feed?.staleMs ?? 0,
          isTrusted: isTrusted(),
          ...(sharedStock === undefined ? {} : { redis: sharedStock.report }),
        }),
      });
      // What CORS adds is added by the app.
      const front = options.corsOrigins.length > 0 ? undefined : frontDoors({ answers, reserve, clock, log, observe });
      options.server.serve(app, front);
      return new Api({ answers, fanOuts, life, services, server: options.server, stopping });
    } catch (error) {
      await services.stop();
      throw error;
    }
  }

  get url(): string {
    return this.#server.url;
  }

  /** These answers changed, and the change is committed. */
  changed(notices: readonly ChangeNotice[]): void {
    this.#answers.drop(notices);
    this.#fanOuts.wake();
  }

  /** Central has begun a new epoch: nothing that went out before says anything of what goes out now. */
  async epochBegun(): Promise<void> {
    await this.#life.readAgain();
    this.noticesLost();
  }

  /** Notices may have been lost: nothing from memory is trusted until it is read again. */
  noticesLost(): void {
    this.#answers.dropAll();
    this.#fanOuts.wake();
  }

  /** No new connections; streams are ended, open requests finish. */
  async stop(): Promise<void> {
    this.#stopping.isStopping = true;
    const closed = this.#server.stop();
    await this.#services.stop();
    await closed;
  }
}
