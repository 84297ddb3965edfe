import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EdgeStore } from '@edgestock/edge-node/store/edge-store';
import { parseWarehouseId } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CentralApi } from '../api/central-api.ts';
import { EdgeApi } from '../api/edge-api.ts';
import { requestJson } from '../api/json-request.ts';
import { ShopApi } from '../api/shop-api.ts';
import { mismatchesOf } from '../model/compare-positions.ts';
import { type Broker, startBroker } from '../system/broker.ts';
import { portFor } from '../system/ports.ts';
import { centralStores } from '../testing/central-stores.ts';
import { openPastCentral } from '../testing/past-central.ts';
import { isRunning, type RunningCommand, runCommand, startCommand, until } from '../testing/running-command.ts';

/**
 * Central is lost with its disk, and the node has trimmed the beginning of its log: real processes, a snapshot of 12,000 SKUs,
 * central killed in the middle of it; afterwards the node's disk is lost, too, and all there is comes back from that central.
 */
const WITHIN_MS = 60_000;
const WAREHOUSE = 'BER1';
const SKUS = 12_000;
const LINES_PER_REQUEST = 1_000;

const stores = centralStores();
let folder: string;
let broker: Broker;
let centralUrl: string;
let shop: ShopApi;
let api: CentralApi;
const started: RunningCommand[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgestock-snapshot-'));
  broker = await startBroker({
    directory: join(folder, 'nats'),
    port: await portFor(0, '--nats-port'),
    log: silentLog,
  });
  centralUrl = `http://127.0.0.1:${await portFor(0, '--central-port')}`;
  shop = new ShopApi(centralUrl, { patienceMs: 40_000 });
  api = new CentralApi(centralUrl);
}, 60_000);
afterAll(async () => {
  for (const { pid } of started) if (isRunning(pid)) process.kill(pid, 'SIGKILL');
  await broker?.stop();
  await rm(folder, { recursive: true, force: true });
});

type Node = { readonly process: RunningCommand; readonly api: EdgeApi; readonly dataDir: string };
type Status = { readonly state: string; readonly hint?: string; readonly quotaUnits: number; readonly backlog: number };

async function startNode(dataDir: string): Promise<Node> {
  const command = await startCommand(
    ...['edge', '--warehouse', WAREHOUSE, '--data-dir', dataDir, '--port', '0', '--nats', broker.url, '--json'],
  );
  started.push(command);
  const { url } = command.ready as { url: string };
  return { process: command, dataDir, api: new EdgeApi(url, { patienceMs: 10_000 }) };
}

async function startCentral(directory: string, store: string, ...more: readonly string[]): Promise<RunningCommand> {
  const where = ['--data-dir', directory, '--store', store, '--port', new URL(centralUrl).port, '--nats', broker.url];
  const command = await startCommand('central', ...where, ...more, '--json');
  started.push(command);
  return command;
}

const statusOf = async (node: Node) => (await requestJson(`${node.api.url}/v1/status`)).body as Status;
const isLive = (node: Node) =>
  until(async () => (await statusOf(node)).state === 'live', WITHIN_MS, 'the node is live');
const write = async (node: Node, path: string, body: object) =>
  (await requestJson(`${node.api.url}${path}`, { body })).status;
const available = async (sku: string) => (await api.availability(sku)).available;
async function counted(name: string): Promise<number> {
  const page = await fetch(`${centralUrl}/metrics`).then(
    (answer) => answer.text(),
    () => '',
  );
  return Number(new RegExp(`^edgestock_central_ingest_${name}(?:\\{[^}]*\\})? (\\d+)$`, 'm').exec(page)?.[1] ?? 0);
}

/** Its whole log is folded into the checkpoint, as after a week without anything. */
function trimAll(dataDir: string): number {
  const warehouse = must(parseWarehouseId(WAREHOUSE), 'an id');
  const store = EdgeStore.open({ dataDir, warehouse, clock: systemClock, random: systemRandom });
  try {
    const { sequence } = store.outbox.head();
    store.outbox.setAppliedUpTo(sequence);
    while (store.outbox.trim({ agedUpTo: sequence, rowsMax: 1_000 }) > 0);
    return sequence;
  } finally {
    store.close();
  }
}

