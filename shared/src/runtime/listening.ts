import type { Server } from 'node:http';
import { isIPv6 } from 'node:net';
import { assert } from './assert.ts';
import { OperatingFailure } from './operating-failure.ts';

export const LOOPBACK = '127.0.0.1';

/** The address cannot be had; the hint says what to do. */
export class CannotListen extends OperatingFailure {
  override readonly name = 'CannotListen';
  readonly retryable = false;
}

/** Makes a server listen; port 0 takes a free one. Answers the URL that a client on this machine can use. Throws `CannotListen`. */
export function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error) => reject(cannotListen(host, port, cause));
    server.once('error', refuse);
    server.listen({ host, port }, () => {
      server.off('error', refuse);
      resolve(urlOf(server));
    });
  });
}

/** Also where the server listens on all addresses. */
function urlOf(server: Server): string {
  const bound = server.address();
  assert(bound !== null && typeof bound === 'object', 'the server listens on an address and port');
  const { address, port } = bound;
  const host = address === '0.0.0.0' || address === '::' ? LOOPBACK : address;
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function cannotListen(host: string, port: number, cause: Error): CannotListen {
  const message = `cannot listen on ${host}:${port}`;
  const code = 'code' in cause ? cause.code : undefined;
  if (code === 'EADDRINUSE') {
    const hint = 'Another process has the port: stop it, or choose another with --port. Port 0 takes a free one.';
    return new CannotListen(`${message}: the port is in use`, hint, { cause });
  }
  if (code === 'EACCES') {
    return new CannotListen(`${message}: the port needs privileges`, 'Choose one above 1023 with --port.', { cause });
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    const hint = 'Name an address of this machine with --host (EDGESTOCK_EDGE_HOST or EDGESTOCK_CENTRAL_HOST).';
    return new CannotListen(`${message}: ${host} is not an address of this machine`, hint, { cause });
  }
  return new CannotListen(`${message}: ${cause.message}`, 'Name another address or port.', { cause });
}
