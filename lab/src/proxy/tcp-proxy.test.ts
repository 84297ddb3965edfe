import { once } from 'node:events';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TcpProxy } from './tcp-proxy.ts';

let echo: Server;
let proxy: TcpProxy;
const received: Buffer[] = [];

beforeEach(async () => {
  received.length = 0;
  echo = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      received.push(chunk);
      socket.write(chunk);
    });
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await TcpProxy.start({ host: '127.0.0.1', port: portOf(echo) });
});

afterEach(async () => {
  await proxy.stop();
  echo.close();
});

describe('a link', () => {
  test('carries bytes both ways', async () => {
    const client = await open();
    expect(await ask(client, 'hello')).toBe('hello');
  });

  test('that is cut drops its connections and refuses new ones, until it is healed', async () => {
    const client = await open();
    const closed = closeOf(client);
    proxy.cut();
    await closed;
    await closeOf(dial(proxy.port, '127.0.0.1').on('error', () => undefined));
    proxy.heal();
    expect(await ask(await open(), 'again')).toBe('again');
  });

  test('that is half-open keeps its connections and swallows what is sent', async () => {
    const client = await open();
    proxy.link = { state: 'half-open', swallows: 'upstream' };
    expect(await ask(client, 'lost', 60)).toBeUndefined();
    expect(client.readyState).toBe('open');
    expect(received).toEqual([]);
  });

  test('may swallow one way only: the server hears, the client does not', async () => {
    const client = await open();
    proxy.link = { state: 'half-open', swallows: 'downstream' };
    expect(await ask(client, 'heard', 60)).toBeUndefined();
    expect(Buffer.concat(received).toString()).toBe('heard');
    // The answer, which is the same again.
    expect(proxy.swallowedBytes).toBe('heard'.length);
  });

  test('that was half-open tears its old connections down when it heals', async () => {
    const client = await open();
    proxy.link = { state: 'half-open', swallows: 'both' };
    const closed = closeOf(client);
    proxy.heal();
    await closed;
    expect(await ask(await open(), 'fresh')).toBe('fresh');
  });

  test('may be slow', async () => {
    const client = await open();
    proxy.link = { state: 'pass', delayMs: 40 };
    const askedAt = systemClock.monotonicMs();
    expect(await ask(client, 'slow')).toBe('slow');
    // Up and down, 40 ms each; timers may be a millisecond early.
    expect(systemClock.monotonicMs() - askedAt).toBeGreaterThan(75);
  });
});

async function open(): Promise<Socket> {
  const client = dial(proxy.port, '127.0.0.1');
  client.on('error', () => client.destroy());
  await once(client, 'connect');
  return client;
}

/** However it came to it: `once` would reject when a reset comes first. */
function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.on('close', () => resolve()));
}

async function ask(client: Socket, text: string, patienceMs = 5_000): Promise<string | undefined> {
  const answer = once(client, 'data').then(([chunk]) => String(chunk));
  client.write(text);
  return Promise.race([answer, systemClock.sleep(patienceMs).then(() => undefined)]);
}

function portOf(server: Server): number {
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}