async function agree(node: Node, digestsBefore: number): Promise<void> {
  await isLive(node);
  let mismatches: unknown = 'nothing was compared';
  await until(
    async () => {
      const [told, atCentral] = await Promise.all([node.api.positions(), api.positions(WAREHOUSE)]);
      const model = new Map(Array.from(told, ([sku, { onHand }]) => [sku, onHand]));
      const found = mismatchesOf(WAREHOUSE, { model, node: told, central: atCentral });
      mismatches = found.slice(0, 3);
      return told.size > SKUS && found.length === 0;
    },
    WITHIN_MS,
    'central has what the node has',
  ).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(mismatches)}`);
  });
  expect(await shop.oversold()).toBe(0);
  await until(
    async () => (await counted('digests_compared_total')) > digestsBefore,
    WITHIN_MS,
    'a digest was compared',
  );
  expect(await counted('digests_differing_total')).toBe(0);
}

test('a new central gets what a node has trimmed, wherever it is killed meanwhile, and can give all of it back', async () => {
  let central = await startCentral(join(folder, 'central'), await stores.fresh());
  let node = await startNode(join(folder, 'node'));
  await isLive(node);
  for (let from = 0; from < SKUS; from += LINES_PER_REQUEST) {
    const lines = Array.from({ length: LINES_PER_REQUEST }, (_, n) => ({
      sku: `S-${from + n}`,
      quantity: 10,
      bin: `A-${n}`,
    }));
    expect(await write(node, '/v1/movements', { kind: 'receive', lines })).toBe(201);
  }
  expect(await write(node, '/v1/movements', { kind: 'receive', lines: [{ sku: 'A', quantity: 40 }] })).toBe(201);
  await until(async () => (await available('A')) > 0, WITHIN_MS, 'central may promise');
  expect(await shop.place({ id: 'O-1', owner: 'o', lines: [{ sku: 'A', quantity: 3 }] })).toMatchObject({
    reply: 'made',
  });
  expect(await shop.pay('O-1', 'authorised')).toMatchObject({ reply: 'made' });
  await until(
    async () => (await api.positions(WAREHOUSE)).get('A')?.committed === 3,
    WITHIN_MS,
    'its task is set aside',
  );
  expect(
    await write(node, '/v1/reservations', {
      id: 'R-1',
      owner: 'o',
      ttlSeconds: 3_600,
      lines: [{ sku: 'A', quantity: 2 }],
    }),
  ).toBe(201);
  await until(async () => (await statusOf(node)).backlog === 0, WITHIN_MS, 'central has all of it');
  const promisedBefore = await available('A');

  // Central's disk is lost; the node is off for long enough that its log is trimmed.
  await central.kill('SIGKILL');
  await node.process.kill('SIGTERM');
  const trimmed = trimAll(node.dataDir);
  expect(trimmed).toBeGreaterThan(SKUS);
  node = await startNode(node.dataDir);
  expect(await write(node, '/v1/sales', { till: 'T1', receipt: '1', lines: [{ sku: 'A', quantity: 1 }] })).toBe(201);

  const directory = join(folder, 'central-new');
  const store = await stores.fresh();
  // It asks a person whether this is the store that was meant: an empty one is what a disk that is not mounted looks like.
  const refusal = await startCentral(directory, store).then(
    () => 'it was ready beside a broker of another store',
    ({ message }: Error) => message,
  );
  const [, lost = ''] = /--instead-of ([0-9a-z]+)/.exec(refusal) ?? [];
  central = await startCentral(directory, store, '--instead-of', lost);
  await until(async () => (await counted('snapshot_chunks_total')) > 0, WITHIN_MS, 'chunks come in');
  await central.kill('SIGKILL');
  const staged = await openPastCentral(store, directory);
  const [before] = await staged.rows('SELECT count(*) AS chunks FROM snapshot, snapshot_chunk');
  await staged.close();
  expect(Number(before?.chunks)).toBeGreaterThan(0);
  expect(await write(node, '/v1/sales', { till: 'T1', receipt: '2', lines: [{ sku: 'A', quantity: 1 }] })).toBe(201);

  central = await startCentral(directory, store);
  await isLive(node);
  await until(async () => (await available('A')) === promisedBefore, WITHIN_MS, 'it promises what it promised');
  await agree(node, 0);
  // What was asked of the node before is known by what stands there.
  const unknown = (await requestJson(`${centralUrl}/v1/unknown-tasks`)).body as { tasks: object[] };
  expect(unknown.tasks).toMatchObject([{ task: 'O-1.1', lines: [{ sku: 'A', quantity: 3 }] }]);
  expect(await shop.place({ id: 'O-2', owner: 'o', lines: [{ sku: 'S-7', quantity: 2 }] })).toMatchObject({
    reply: 'made',
  });
  expect(await shop.pay('O-2', 'authorised')).toMatchObject({ reply: 'made' });
  await until(async () => (await api.positions(WAREHOUSE)).get('S-7')?.committed === 2, WITHIN_MS, 'orders go on');

  // The node's disk is lost, too.
  const books = await node.api.positions();
  await node.process.kill('SIGKILL');
  await rm(node.dataDir, { recursive: true });
  node = await startNode(join(folder, 'node-new'));
  await until(async () => (await statusOf(node)).state === 'refused', WITHIN_MS, 'another installation owns it');
  const digests = await counted('digests_compared_total');
  const rejoined = await runCommand('edge', 'rejoin', '--url', node.api.url, '--yes', '--json', '--recount', 'none');
  expect(rejoined.code, rejoined.stderr).toBe(0);
  await agree(node, digests);
  const rebuilt = await node.api.positions();
  expect(rebuilt.size).toBe(books.size);
  for (const [sku, { onHand, committed }] of books) expect(rebuilt.get(sku)).toMatchObject({ onHand, committed });
  const { tasks } = (await requestJson(`${node.api.url}/v1/tasks`)).body as { tasks: { order: string }[] };
  expect(tasks.map(({ order }) => order).sort()).toEqual(['O-1', 'O-2']);
  await node.process.kill('SIGTERM');
  const verified = await runCommand('verify', '--data-dir', node.dataDir);
  expect(verified.code, verified.stdout).toBe(0);
}, 300_000);
