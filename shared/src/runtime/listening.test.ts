import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listen } from './listening.ts';

let server: Server;
beforeEach(() => {
  server = createServer();
});
afterEach(() => server.close());

describe('a server that is to listen', () => {
  it('on a free port answers the URL by which it is reached', async () => {
    expect(await listen(server, { host: '127.0.0.1', port: 0 })).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
  });

  it('on all addresses answers one that a client can use', async () => {
    expect(await listen(server, { host: '0.0.0.0', port: 0 })).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('on a port that is taken says so, and what to do', async () => {
    const url = await listen(server, { host: '127.0.0.1', port: 0 });
    const taken = listen(createServer(), { host: '127.0.0.1', port: Number(new URL(url).port) });
    await expect(taken).rejects.toMatchObject({
      name: 'CannotListen',
      message: expect.stringContaining('in use'),
      hint: expect.stringContaining('--port'),
    });
  });

  it('on an address of another machine says so, and which setting names it', async () => {
    await expect(listen(server, { host: '192.0.2.1', port: 0 })).rejects.toMatchObject({
      message: expect.stringContaining('not an address of this machine'),
      hint: expect.stringContaining('EDGESTOCK_EDGE_HOST'),
    });
  });
});
