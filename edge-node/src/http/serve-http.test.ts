import { Agent, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { systemClock } from '@edgestock/shared/runtime/clock';
import type { HttpService } from '@edgestock/shared/runtime/http-service';
import { CannotListen } from '@edgestock/shared/runtime/listening';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { httpLimits } from '../limits.ts';
import { OpenDoors } from '../testing/open-doors.ts';
import { sku } from '../testing/site.ts';
import { serveHttp } from './serve-http.ts';

const limits = { ...httpLimits, eventHeartbeatMs: 20, eventStallMs: 60, stopGraceMs: 300 };
const sale = JSON.stringify({ till: 'T', receipt: 'R', lines: [{ sku: 'TEA', quantity: 1 }] });

let doors: OpenDoors;
let service: HttpService;
let port: number;
const sockets: Socket[] = [];
beforeEach(async () => {
  doors = new OpenDoors({ limits, clock: systemClock });
  service = await serveHttp(doors.answers, { port: 0, limits, clock: systemClock });
  port = Number(new URL(service.url).port);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await service.stop();
  doors.close();
});

/** A connection that speaks HTTP by hand, collecting what comes back. */
function speak(text: string): { socket: Socket; received: () => string; ended: Promise<void> } {
  const socket = connect({ host: '127.0.0.1', port });
  sockets.push(socket);
  let received = '';
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1');
  });
  socket.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(text);
  return { socket, received: () => received, ended };
}

const head = (headers: string) =>
  `POST /v1/sales HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${headers}\r\n\r\n`;

function until(condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const cancel = systemClock.every(5, () => {
      if (!condition()) return;
      cancel();
      resolve();
    });
  });
}

describe('the server', () => {
  test('listens on loopback at a free port, and answers', async () => {
    expect(service.url).toBe(`http://127.0.0.1:${port}`);
    await doors.receive('TEA', 5);
    const response = await fetch(`${service.url}/v1/stock/TEA`);
    expect([response.headers.get('etag'), await response.json()]).toMatchObject(['"v1"', { onHand: 5 }]);
  });

  test('finds a SKU with a slash, a space or dots as its address writes it', async () => {
    for (const text of ['A/B C', 'Größe', '..a', '%41']) {
      await doors.receive(text, 1);
      const response = await fetch(`${service.url}/v1/stock/${encodeURIComponent(text)}`);
      expect(await response.json()).toMatchObject({ sku: text });
    }
  });

  test('says whose port it is not', async () => {
    await expect(serveHttp(doors.answers, { port, limits, clock: systemClock })).rejects.toThrow(CannotListen);
  });

  test('keeps one connection for many requests', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (let round = 0; round < 3; round += 1) {
      const response = await new Promise<IncomingMessage>((resolve) =>
        request(`${service.url}/healthz`, { agent }, resolve).end(),
      );
      ports.add(response.socket.localPort);
      for await (const _ of response);
    }
    agent.destroy();
    expect(ports.size).toBe(1);
  });

  test('refuses a body that announces too much before it has come', async () => {
    const { received } = speak(head(`Content-Length: ${limits.bodyBytesMax + 1}`));
    await until(() => received().includes('body-too-large'));
    expect(received()).toMatch(/^HTTP\/1.1 413 /);
  });

  test('refuses a body that grows too long without announcing it', async () => {
    const chunk = 'x'.repeat(0x4000);
    const { received, socket } = speak(head('Transfer-Encoding: chunked'));
    for (let sent = 0; sent <= limits.bodyBytesMax; sent += chunk.length) socket.write(`4000\r\n${chunk}\r\n`);
    await until(() => received().includes('body-too-large'));
    expect(received()).toMatch(/^HTTP\/1.1 413 /);
  });

  test('takes a body in chunks, and one cut off in the middle records nothing', async () => {
    const whole = speak(`${head('Transfer-Encoding: chunked')}${sale.length.toString(16)}\r\n${sale}\r\n0\r\n\r\n`);
    await until(() => whole.received().includes('"sequence":1'));
    const cut = speak(`${head(`Content-Length: ${sale.length}`)}${sale.slice(0, 20)}`);
    await until(() => cut.socket.bytesWritten > 0);
    cut.socket.destroy();
    await cut.ended;
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
    expect(doors.site.ledger.view.log().sequence).toBe(1);
  });

  test.each([
    ['garbage', 'hello there\r\n\r\n'],
    ['a request without a host', 'GET /healthz HTTP/1.1\r\n\r\n'],
  ])('answers %s with a problem', async (_, text) => {
    const { received, ended } = speak(text);
    await ended;
    expect(received()).toMatch(/^HTTP\/1\.1 400 [\s\S]*application\/problem\+json[\s\S]*"code":"invalid-request"/);
  });

  test('answers a malformed host with a problem', async () => {
    const { received } = speak('GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n');
    await until(() => received().includes('invalid-request'));
    expect(received()).toMatch(/^HTTP\/1.1 400 /);
  });
});

