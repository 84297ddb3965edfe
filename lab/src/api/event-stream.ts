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
      const { body } = await fetch(url, { signal, headers: { accept: 'text/event-stream', ...headers } });
      for await (const { id, data } of eventsIn(body ?? [])) {
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

type ServerSentEvent = { readonly id: string | undefined; readonly data: string };

async function* eventsIn(body: AsyncIterable<Uint8Array> | readonly Uint8Array[]): AsyncGenerator<ServerSentEvent> {
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
