import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CentralApi } from '../api/central-api.ts';
import { requestJson } from '../api/json-request.ts';
import { anyPorts, type System, startSystem } from '../system/start-system.ts';
import { centralStores } from '../testing/central-stores.ts';
import { isRunning, type RunningCommand, runCommand, startCommand, until } from '../testing/running-command.ts';

/** A node and its clone sell the same goods as real processes; what the one sold that had to end is reviewed and applied. */
const WITHIN_MS = 30_000;
const RECEIVED = 20;

const stores = centralStores();
let folder: string;
let system: System;
let central: CentralApi;
const started: RunningCommand[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgestock-late-'));
  system = await startSystem({
    dataDirectory: join(folder, 'hub'),
    warehouses: [],
    store: await stores.fresh(),
    ports: anyPorts,
    logLevel: 'silent',
  });
  central = new CentralApi(system.centralUrl);
}, 60_000);
afterAll(async () => {
  // Also of a test that has failed half-way: nobody else ends them.
  for (const { pid } of started) if (isRunning(pid)) process.kill(pid, 'SIGKILL');
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
});

type Node = { readonly process: RunningCommand; readonly url: string; readonly dataDir: string };

async function start(dataDir: string): Promise<Node> {
  const process = await startCommand(
    ...['edge', '--warehouse', 'BER1', '--data-dir', dataDir, '--port', '0', '--nats', system.natsUrl, '--json'],
  );
  started.push(process);
  return { process, url: (process.ready as { url: string }).url, dataDir };
}

type Item = {
  readonly id: number;
  readonly movements: readonly { readonly kind: string; readonly skipped?: string }[];
};
type LateRow = { readonly kind: string; readonly recorded?: number; readonly skipped?: string };

const get = async <Body>(url: string): Promise<Body> => (await requestJson(url)).body as Body;
const onHandAt = async ({ url }: Node) => (await get<{ onHand: number }>(`${url}/v1/stock/A`)).onHand;
const atCentral = async () => (await central.positions('BER1')).get('A')?.onHand;
const isLive = ({ url }: Node) =>
  until(async () => (await get<{ state: string }>(`${url}/v1/status`)).state === 'live', WITHIN_MS, 'it is live');
/** What is granted later, each of them would grant by itself: two logs before anybody has sold anything. */
async function isGrantKnown({ url }: Node): Promise<boolean> {
  if ((await get<{ quota: number }>(`${url}/v1/stock/A`)).quota === 0) return false;
  const { sequence, applied } = await get<{ sequence: number; applied: number }>(`${url}/v1/status`);
  return applied === sequence;
}
const sell = ({ url }: Node, receipt: string, quantity: number) =>
  requestJson(`${url}/v1/sales`, { body: { till: 'T1', receipt, lines: [{ sku: 'A', quantity }] } });
const open = async () => (await get<{ items: Item[] }>(`${system.centralUrl}/v1/quarantine`)).items;
const apply = (id: number) =>
  requestJson(`${system.centralUrl}/v1/quarantine/${id}/apply`, { body: { actor: 'ana', reason: 'the till has it' } });

test('the late sales of a clone are reviewed and applied, once, and the stock is right at the node and at central', async () => {
  const first = await start(join(folder, 'BER1'));
  await isLive(first);
  const lines = [{ sku: 'A', quantity: RECEIVED }];
  await requestJson(`${first.url}/v1/movements`, { body: { kind: 'receive', lines } });
  await until(() => isGrantKnown(first), WITHIN_MS, 'central knows, and what it was granted of it');
  await first.process.kill('SIGTERM');
  await cp(first.dataDir, join(folder, 'clone'), { recursive: true });
  const nodes = await Promise.all([start(join(folder, 'BER1')), start(join(folder, 'clone'))]);
  const [one, two] = nodes;
  // A node that hears of more than it has stops by itself; both are to send what they sold.
  await Promise.all(nodes.map(isLive));
  await Promise.all([sell(one, '1', 1), sell(two, '2', 2)]);
  await until(async () => (await open()).length > 0, WITHIN_MS, 'what the other one sold is put aside');

  // Whichever was first is the log that central knows, and goes on.
  const isFirstKnown = (await atCentral()) === RECEIVED - 1;
  const [living, ended] = isFirstKnown ? [one, two] : [two, one];
  const rejoined = await runCommand('edge', 'rejoin', '--url', living.url, '--yes', '--json', '--again');
  expect(rejoined.code, rejoined.stderr).toBe(0);
  await isLive(living);
  await ended.process.kill('SIGTERM');
  expect(await onHandAt(living)).toBe(isFirstKnown ? RECEIVED - 1 : RECEIVED - 2);

  const items = await Promise.all(
    (await open()).map(({ id }) => get<Item>(`${system.centralUrl}/v1/quarantine/${id}`)),
  );
  expect(items.flatMap(({ movements }) => movements)).toContainEqual(
    expect.objectContaining({ kind: 'sale', sku: 'A' }),
  );
  // The node hears of it when it is there again.
  await living.process.kill('SIGTERM');
  const applied = await Promise.all(items.map(({ id }) => apply(id)));
  expect(applied.map(({ status }) => status)).toContain(200);
  expect(applied.every(({ status }) => status === 200 || status === 422)).toBe(true);
  expect((await Promise.all(items.map(({ id }) => apply(id)))).map(({ status }) => status)).toEqual(
    applied.map(({ status }) => status),
  );
  const again = await start(living.dataDir);
  const RIGHT = RECEIVED - 1 - 2;
  await until(async () => (await atCentral()) === RIGHT, WITHIN_MS, 'central has the late sale by the log of the node');
  expect(await onHandAt(again)).toBe(RIGHT);
  const { movements } = await get<{ movements: LateRow[] }>(`${again.url}/v1/late-facts`);
  expect(movements.filter(({ recorded }) => recorded !== undefined)).toMatchObject([{ kind: 'sale', sku: 'A' }]);
  expect(movements.every(({ recorded, skipped }) => (recorded === undefined) !== (skipped === undefined))).toBe(true);

  // The till sends it again, to the node that is there now.
  const repeated = await (isFirstKnown ? sell(again, '2', 2) : sell(again, '1', 1));
  expect([repeated.status, await onHandAt(again)]).toEqual([201, RIGHT]);
  for (const { id } of await open()) {
    const body = { actor: 'ana', reason: 'nothing in it' };
    expect((await requestJson(`${system.centralUrl}/v1/quarantine/${id}/dismiss`, { body })).status).toBe(200);
  }
  const { body: status } = await requestJson(`${system.centralUrl}/v1/status`);
  expect(status).toMatchObject({ quarantined: 0 });
  await until(
    async () =>
      (await get<{ isCarriedOut?: boolean }>(`${system.centralUrl}/v1/quarantine/${items.at(-1)?.id}`)).isCarriedOut !==
      false,
    WITHIN_MS,
    'central knows that it was carried out',
  );
  await again.process.kill('SIGTERM');
  const verified = await runCommand('verify', '--data-dir', again.dataDir);
  expect(verified.code, verified.stdout + verified.stderr).toBe(0);
  expect(await atCentral()).toBe(RIGHT);
}, 180_000);
