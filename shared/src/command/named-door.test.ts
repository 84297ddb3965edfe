import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { systemClock } from '../runtime/clock.ts';
import { centralAt, nodeAt } from './named-door.ts';

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
  vi.restoreAllMocks();
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const answering = async (answer: RequestListener) => `http://127.0.0.1:${await listening(createServer(answer))}`;
const saying = (body: object) => answering((_, response) => response.end(JSON.stringify(body)));
const talking = async (talk: (socket: Socket) => void) => `127.0.0.1:${await listening(createTcpServer(talk))}`;

const node = (address: string) => nodeAt({ flag: '--node', address });
const central = (address: string) => centralAt({ flag: '--central', address });

test('a node and central are known by what they say of themselves', async () => {
  const nodeUrl = await saying({ warehouse: 'BER1', sequence: 7 });
  const centralUrl = await saying({ role: 'central' });
  expect(await node(`${nodeUrl}/v1/status`)).toMatchObject({ door: { url: nodeUrl }, status: { sequence: 7 } });
  expect((await central(centralUrl)).door.url).toBe(centralUrl);
  await expect(node(centralUrl)).rejects.toMatchObject({
    message: `${centralUrl} is central`,
    hint: '--node names a node, such as http://127.0.0.1:7100.',
  });
  await expect(central(nodeUrl)).rejects.toMatchObject({
    message: `${nodeUrl} is the node of BER1`,
    hint: '--central names central, such as http://127.0.0.1:7000.',
  });
});

test('what refuses says why in its own words', async () => {
  const detail = 'The store cannot be read now.';
  const problems = [{ message: 'It cannot be read now' }, { message: 'Nor be written.' }];
  const url = await answering((_, response) =>
    response.writeHead(503).end(JSON.stringify({ detail, problems, hint: 'Start the server.' })),
  );
  await expect(central(url)).rejects.toMatchObject({
    message: `${detail}\nNor be written.`,
    hint: 'Start the server.',
    isPassing: true,
  });
});

test('what is not edgestock is told so', async () => {
  const page = await answering((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'));
  const missing = await answering((_, response) => response.writeHead(404).end('no'));
  for (const url of [page, missing, await saying({ status: 'ok' }), await saying([])]) {
    for (const asked of [node(url), central(url)]) await expect(asked).rejects.toThrow(`${url} is not edgestock`);
  }
  const elsewhere = await answering((_, response) =>
    response.writeHead(301, { location: 'https://shop.example/v1/status' }).end(),
  );
  await expect(node(elsewhere)).rejects.toMatchObject({
    message: `${elsewhere} sends its callers to https://shop.example/v1/status`,
    hint: 'Name that address.',
  });
});

test('what gives no answer is told with the reason, and what to look at', async () => {
  const broker = await talking((socket) => socket.write('INFO {"server_id":"N"}\r\n'));
  await expect(node(broker)).rejects.toMatchObject({
    message: `nothing answers at http://${broker} (it does not speak HTTP)`,
    hint: expect.stringContaining('https://'),
  });
  const hangingUp = await talking((socket) => socket.once('data', () => socket.end()));
  await expect(node(hangingUp)).rejects.toThrow(`http://${hangingUp} (it hangs up)`);
  const plain = await saying({ warehouse: 'BER1' });
  await expect(node(plain.replace('http:', 'https:'))).rejects.toMatchObject({
    message: expect.stringContaining('(it does not speak TLS)'),
    hint: 'Name it with http://.',
  });
  const nowhere = await saying({});
  servers.pop()?.close();
  const refused = expect.objectContaining({
    message: expect.stringMatching(/nothing answers at .* \(connect ECONNREFUSED/),
  });
  await expect(node(nowhere)).rejects.toEqual(refused);
  // A name of two addresses: both are tried, and neither error of its own has a message.
  await expect(node(nowhere.replace('127.0.0.1', 'localhost'))).rejects.toEqual(refused);
});

test('what takes the question and is silent is given up', async () => {
  vi.spyOn(systemClock, 'after').mockImplementation((_, giveUp) => {
    const timer = setTimeout(giveUp, 50);
    return () => clearTimeout(timer);
  });
  const silent = await talking(() => undefined);
  await expect(node(silent)).rejects.toThrow(`nothing answers at http://${silent} (no answer in 5 s)`);
});
