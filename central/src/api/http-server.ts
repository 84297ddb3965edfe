import type { Clock } from '@edgestock/shared/runtime/clock';
import type { FrontDoor } from '@edgestock/shared/runtime/front-door';
import { type HttpService, startHttpService } from '@edgestock/shared/runtime/http-service';
import { malformedRequestProblem } from '@edgestock/shared/runtime/problem';
import { getRequestListener, RequestError } from '@hono/node-server';
import { Hono } from 'hono';
import { type ApiEnvironment, problemResponse } from './doors.ts';
import { apiLimits } from './limits.ts';

export type HttpServer = HttpService & {
  /** Another app answers from here on, behind a front door where there is one. */
  serve(app: Hono<ApiEnvironment>, front?: FrontDoor): void;
};

/** Answers with the app it is given until there is another; without one it knows no route. Throws `CannotListen`. */
export async function startHttpServer(options: {
  readonly app?: Hono<ApiEnvironment>;
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
}): Promise<HttpServer> {
  const { host, port, clock } = options;
  let { app = new Hono<ApiEnvironment>() } = options;
  let front: FrontDoor | undefined;
  const listener = getRequestListener((request, bindings) => app.fetch(request, bindings), {
    hostname: host,
    errorHandler: malformedRequest,
  });
  const service = await startHttpService(listener, { host, port, limits: apiLimits, clock, front: () => front });
  return {
    ...service,
    serve: (another, itsFront) => {
      app = another;
      front = itsFront;
    },
  };
}

/** A request whose target or host is no URL never reaches a route. */
function malformedRequest(error: unknown): Response {
  if (!(error instanceof RequestError)) throw error;
  return problemResponse(malformedRequestProblem(error.message));
}
