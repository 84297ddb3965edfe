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
    expect(received).toMatch(/^HTTP\/1\.1 (200|400) /);
  });

  it('without a Host is fine in HTTP/1.0, which has none', async () => {
    expect(await answerTo('GET / HTTP/1.0\r\n\r\n')).toContain('hello');
  });
});
