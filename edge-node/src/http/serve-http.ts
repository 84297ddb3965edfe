import type { Clock } from '@edgestock/shared/runtime/clock';
import type { FrontDoor } from '@edgestock/shared/runtime/front-door';
import { type HttpService, startHttpService } from '@edgestock/shared/runtime/http-service';
import { LOOPBACK } from '@edgestock/shared/runtime/listening';
import { malformedRequestProblem } from '@edgestock/shared/runtime/problem';
import { getRequestListener, type HttpBindings, RequestError } from '@hono/node-server';
import type { HttpLimits } from '../limits.ts';
import type { ServerBindings } from './dependencies.ts';
import { problemResponse } from './failures.ts';

/** What answers the requests: an app, behind a front door where there is one. */
export type HttpAnswers = {
  fetch(request: Request, bindings: ServerBindings): Response | Promise<Response>;
  readonly front?: FrontDoor;
};

/**
 * Serves the app over HTTP, on loopback unless told otherwise; port 0 takes a free one. Throws `CannotListen`.
 * Stopping takes no new connections, finishes what was accepted, ends event streams, and after a grace cuts what is left.
 */
export async function serveHttp(
  app: HttpAnswers,
  options: { readonly host?: string; readonly port: number; readonly limits: HttpLimits; readonly clock: Clock },
): Promise<HttpService> {
  const { host = LOOPBACK, port, limits, clock } = options;
  const stopping = new AbortController();
  const listener = getRequestListener(
    (request, bindings) => app.fetch(request, serverBindings(bindings as HttpBindings, stopping.signal)),
    { hostname: host, errorHandler: malformedRequest },
  );
  const service = await startHttpService(listener, { host, port, limits, clock, front: () => app.front });
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
