import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import { type Service, ServiceStack } from '@edgestock/shared/runtime/service';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import type { CentralMetrics } from '../metrics.ts';
import type { CentralReader, ChangeNotice } from '../store/central-store.ts';
import { FleetView } from '../warehouses/fleet-view.ts';
import { Warehouses } from '../warehouses/warehouses.ts';
import { AvailabilityAnswers } from './availability-answers.ts';
import { AvailabilityFanOut } from './availability-fan-out.ts';
import { availabilityRoutes } from './availability-routes.ts';
import { type ApiEnvironment, createDoors } from './doors.ts';
import { explainRoutes } from './explain-routes.ts';
import { type HttpServer, startHttpServer } from './http-server.ts';
import { type IngestReport, operatorRoutes } from './operator-routes.ts';
import { quarantineRoutes } from './quarantine-routes.ts';
import { streamHandler } from './stream-handler.ts';
import { warehouseRoutes } from './warehouse-routes.ts';

export type ApiOptions = {
  readonly host: string;
  readonly port: number;
  readonly corsOrigins: readonly string[];
  readonly version: string;
  readonly storePath: string;
  readonly reader: CentralReader;
  readonly metrics: CentralMetrics;
  readonly clock: Clock;
  readonly log: Log;
  readonly ingest: () => IngestReport;
  readonly residentBytes: () => number;
};

/** Central's reading half: the HTTP API, and what is told to it about changes. */
export class Api implements Service {
  readonly #answers: AvailabilityAnswers;
  readonly #fanOut: AvailabilityFanOut;
  readonly #services: ServiceStack;
  readonly #server: HttpServer;
  readonly #stopping: { isStopping: boolean };

  private constructor(parts: {
    readonly answers: AvailabilityAnswers;
    readonly fanOut: AvailabilityFanOut;
    readonly services: ServiceStack;
    readonly server: HttpServer;
    readonly stopping: { isStopping: boolean };
  }) {
    this.#answers = parts.answers;
    this.#fanOut = parts.fanOut;
    this.#services = parts.services;
    this.#server = parts.server;
    this.#stopping = parts.stopping;
  }

  /** Resolves when it listens. Rejects with `CannotListen` when it cannot. */
  static async start(options: ApiOptions): Promise<Api> {
    const { reader, clock, log, metrics } = options;
    const centralEpoch = await reader.centralEpoch();
    const life = await reader.life();
    const warehouses = new Warehouses(reader);
    const answers = new AvailabilityAnswers({
      reader,
      channel: 'default',
      fleet: new FleetView(reader),
      clock,
      life,
    });
    const services = new ServiceStack();
    const stopping = { isStopping: false };

    const app = new Hono<ApiEnvironment>();
    // CORS is off unless origins are named (`EDGESTOCK_CENTRAL_CORS_ORIGINS`): this API has no authentication, so a page of
    // any site could otherwise read it through the browser of somebody who can reach it. This is the only place.
    if (options.corsOrigins.length > 0) {
      app.use(
        cors({ origin: [...options.corsOrigins], allowMethods: ['GET', 'HEAD', 'POST'], exposeHeaders: ['etag'] }),
      );
    }
    const observe = (route: string, status: number, durationMs: number) =>
      metrics.observeRequest(route, status, durationMs);
    const doors = createDoors(app, { clock, log, observe });

    try {
      const fanOut = services.add('fan-out', await AvailabilityFanOut.start({ source: answers, life, clock, log }));
      availabilityRoutes(doors, answers, streamHandler({ fanOut, life, clock }));
      warehouseRoutes(doors, { warehouses, reader, clock });
      quarantineRoutes(doors, { reader });
      explainRoutes(doors, { warehouses, clock });
      operatorRoutes(doors, {
        ...options,
        startedAt: clock.now(),
        centralEpoch,
        warehouses,
        fanOut,
        isStopping: () => stopping.isStopping,
      });
      const server = await startHttpServer({ app, host: options.host, port: options.port, clock });
      return new Api({ answers, fanOut, services, server, stopping });
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
    this.#fanOut.wake();
  }

  /** Notices may have been lost: nothing from memory is trusted until it is read again. */
  noticesLost(): void {
    this.#answers.dropAll();
    this.#fanOut.wake();
  }

  /** No new connections; streams are ended, open requests finish. */
  async stop(): Promise<void> {
    this.#stopping.isStopping = true;
    const closed = this.#server.stop();
    await this.#services.stop();
    await closed;
  }
}
