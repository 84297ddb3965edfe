import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { answerClientErrors, hostGuard } from '@edgestock/shared/runtime/client-error';
import type { Clock } from '@edgestock/shared/runtime/clock';
import { GracefulServer } from '@edgestock/shared/runtime/graceful-server';
import { listen } from '@edgestock/shared/runtime/listening';
import { malformedRequestProblem } from '@edgestock/shared/runtime/problem';
import type { Service } from '@edgestock/shared/runtime/service';
import { getRequestListener, RequestError } from '@hono/node-server';
import { Hono } from 'hono';
import { type ApiEnvironment, problemResponse } from './doors.ts';
import { apiLimits } from './limits.ts';

/** Answers a request before the app sees it, or leaves it to the app. */
export type FrontDoor = (request: IncomingMessage, response: ServerResponse, otherwise: () => void) => void;

export type HttpServer = Service & {
  readonly url: string;
  /** Another app answers from here on, behind a front door where there is one. */
  serve(app: Hono<ApiEnvironment>, front?: FrontDoor): void;
};

/** Answers with the app it is given until there is another; without one it knows no route. Port 0 takes a free one; stopping lets open requests finish and cuts what is left after `drainMsMax`. Throws `CannotListen`. */
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
  const server = createServer(
    {
      headersTimeout: apiLimits.headersTimeoutMs,
      requestTimeout: apiLimits.requestTimeoutMs,
      keepAliveTimeout: apiLimits.keepAliveTimeoutMs,
      // A change of availability must not wait in a stream for the acknowledgement of the one before.
      noDelay: true,
      requireHostHeader: false,
    },
    hostGuard((request, response): void => {
      if (front === undefined || !isPlainHost(request.headers.host)) return void listener(request, response);
      front(request, response, () => void listener(request, response));
    }),
  );
  answerClientErrors(server);
  server.maxConnections = apiLimits.connectionsMax;
  const graceful = new GracefulServer(server, { clock, graceMs: apiLimits.drainMsMax });
  return {
    url: await listen(server, { host, port }),
    serve: (another, itsFront) => {
      app = another;
      front = itsFront;
    },
    stop: () => graceful.stop(),
  };
}

/** A host that needs no look at whether it is one: anything else is judged by the listener. */
function isPlainHost(host: string | undefined): boolean {
  return host !== undefined && PLAIN_HOST.test(host);
}

/** Ports from 60000 on are looked at, too, since not all of them are ports. */
const PLAIN_HOST = /^[a-z0-9.-]{1,253}(?::(?:[1-5]\d{4}|\d{1,4}))?$/;

/** A request whose target or host is no URL never reaches a route. */
function malformedRequest(error: unknown): Response {
  if (!(error instanceof RequestError)) throw error;
  return problemResponse(malformedRequestProblem(error.message));
}
