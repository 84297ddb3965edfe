import { createServer, type Server } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import type { Clock } from '@edgestock/shared/runtime/clock';
import { GracefulServer } from '@edgestock/shared/runtime/graceful-server';
import { problemOf } from '@edgestock/shared/runtime/problem';
import type { Service } from '@edgestock/shared/runtime/service';
import { getRequestListener, type HttpBindings, RequestError } from '@hono/node-server';
import type { HttpLimits } from '../limits.ts';
import type { HttpApp, ServerBindings } from './dependencies.ts';
import { problemResponse } from './failures.ts';
import { problems } from './problems.ts';

const LOOPBACK = '127.0.0.1';

/** The address could not be taken. */
export class AddressUnavailable extends Error {
  override readonly name = 'AddressUnavailable';
  readonly retryable = false;
  readonly hint: string;

  constructor(host: string, port: number, cause: unknown) {
    super(`cannot listen on ${host}:${port}`, { cause });
    this.hint = 'Another process has the port, or the address is not of this machine. Port 0 takes a free one.';
  }
}

export type HttpService = Service & { readonly url: string };

/**
 * Serves the app over HTTP, on loopback unless told otherwise; port 0 takes a free one. Throws `AddressUnavailable`.
 * Stopping takes no new connections, finishes what was accepted, ends event streams, and after a grace cuts what is left.
 */
export async function serveHttp(
  app: HttpApp,
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
    },
    listener,
  );
  server.maxConnections = limits.connectionsMax;
  const graceful = new GracefulServer(server, { clock, graceMs: limits.stopGraceMs });
  await listening(server, host, port);

  return {
    url: urlOf(server.address() as AddressInfo),
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
  return problemResponse(
    problemOf(problems.invalidRequest, `The request line or Host header is malformed: ${error.message}.`),
  );
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error) => reject(new AddressUnavailable(host, port, cause));
    server.once('error', refuse);
    server.listen({ host, port }, () => {
      server.off('error', refuse);
      resolve();
    });
  });
}

/** An address that a client on this machine can use, also where the server listens on all of them. */
function urlOf({ address, port }: AddressInfo): string {
  const host = address === '0.0.0.0' || address === '::' ? LOOPBACK : address;
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
