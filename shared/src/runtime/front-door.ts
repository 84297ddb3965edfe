import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

/**
 * Answers a request from connection to connection, before the generic machinery of a server makes a request, a context and a
 * response of it; or leaves it to the app behind, having written nothing and read nothing of the body. An answer that comes later is
 * a promise, which never rejects.
 */
export type FrontDoor = (
  request: IncomingMessage,
  response: ServerResponse,
  otherwise: () => void,
) => void | Promise<void>;

/** The listener behind the front door of the moment, where there is one. */
export function behindFrontDoor(front: () => FrontDoor | undefined, listener: RequestListener): RequestListener {
  return (request, response) => {
    const door = isPlainHost(request.headers.host) ? front() : undefined;
    if (door === undefined) return listener(request, response);
    void door(request, response, () => listener(request, response));
  };
}

/** A host that needs no look at whether it is one: anything else is judged by the listener. */
function isPlainHost(host: string | undefined): boolean {
  return host !== undefined && PLAIN_HOST.test(host);
}

/** Ports from 60000 on are looked at, too, since not all of them are ports. */
const PLAIN_HOST = /^[a-z0-9.-]{1,253}(?::(?:[1-5]\d{4}|\d{1,4}))?$/;
