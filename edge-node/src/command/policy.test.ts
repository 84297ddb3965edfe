import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from 'citty';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { command } from './policy.ts';

let directory: string;
let server: Server;
let central: readonly string[];
let printed: string[];
/** What central answers to reads, and what was put. */
const known: Record<string, object> = {
  '/v1/status': { role: 'central' },
  '/v1/warehouses/BER1/policy': { warehouse: 'BER1', class: 'store', sharePercent: 50, safetyStock: 0, priority: 100 },
  '/v1/channels': { channels: [{ channel: 'web', warehouses: ['BER1'], buffer: 3 }] },
};
let puts: [path: string | undefined, body: object][];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'edgestock-policy-'));
  printed = [];
  puts = [];
  vi.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
  server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    if (request.method === 'PUT') {
      const body = JSON.parse(Buffer.concat(pieces).toString('utf8'));
      puts.push([request.url, body]);
      return response.end(JSON.stringify({ warehouse: 'BER1', channel: 'web', ...body }));
    }
    const body = known[request.url ?? ''];
    response.statusCode = body === undefined ? 404 : 200;
    return response.end(JSON.stringify(body ?? { detail: 'No node of the warehouse MUC1 was ever enrolled.' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  central = ['--central', `http://127.0.0.1:${(server.address() as AddressInfo).port}`];
});
afterEach(() => {
  vi.restoreAllMocks();
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

const run = (...words: readonly string[]) => runCommand(command, { rawArgs: [...words, ...central] });

function file(content: string): string {
  const path = join(directory, 'rules.csv');
  writeFileSync(path, content);
  return path;
}

it('shows a policy, to people and to scripts', async () => {
  await run('show', 'BER1');
  await run('show', 'BER1', '--json');
  expect(printed[0]).toBe('BER1: store, 50 % granted to central, safety stock 0, priority 100');
  expect(JSON.parse(printed[1] ?? '')).toMatchObject({ warehouse: 'BER1', sharePercent: 50 });
});

it('changes what is named, and leaves the rest of a policy or a channel as it is', async () => {
  await run('set', 'BER1', '--share', '80');
  await run('channel', 'web', '--buffer', '1');
  await run('channel', 'web', '--warehouses', 'all');
  expect(puts).toEqual([
    ['/v1/warehouses/BER1/policy', { class: 'store', sharePercent: 80, safetyStock: 0, priority: 100 }],
    ['/v1/channels/web', { warehouses: ['BER1'], buffer: 1 }],
    ['/v1/channels/web', { warehouses: 'all', buffer: 3 }],
  ]);
});

it('sets SKUs from a file, as many in a request as fit; an empty cell lifts what was set', async () => {
  const more = Array.from({ length: 500 }, (_, index) => `S${index},,1`).join('\n');
  await run('skus', 'BER1', file(`sku,share_percent,safety_stock\nA,0,\nB,,\n${more}\n`));
  expect(puts.map(([path, body]) => [path, (body as { rules: object[] }).rules.length])).toEqual([
    ['/v1/warehouses/BER1/sku-policies', 500],
    ['/v1/warehouses/BER1/sku-policies', 2],
  ]);
  const first = puts[0]?.[1] as { rules: object[] };
  expect(first.rules.slice(0, 3)).toEqual([{ sku: 'A', sharePercent: 0 }, { sku: 'B' }, { sku: 'S0', safetyStock: 1 }]);
  await run('buffers', 'web', file('buffer;sku\n2;A\n;B\n'));
  expect(puts.at(-1)).toEqual([
    '/v1/channels/web/buffers',
    {
      buffers: [
        { sku: 'A', buffer: 2 },
        { sku: 'B', buffer: null },
      ],
    },
  ]);
});

it('refuses a file by its lines before anything is set', async () => {
  const path = file('sku,share_percent\nA,1.5\nB,101\nA,1\n,1\n');
  await expect(run('skus', 'BER1', path)).rejects.toMatchObject({
    exitCode: 2,
    hint: [
      `${path}:2: share_percent "1.5" is not a whole number`,
      `${path}:3: share_percent 101 is more than all`,
      `${path}:4: SKU A stands on an earlier line already`,
      `${path}:5: "" cannot be a SKU`,
    ].join('\n'),
  });
  expect(puts).toEqual([]);
});

it.each([
  [['show', 'MUC1'], /No node of the warehouse MUC1/],
  [['set', 'BER1'], /what shall be set/],
  [['set', 'BER1', '--share', 'half'], /--share half is not a whole number/],
  [['skus', 'BER1', 'nowhere.csv'], /no file nowhere\.csv/],
])('says what is wrong with %j', async (words, message) => {
  await expect(run(...words)).rejects.toThrow(message);
  expect(puts).toEqual([]);
});
