import type { Clock } from '@edgestock/shared/runtime/clock';
import { type HttpService, startHttpService } from '@edgestock/shared/runtime/http-service';
import { LOOPBACK } from '@edgestock/shared/runtime/listening';
import { malformedRequestProblem } from '@edgestock/shared/runtime/problem';
import { getRequestListener, type HttpBindings, RequestError } from '@hono/node-server';
import type { HttpLimits } from '../limits.ts';
import type { ServerBindings } from './dependencies.ts';
import { problemResponse } from './failures.ts';

/** What answers the requests. */
export type HttpFront = { fetch(request: Request, bindings: ServerBindings): Response | Promise<Response> };

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
  const service = await startHttpService(listener, { host, port, limits, clock });
  return {
    url: service.url,
    stop: () => {
      stopping.abort();
      return service.stop();
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
