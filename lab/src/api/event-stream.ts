import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { systemClock } from '@edgestock/shared/runtime/clock';

const AGAIN_AFTER_MS = 1_000;

/**
 * The data of server-sent events, one JSON document after the other, for as long as `signal` allows. It comes back after a
 * broken connection and goes on behind the last event it saw.
 */
export async function* eventStream(url: string, signal: AbortSignal): AsyncGenerator<unknown> {
  let lastEventId: string | undefined;
  while (!signal.aborted) {
    try {
      const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
      for await (const { id, data } of eventsIn(await open(url, headers, signal))) {
        lastEventId = id ?? lastEventId;
        if (data !== '') yield JSON.parse(data);
      }
    } catch (error) {
      // Central is starting again, or we are being stopped; what else is wrong shows in what is not seen.
      if (error instanceof SyntaxError) throw error;
    }
    await systemClock.sleep(AGAIN_AFTER_MS, signal);
  }
}

/** Not with fetch: when a stream is given up, that opens a connection in reserve, and the server waits for it when it stops. */
async function open(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const request = get(url, { agent: false, signal, headers: { accept: 'text/event-stream', ...headers } });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

type ServerSentEvent = { readonly id: string | undefined; readonly data: string };

async function* eventsIn(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) yield eventOf(block);
  }
}

function eventOf(block: string): ServerSentEvent {
  const lines = block.split('\n');
  const contentOf = (field: string) =>
    lines.filter((line) => line.startsWith(`${field}:`)).map((line) => line.slice(field.length + 1).trimStart());
  return { id: contentOf('id').at(-1), data: contentOf('data').join('\n') };
}
