import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerClientErrors, hostGuard } from './client-error.ts';
import { LOOPBACK, listen } from './listening.ts';

let server: Server;
let port: number;
beforeEach(async () => {
  server = createServer(
    { requireHostHeader: false, headersTimeout: 200, connectionsCheckingInterval: 50 },
    hostGuard((_, response) => void response.end('hello')),
  );
  answerClientErrors(server);
  port = Number(new URL(await listen(server, { host: LOOPBACK, port: 0 })).port);
});
afterEach(() => server.close());

/** Everything that comes back to these bytes until the connection ends. */
function answerTo(text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: LOOPBACK, port });
    let received = '';
    socket.on('data', (bytes) => {
      received += bytes.toString('utf8');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
    socket.write(text);
  });
}

function statusesOf(received: string): readonly number[] {
  return Array.from(received.matchAll(/HTTP\/1\.1 (\d{3}) /g), ([, status]) => Number(status));
}

describe('a request that cannot be read as HTTP', () => {
  it.each([
    ['garbage', 'hello there\r\n\r\n', 400, 'invalid-request'],
    ['a target that is too long', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431, 'headers-too-large'],
    ['no Host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'invalid-request'],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'invalid-request',
    ],
    ['headers that never end', 'GET / HTTP/1.1\r\nHost: x\r\n', 408, 'request-timeout'],
  ])('gets a problem document: %s', async (_, text, status, code) => {
    const [head = '', body = ''] = (await answerTo(text)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head.toLowerCase()).toContain('content-type: application/problem+json');
    expect(head.toLowerCase()).toContain('connection: close');
    expect(JSON.parse(body)).toMatchObject({ status, code, detail: expect.any(String) });
  });

  it('after an answer on the same connection does not damage that one', async () => {
    const received = await answerTo('GET / HTTP/1.1\r\nHost: x\r\n\r\nhello there\r\n\r\n');
    expect(statusesOf(received)).toEqual([200, 400]);
  });

  it.each([
    ['garbage', 'hello there\r\n\r\n', 400],
    ['more and more of it', 'hello there\r\n\r\n'.repeat(9_000), 400],
    ['a request that never comes whole', 'GET / HTTP/1.1\r\nHost: x\r\n', 408],
  ])('leaves what came whole before it its answer, however late: %s', async (_, rest, status) => {
    const slow = createServer(
      { headersTimeout: 200, connectionsCheckingInterval: 50 },
      (_request, response) => void setTimeout(() => response.writeHead(201).end('done'), 600),
    );
    answerClientErrors(slow);
    port = Number(new URL(await listen(slow, { host: LOOPBACK, port: 0 })).port);
    const received = await answerTo(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi${rest}`);
    slow.close();
    expect(statusesOf(received)).toEqual([201, status]);
    expect(received.match(/connection: close/gi)).toHaveLength(1);
  });

  it('without a Host is fine in HTTP/1.0, which has none', async () => {
    expect(await answerTo('GET / HTTP/1.0\r\n\r\n')).toContain('hello');
  });
});
