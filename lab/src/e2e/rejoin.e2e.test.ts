import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { pagesOf, spoilPages } from '@edgestock/shared/testing/spoil-pages';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CentralApi } from '../api/central-api.ts';
import { EdgeApi } from '../api/edge-api.ts';
import { requestJson } from '../api/json-request.ts';
import { ShopApi } from '../api/shop-api.ts';
import { mismatchesOf } from '../model/compare-positions.ts';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import { anyPorts, type System, startSystem } from '../system/start-system.ts';
import { centralStores } from '../testing/central-stores.ts';
import { isRunning, type RunningCommand, runCommand, startCommand, until } from '../testing/running-command.ts';

/** A node restored from an old backup, cloned, or put on a new disk, as a real process beside a real central and broker. */
const WITHIN_MS = 30_000;
/** What a node has sent is at central by then. */
const UNDER_WAY_MS = 200;

const stores = centralStores();
let folder: string;
let system: System;
let central: CentralApi;
let shop: ShopApi;
let link: TcpProxy;
/** Digests that central had compared before the node rejoined. */
let digestsBefore = 0;
const started: RunningCommand[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgestock-rejoin-'));
  system = await startSystem({
    dataDirectory: join(folder, 'hub'),
    warehouses: [],
    store: await stores.fresh(),
    ports: anyPorts,
    logLevel: 'silent',
  });
  central = new CentralApi(system.centralUrl);
  shop = new ShopApi(system.centralUrl, { patienceMs: 10_000 });
  link = await TcpProxy.start({ host: '127.0.0.1', port: Number(new URL(system.natsUrl).port) });
}, 60_000);
afterAll(async () => {
  // Also of a test that has failed half-way: nobody else ends them.
  for (const { pid } of started) if (isRunning(pid)) process.kill(pid, 'SIGKILL');
  await link?.stop();
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
});

type Node = {
  readonly process: RunningCommand;
  readonly api: EdgeApi;
  readonly dataDir: string;
  readonly warehouse: string;
};

async function start(warehouse: string, dataDir: string): Promise<Node> {
  const nats = `nats://127.0.0.1:${link.port}`;
  const command = await startCommand(
    ...['edge', '--warehouse', warehouse, '--data-dir', dataDir, '--port', '0', '--nats', nats, '--json'],
  );
  const { url } = command.ready as { url: string };
  started.push(command);
  return { process: command, dataDir, warehouse, api: new EdgeApi(url, { patienceMs: 10_000 }) };
}

type Status = {
  readonly epoch: number;
  readonly state: string;
  readonly hint?: string;
  readonly restored?: { readonly kind: string; readonly hint: string };
  readonly quotaUnits: number;
};
const statusOf = async ({ api }: Node) => (await requestJson(`${api.url}/v1/status`)).body as Status;
const isStopped = async (node: Node) => ['refused', 'fenced'].includes((await statusOf(node)).state);
const isLive = (node: Node) =>
  until(async () => (await statusOf(node)).state === 'live', WITHIN_MS, 'the node is live');

/** Ends it at a moment at which central has all that a heartbeat has told of: anything else would be lost with its disk, rightly. */
async function killKnown({ process: running, warehouse }: Node): Promise<void> {
  await until(
    async () => {
      process.kill(running.pid, 'SIGSTOP');
      await systemClock.sleep(UNDER_WAY_MS);
      const isKnown = (await central.backlog(warehouse)) === 0;
      if (!isKnown) process.kill(running.pid, 'SIGCONT');
      return isKnown;
    },
    WITHIN_MS,
    'central has all of its log',
  );
  await running.kill('SIGKILL');
}

async function write({ api }: Node, path: string, body: object): Promise<number> {
  return (await requestJson(`${api.url}${path}`, { body })).status;
}
const receive = (node: Node, quantity: number, sku = 'A') =>
  write(node, '/v1/movements', { kind: 'receive', lines: [{ sku, quantity }] });
const sell = (node: Node, receipt: string, quantity: number, sku = 'A') =>
  write(node, '/v1/sales', { till: 'T1', receipt, lines: [{ sku, quantity }] });

async function order(id: string, quantity: number, sku = 'A'): Promise<void> {
  const placed = await shop.place({ id, owner: 'o', lines: [{ sku, quantity }] });
  expect(placed).toMatchObject({ reply: 'made' });
  expect(await shop.pay(id, 'authorised')).toMatchObject({ reply: 'made' });
}
const available = async (sku = 'A') => (await central.availability(sku)).available;

