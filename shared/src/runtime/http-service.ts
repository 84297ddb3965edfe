import { createServer, type RequestListener } from 'node:http';
import { answerClientErrors, hostGuard } from './client-error.ts';
import type { Clock } from './clock.ts';
import { behindFrontDoor, type FrontDoor } from './front-door.ts';
import { GracefulServer } from './graceful-server.ts';
import { listen } from './listening.ts';
import type { Service } from './service.ts';

/** `url` is where a client on this machine reaches it. */
export type HttpService = Service & { readonly url: string };

export type HttpServiceLimits = {
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly connectionsMax: number;
  readonly stopGraceMs: number;
};

/**
 * Serves a listener over HTTP, behind a front door where there is one; port 0 takes a free one. Stopping takes no new connections,
 * lets open requests finish and cuts what is left after `stopGraceMs`. Throws `CannotListen`.
 */
export async function startHttpService(
  listener: RequestListener,
  options: {
    readonly host: string;
    readonly port: number;
    readonly limits: HttpServiceLimits;
    readonly clock: Clock;
    /** Asked at every request: what stands in front may change. */
    readonly front?: () => FrontDoor | undefined;
  },
): Promise<HttpService> {
  const { host, port, limits, clock, front } = options;
  const server = createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      // Small requests, answers and events must not wait for the acknowledgement of the one before.
      noDelay: true,
      requireHostHeader: false,
    },
    hostGuard(front === undefined ? listener : behindFrontDoor(front, listener)),
  );
  answerClientErrors(server);
  server.maxConnections = limits.connectionsMax;
  const graceful = new GracefulServer(server, { clock, graceMs: limits.stopGraceMs });
  return { url: await listen(server, { host, port }), stop: () => graceful.stop() };
}
