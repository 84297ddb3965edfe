import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answerOnWire, requestOnWire } from '../testing/wire-request.ts';
import { systemClock } from './clock.ts';
import { type HttpService, startHttpService } from './http-service.ts';
import { type Write, writeDoor } from './write-door.ts';

const limits = {
  headersTimeoutMs: 1_000,
  requestTimeoutMs: 1_000,
  keepAliveTimeoutMs: 1_000,
  connectionsMax: 10,
  stopGraceMs: 50,
};
const echo: Write = {
  path: '/v1/things',
  route: 'things',
  answer: async ({ json, header }) => {
    if (json === 'refused') throw new Error('not this one');
    return { status: 201, headers: { 'x-key': header('x-key') ?? 'none' }, text: JSON.stringify(json) };
  },
};

let observed: (readonly [route: string, status: number])[] = [];
let server: HttpService;
beforeAll(async () => {
  const door = writeDoor([echo], {
    clock: systemClock,
    bodyBytesMax: 100,
    failed: (error, { path }) => new Response(`${path}: ${(error as Error).message}`, { status: 400 }),
    observe: (route, status) => observed.push([route, status]),
  });
  const app = (_request: unknown, response: { end(text: string): void }) => response.end('left to the app');
  server = await startHttpService(app, { host: '127.0.0.1', port: 0, limits, clock: systemClock, front: () => door });
});
beforeEach(() => {
  observed = [];
});
afterAll(() => server.stop());

const json = 'Content-Type: application/json';
const lengthOf = (text: string) => `Content-Length: ${Buffer.byteLength(text)}`;
const post = (text: string, ...headers: string[]) =>
  requestOnWire('POST /v1/things', [json, lengthOf(text), ...headers], text);

describe('a write that is sent as plain JSON', () => {
  it('is answered with what it says in its body and headers, and measured', async () => {
    expect(await answerOnWire(server.url, post('{"a":"ö"}', 'X-Key: k'))).toMatch(
      /^HTTP\/1\.1 201 Created\r\n[\s\S]*x-key: k\r\n\r\n{"a":"\xc3\xb6"}$/,
    );
    expect(await answerOnWire(server.url, post('[1]'))).toMatch(/x-key: none\r\n\r\n\[1\]$/);
    expect(observed).toEqual(Array(2).fill(['things', 201]));
  });

  it('is answered with what it is refused for, by the write or because it is no JSON', async () => {
    expect(await answerOnWire(server.url, post('"refused"'))).toMatch(/^HTTP\/1\.1 400 [\s\S]*things: not this one$/);
    expect(await answerOnWire(server.url, post('{'))).toMatch(/^HTTP\/1\.1 400 [\s\S]*things: .*JSON/);
    expect(observed).toEqual(Array(2).fill(['things', 400]));
  });

  it('is refused when it breaks off', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(post('{"a":1}').subarray(0, -3));
    await systemClock.sleep(20);
    socket.destroy();
    await expect.poll(() => observed).toEqual([['things', 400]]);
  });
});

describe('left to the app', () => {
  const body = '{"a":1}';
  const length = lengthOf(body);
  it.each([
    ['another content type', [length, `${json}; charset=utf-8`], body],
    ['no content type', [length], body],
    ['a content type that stands twice', [length, json, 'content-type: text/plain'], body],
    ['a compressed body', [length, json, 'Content-Encoding: gzip'], body],
    ['chunks', [json, 'Transfer-Encoding: chunked'], `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`],
    ['an empty body', [json, 'Content-Length: 0'], ''],
    ['a body that is too long', [json, 'Content-Length: 101'], ''],
  ])('is %s', async (_, headers, text) => {
    expect(await answerOnWire(server.url, requestOnWire('POST /v1/things', headers, text))).toContain(
      'left to the app',
    );
    expect(observed).toEqual([]);
  });

  it.each(['POST /v1/things?x', 'POST /v1/others', 'PUT /v1/things', 'POST /v1/things/'])('is %s', async (line) => {
    expect(await answerOnWire(server.url, requestOnWire(line, [json, length], body))).toContain('left to the app');
    expect(observed).toEqual([]);
  });
});