/** Central and the node say the same, the node's books agree with themselves, and nothing was oversold. */
async function agree(node: Node, onHand: Readonly<Record<string, number>>): Promise<void> {
  await isLive(node);
  const model = new Map(Object.entries(onHand));
  let mismatches: unknown = [];
  await until(
    async () => {
      const [told, atCentral] = await Promise.all([node.api.positions(), central.positions(node.warehouse)]);
      mismatches = mismatchesOf(node.warehouse, { model, node: told, central: atCentral });
      return (mismatches as unknown[]).length === 0;
    },
    WITHIN_MS,
    'central has what the node has',
  ).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(mismatches)}`);
  });
  expect(await shop.oversold()).toBe(0);
  await digestsAgree();
  await node.process.kill('SIGTERM');
  const verified = await runCommand('verify', '--data-dir', node.dataDir);
  expect(verified.code, verified.stdout).toBe(0);
}

async function rejoin(node: Node, ...more: readonly string[]) {
  digestsBefore = await counted('compared');
  return runCommand('edge', 'rejoin', '--url', node.api.url, '--yes', '--json', ...more);
}

/** Central has held a digest of the new life against its own count, and found what the node has. */
async function digestsAgree(): Promise<void> {
  await until(async () => (await counted('compared')) > digestsBefore, WITHIN_MS, 'a digest was compared');
  expect(await counted('differing')).toBe(0);
}
async function counted(what: 'compared' | 'differing'): Promise<number> {
  const page = await (await fetch(`${system.centralUrl}/metrics`)).text();
  const reading = new RegExp(`^edgestock_central_ingest_digests_${what}_total(?:\\{[^}]*\\})? (\\d+)$`, 'm').exec(page);
  return Number(reading?.[1]);
}

describe('a node', () => {
  test('restored from an old backup sells offline, is refused with a hint, and rejoins: nothing is lost or doubled', async () => {
    const dataDir = join(folder, 'BER1');
    const backup = join(folder, 'BER1.backup');
    let node = await start('BER1', dataDir);
    await isLive(node);
    expect(await receive(node, 40)).toBe(201);
    await sell(node, '1', 1);
    const made = await runCommand('edge', 'backup', '--data-dir', dataDir, '--to', backup, '--json');
    expect(JSON.parse(made.stdout)).toMatchObject({ warehouse: 'BER1' });
    await until(async () => (await available()) > 0, WITHIN_MS, 'central may promise');
    await sell(node, '2', 4);
    await order('O-1', 3);
    await until(
      async () => ((await requestJson(`${node.api.url}/v1/tasks`)).body as { tasks: unknown[] }).tasks.length === 1,
      WITHIN_MS,
      'the task is at the node',
    );
    await until(
      async () => (await central.positions('BER1')).get('A')?.committed === 3,
      WITHIN_MS,
      'and central knows',
    );
    await killKnown(node);

    const restored = await runCommand(
      ...['edge', 'restore', '--from', backup, '--data-dir', dataDir, '--warehouse', 'BER1', '--replace', '--json'],
    );
    expect(restored.code, restored.stderr).toBe(0);
    link.cut();
    node = await start('BER1', dataDir);
    // By the file beside it, where what is missing came a second after the commit before; else by the backup's own stamp.
    expect(['rolled-back', 'backup']).toContain((await statusOf(node)).restored?.kind);
    // The till had no answer to its last receipt, and sends it again; then it goes on.
    expect([await sell(node, '2', 4), await sell(node, '3', 2)]).toEqual([201, 201]);
    const lines = [{ sku: 'A', quantity: 1 }];
    expect(await write(node, '/v1/reservations', { id: 'R-1', owner: 'o', lines })).toBe(409);
    expect(await write(node, '/v1/reservations', { id: 'R-1', owner: 'o', lines, force: true })).toBe(201);

    link.heal();
    // By central, where the log ends before its cursor; by the node itself, where it has sold beyond that.
    await until(() => isStopped(node), WITHIN_MS, 'it is refused');
    expect((await statusOf(node)).hint).toContain('edgestock edge rejoin');
    const shown = (await requestJson(`${node.api.url}/v1/rejoin`)).body;
    expect(shown).toMatchObject({ node: { isOwner: true }, central: { epoch: 1 }, lost: 0 });
    const rejoined = await rejoin(node);
    expect(rejoined.code, rejoined.stderr).toBe(0);
    expect(JSON.parse(rejoined.stdout)).toMatchObject({ warehouse: 'BER1', epoch: 2, lost: 0 });
    const status = await statusOf(node);
    expect(status.restored).toBeUndefined();
    const { tasks } = (await requestJson(`${node.api.url}/v1/tasks`)).body as { tasks: { order: string }[] };
    expect(tasks).toMatchObject([{ order: 'O-1', state: 'open' }]);
    // What was promised before goes on, and so does promising.
    await order('O-2', 1);
    await agree(node, { A: 40 - 1 - 4 - 2 });
  }, 240_000);

  test('that was cloned: with both running, one of them lives, and the other is told so', async () => {
    const first = await start('HAM1', join(folder, 'HAM1'));
    await isLive(first);
    expect(await receive(first, 20)).toBe(201);
    await until(async () => (await central.positions('HAM1')).get('A')?.onHand === 20, WITHIN_MS, 'central knows');
    await first.process.kill('SIGTERM');
    await cp(first.dataDir, join(folder, 'HAM1-clone'), { recursive: true });
    const [one, two] = await Promise.all([
      start('HAM1', join(folder, 'HAM1')),
      start('HAM1', join(folder, 'HAM1-clone')),
    ]);
    await Promise.all([sell(one, '1', 1), sell(two, '2', 2)]);
    await until(
      async () => (await isStopped(one)) || (await isStopped(two)),
      WITHIN_MS,
      'one of them is not known any more',
    );
    // It may be the one that is known and live: of two copies a person decides all the same.
    const rejoined = await rejoin(two, '--again');
    expect(rejoined.code, rejoined.stderr).toBe(0);
    await isLive(two);
    await until(() => isStopped(one), WITHIN_MS, 'the other one is refused');
    await until(async () => ((await statusOf(one)).hint ?? '').includes('has rejoined in'), WITHIN_MS, 'and told why');
    expect(await sell(one, '3', 1)).toBe(201);
    await one.process.kill('SIGTERM');
    const isFirstKnown = (await central.positions('HAM1')).get('A')?.onHand === 17;
    await agree(two, { A: isFirstKnown ? 17 : 18 });
  }, 240_000);

  test('whose disk was lost is built anew from the log that central has, in a new directory', async () => {
    const lost = await start('MUC1', join(folder, 'MUC1'));
    await isLive(lost);
    expect([await receive(lost, 30), await receive(lost, 5, 'B')]).toEqual([201, 201]);
    await until(async () => (await available('B')) > 0, WITHIN_MS, 'central may promise');
    await order('O-3', 2, 'B');
    await until(async () => (await central.positions('MUC1')).get('B')?.committed === 2, WITHIN_MS, 'it is set aside');
    await lost.process.kill('SIGKILL');
    await rm(lost.dataDir, { recursive: true });

    const node = await start('MUC1', join(folder, 'MUC1-new'));
    expect(await sell(node, '9', 1)).toBe(201);
    await until(async () => (await statusOf(node)).state === 'refused', WITHIN_MS, 'another installation owns it');
    const rejoined = await rejoin(node, '--recount', 'all');
    expect(rejoined.code, rejoined.stderr).toBe(0);
    await isLive(node);
    const { exceptions } = (await requestJson(`${node.api.url}/v1/exceptions`)).body as {
      exceptions: { kind: string; sku: string }[];
    };
    expect(
      exceptions
        .filter(({ kind }) => kind === 'recount')
        .map(({ sku }) => sku)
        .sort(),
    ).toEqual(['A', 'B']);
    const before = (await statusOf(node)).quotaUnits;
    await receive(node, 10);
    expect(await write(node, '/v1/counts', { lines: [{ sku: 'A', counted: 39 }] })).toBe(201);
    await until(async () => (await statusOf(node)).quotaUnits > before, WITHIN_MS, 'what was counted is granted');
    await agree(node, { A: 39, B: 5 });
  }, 240_000);

  test('whose database is damaged after days offline is salvaged: what was sold meanwhile is kept, what is torn comes from central', async () => {
    const dataDir = join(folder, 'FRA1');
    let node = await start('FRA1', dataDir);
    await isLive(node);
    const lines = Array.from({ length: 300 }, (_, index) => ({ sku: `P-${index}`, quantity: 10 }));
    const onHand = Object.fromEntries(lines.map(({ sku, quantity }) => [sku, quantity]));
    expect(await write(node, '/v1/movements', { kind: 'receive', lines })).toBe(201);
    await until(
      async () => (await central.positions('FRA1')).size === lines.length,
      WITHIN_MS,
      'central has what was received',
    );
    link.cut();
    const sold = async (receipt: string, sku: string) => {
      expect(await sell(node, receipt, 1, sku)).toBe(201);
      onHand[sku] = (onHand[sku] ?? 0) - 1;
    };
    for (const [index, { sku }] of lines.slice(0, 120).entries()) await sold(`off-${index}`, sku);
    await node.process.kill('SIGKILL');

    const database = join(dataDir, 'edge.sqlite');
    const [torn] = pagesOf(database, 'position');
    expect(torn).toBeDefined();
    spoilPages(database, [torn ?? 0]);
    const place = ['--warehouse', 'FRA1', '--data-dir', dataDir];
    const refused = await runCommand('edge', ...place, '--port', '0');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('edgestock edge salvage') });
    const salvaged = await runCommand('edge', 'salvage', ...place, '--json');
    expect(salvaged.code, salvaged.stderr).toBe(0);
    expect(JSON.parse(salvaged.stdout)).toMatchObject({ warehouse: 'FRA1', missing: 0, altered: 0 });

    node = await start('FRA1', dataDir);
    expect(await statusOf(node)).toMatchObject({ restored: { kind: 'salvaged' } });
    await sold('on-1', 'P-299');
    link.heal();
    await until(async () => (await statusOf(node)).state === 'refused', WITHIN_MS, 'it waits for a person');
    const rejoined = await rejoin(node);
    expect(rejoined.code, rejoined.stderr).toBe(0);
    expect((await statusOf(node)).restored).toBeUndefined();
    // A till that sends its receipt again is answered, and nothing is sold twice.
    expect(await sell(node, 'off-7', 1, 'P-7')).toBe(201);
    await agree(node, onHand);
  }, 240_000);
});
