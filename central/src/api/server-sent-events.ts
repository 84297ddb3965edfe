/**
 * The text of server-sent events (WHATWG HTML, "Server-sent events"). `data` is one line of JSON, which cannot hold a line
 * break, so nothing needs to be split or escaped.
 */
const encoder = new TextEncoder();

/** Encoded once and handed to every stream. */
export function eventFrame(event: { readonly id: string; readonly data: string }): Uint8Array {
  return encoder.encode(`id: ${event.id}\ndata: ${event.data}\n\n`);
}

/** Moves the reader's `Last-Event-ID` without an event: it may resume from here even if nothing has happened yet. */
export function positionFrame(id: string): Uint8Array {
  return encoder.encode(`id: ${id}\n\n`);
}

/** Keeps proxies and dead connections honest; readers ignore it. */
export const heartbeatFrame: Uint8Array = encoder.encode(': alive\n\n');

/** How long a reader should wait before it connects again. */
export function retryFrame(delayMs: number): Uint8Array {
  return encoder.encode(`retry: ${delayMs}\n\n`);
}

export const EVENT_STREAM_CONTENT_TYPE = 'text/event-stream; charset=utf-8';