describe('an event stream', () => {
  test('comes over the wire as it happens', async () => {
    const { received } = speak('GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => received().includes('retry: 2000'));
    await doors.receive('TEA', 5);
    await until(() => received().includes('id: 1\nevent: movement\ndata: {"sequence":1'));
    await until(() => received().includes(': heartbeat'));
  });

  test('is taken from a reader that has stopped reading, and its connection with it', async () => {
    const lines = Array.from({ length: 500 }, () => ({ sku: sku('TEA'), quantity: 1, bin: 'b'.repeat(128) }));
    for (let round = 0; round < 40; round += 1) {
      await doors.site.move('receive', lines, { document: 'd'.repeat(128), actor: 'a'.repeat(128) });
    }
    const { socket } = speak('GET /v1/events?after=0 HTTP/1.1\r\nHost: x\r\n\r\n');
    socket.pause();
    const metrics = async () => (await fetch(`${service.url}/metrics`)).text();
    await expect
      .poll(metrics, { timeout: 5_000 })
      .toContain('edgestock_event_streams_dropped_total{warehouse="BER1"} 1');
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
  });

  test('of a reader that went away is forgotten', async () => {
    const { socket, received } = speak('GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => received().includes('retry'));
    socket.destroy();
    const metrics = async () => (await fetch(`${service.url}/metrics`)).text();
    await expect.poll(metrics).toContain('edgestock_event_streams{warehouse="BER1"} 0');
  });
});

describe('stopping', () => {
  test('finishes what was accepted, and takes nothing new', async () => {
    const before = speak(`${head(`Content-Length: ${sale.length}`)}${sale.slice(0, 10)}`);
    await until(() => before.socket.bytesWritten > 0);
    await fetch(`${service.url}/healthz`);
    const stopped = service.stop();
    await expect(fetch(`${service.url}/healthz`)).rejects.toThrow();
    before.socket.write(sale.slice(10));
    await stopped;
    await before.ended;
    expect(before.received()).toContain('HTTP/1.1 201');
    expect(doors.site.onHand('TEA')).toBe(-1);
  });

  test('does not wait for connections that are only kept open, nor for event streams', async () => {
    const idle = speak('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    const events = speak('GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => idle.received().includes('alive') && events.received().includes('retry'));
    const startedMs = systemClock.monotonicMs();
    await service.stop();
    expect(systemClock.monotonicMs() - startedMs).toBeLessThan(limits.stopGraceMs);
    await Promise.all([idle.ended, events.ended]);
  });

  test('cuts what does not finish within the grace', async () => {
    const stuck = speak(`${head('Content-Length: 100')}{`);
    await until(() => stuck.socket.bytesWritten > 0);
    await fetch(`${service.url}/healthz`);
    await service.stop();
    await stuck.ended;
    expect(stuck.received()).not.toContain('201');
  });

  test('can be asked for twice; both wait until nothing is left', async () => {
    const stuck = speak(`${head('Content-Length: 100')}{`);
    await until(() => stuck.socket.bytesWritten > 0);
    await fetch(`${service.url}/healthz`);
    let isFirstDone = false;
    const first = service.stop().then(() => {
      isFirstDone = true;
    });
    await service.stop();
    expect(isFirstDone).toBe(true);
    await first;
  });
});
