import { createServer } from 'node:http';
import { answerClientErrors, hostGuard } from '@edgestock/shared/runtime/client-error';
import type { Clock } from '@edgestock/shared/runtime/clock';
import { GracefulServer } from '@edgestock/shared/runtime/graceful-server';
import { LOOPBACK, listen } from '@edgestock/shared/runtime/listening';
import { malformedRequestProblem } from '@edgestock/shared/runtime/problem';
import type { Service } from '@edgestock/shared/runtime/service';
import { getRequestListener, type HttpBindings, RequestError } from '@hono/node-server';
import type { HttpLimits } from '../limits.ts';
import type { ServerBindings } from './dependencies.ts';
import { problemResponse } from './failures.ts';

/** What answers the requests. */
export type HttpFront = { fetch(request: Request, bindings: ServerBindings): Response | Promise<Response> };

export type HttpService = Service & { readonly url: string };

/**
 * Serves the app over HTTP, on loopback unless told otherwise; port 0 takes a free one. Throws `CannotListen`.
 * Stopping takes no new connections, finishes what was accepted, ends event streams, and after a grace cuts what is left.
 */
export async function serveHttp(
  app: HttpFront,
  options: { readonly host?: string; readonly port: number; readonly limits: HttpLimits; readonly clock: Clock },
): Promise<HttpService> {
  const { host = LOOPBACK, port, limits, clock } = options;
  const stopping = new AbortController();
  const listener = getRequestListener(
    (request, bindings) => app.fetch(request, serverBindings(bindings as HttpBindings, stopping.signal)),
    { hostname: host, errorHandler: malformedRequest },
  );
  const server = createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      // A till's small request and answer must not wait for one another's acknowledgement.
      noDelay: true,
      requireHostHeader: false,
    },
    hostGuard(listener),
  );
  answerClientErrors(server);
  server.maxConnections = limits.connectionsMax;
  const graceful = new GracefulServer(server, { clock, graceMs: limits.stopGraceMs });
  const url = await listen(server, { host, port });

  return {
    url,
    stop: () => {
      stopping.abort();
      return graceful.stop();
    },
  };
}

function serverBindings({ outgoing }: HttpBindings, stopping: AbortSignal): ServerBindings {
  return { stopping, disconnect: () => outgoing.destroy() };
}

/** A request whose target or host is no URL never reaches a door. */
function malformedRequest(error: unknown): Response {
  if (!(error instanceof RequestError)) throw error;
  return problemResponse(malformedRequestProblem(error.message));
}
