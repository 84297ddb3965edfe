import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import type { Clock } from '@edgestock/shared/runtime/clock';
import { GracefulServer } from '@edgestock/shared/runtime/graceful-server';
import { problemOf } from '@edgestock/shared/runtime/problem';
import type { Service } from '@edgestock/shared/runtime/service';
import { getRequestListener, RequestError } from '@hono/node-server';
import type { Hono } from 'hono';
import { type ApiEnvironment, problemResponse } from './doors.ts';
import { apiLimits } from './limits.ts';
import { problems } from './problems.ts';

/** The address cannot be had; the message says what to do. */
export class CannotListen extends Error {
  override readonly name = 'CannotListen';
}

export type HttpServer = Service & { readonly url: string };

/** Port 0 takes a free one; stopping lets open requests finish and cuts what is left after `drainMsMax`. Throws `CannotListen`. */
export async function startHttpServer(options: {
  readonly app: Hono<ApiEnvironment>;
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
}): Promise<HttpServer> {
  const { app, host, port, clock } = options;
  const listener = getRequestListener(app.fetch, { hostname: host, errorHandler: malformedRequest });
  const server = createServer(
    {
      headersTimeout: apiLimits.headersTimeoutMs,
      requestTimeout: apiLimits.requestTimeoutMs,
      keepAliveTimeout: apiLimits.keepAliveTimeoutMs,
      // A change of availability must not wait in a stream for the acknowledgement of the one before.
      noDelay: true,
    },
    listener,
  );
  server.maxConnections = apiLimits.connectionsMax;
  const graceful = new GracefulServer(server, { clock, graceMs: apiLimits.drainMsMax });
  server.listen({ host, port });
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new CannotListen(listenHint(host, port, cause), { cause });
  }
  return { url: urlOf(server.address() as AddressInfo), stop: () => graceful.stop() };
}

/** A request whose target or host is no URL never reaches a route. */
function malformedRequest(error: unknown): Response {
  if (!(error instanceof RequestError)) throw error;
  return problemResponse(
    problemOf(problems.invalidRequest, `The request line or the Host header is malformed: ${error.message}.`),
  );
}

/** An address that a client on this machine can use, also where the server listens on all of them. */
function urlOf({ address, port }: AddressInfo): string {
  const host = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address;
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function listenHint(host: string, port: number, cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EADDRINUSE') {
    return `port ${port} of ${host} is in use: another process listens there. Stop it, or choose another with --port.`;
  }
  if (code === 'EACCES') return `port ${port} of ${host} needs privileges. Choose one above 1023 with --port.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return `${host} is not an address of this machine. Name one in EDGESTOCK_CENTRAL_HOST.`;
  }
  return `cannot listen on ${host}:${port}: ${cause instanceof Error ? cause.message : String(cause)}`;
}
