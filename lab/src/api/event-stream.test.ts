import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { eventStream } from './event-stream.ts';

test('events arrive whole, however they were cut up, and go on behind the last one after a broken connection', async () => {
  const seen: (string | undefined)[] = [];
  const server = createServer((incoming, outgoing) => {
    seen.push(incoming.headers['last-event-id'] as string | undefined);
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
    if (seen.length > 1) return void outgoing.write('id: 8\ndata: {"n":3}\n\n');
    outgoing.write(': a comment\n\nid: 6\nevent: availability\ndata: {"n":');
    setTimeout(() => outgoing.end('1}\n\nid: 7\ndata: {"n":2}\n\ndata: {"n":'), 10);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}/`;
  const stopping = new AbortController();
  const events: unknown[] = [];
  for await (const event of eventStream(url, stopping.signal)) {
    events.push(event);
    if (events.length === 3) stopping.abort();
  }
  expect(events).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  expect(seen).toEqual([undefined, '7']);
  server.closeAllConnections();
  server.close();
});
