import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EdgeApi } from './edge-api.ts';
import { type AttemptEnd, Unreachable } from './json-request.ts';

/** What the node does with each request in turn; it goes on answering like the last. */
let script: ((receipt: string) => 'drop' | { status: number; body: object })[];
const received: string[] = [];
let server: Server;
let url: string;

beforeEach(async () => {
  received.length = 0;
  server = createServer((incoming, outgoing) => {
    let text = '';
    incoming.on('data', (chunk) => {
      text += chunk;
    });
    incoming.on('end', () => {
      received.push(text);
      const answer = (script.length > 1 ? script.shift() : script[0])?.(text) ?? 'drop';
      if (answer === 'drop') return void outgoing.destroy();
      outgoing.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  url = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
});

afterEach(() => void server.close());

const sale = { warehouse: 'W1', path: '/v1/sales', body: { till: 't', receipt: '1' }, changes: [] } as const;
const recorded = () => ({ status: 201, body: { sequence: 5, movements: [{ sku: 'a' }], exceptions: [] } });

test('a write is sent again, unchanged, until the node answers', async () => {
  script = [() => 'drop', () => ({ status: 503, body: {} }), recorded];
  const reply = await new EdgeApi(url, { patienceMs: 5_000 }).record(sale);
  expect(reply).toMatchObject({ reply: 'recorded', sequence: 5, movements: 1 });
  expect(received).toEqual(Array.from({ length: 3 }, () => '{"till":"t","receipt":"1"}'));
});

test('a refusal is an answer: it is not repeated, and its code is kept', async () => {
  script = [() => ({ status: 422, body: { code: 'idempotency-key-reused', detail: 'another body' } })];
  const reply = await new EdgeApi(url, { patienceMs: 5_000 }).record(sale);
  expect(reply).toEqual({ reply: 'refused', code: 'idempotency-key-reused', detail: 'another body' });
  expect(received).toHaveLength(1);
});

test('a node that never answers is given up, saying that what was sent may have happened', async () => {
  script = [() => 'drop'];
  const patience = new EdgeApi(url, { patienceMs: 1_000 }).record(sale);
  await expect(patience).rejects.toThrow(Unreachable);
  expect(received.length).toBeGreaterThan(1);
});

test('whoever watches hears of every try: that it began, and how it ended', async () => {
  script = [() => 'drop', () => ({ status: 503, body: {} }), recorded];
  const begun: unknown[] = [];
  const ends: AttemptEnd[] = [];
  const watcher = {
    begun: (to: string, { body }: { readonly body?: object }) => {
      expect(ends).toHaveLength(begun.length);
      begun.push([to, body]);
      return (end: AttemptEnd) => void ends.push(end);
    },
  };
  await new EdgeApi(url, { patienceMs: 5_000, watcher }).record(sale);
  expect(begun).toEqual(Array.from({ length: 3 }, () => [`${url}/v1/sales`, sale.body]));
  expect(ends).toMatchObject([{ cause: expect.any(Error) }, { status: 503 }, { status: 201, isReplayed: false }]);
});
