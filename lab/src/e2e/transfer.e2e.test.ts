import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '@edgestock/shared/runtime/assert';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type JsonAnswer, requestJson } from '../api/json-request.ts';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import { portFor } from '../system/ports.ts';
import { centralStores } from '../testing/central-stores.ts';
import { type RunningCommand, runCommand, startCommand, until } from '../testing/running-command.ts';

/**
 * Goods go from HAM1, which runs with broker and central under `edgestock up`, to BER1, a process of its own behind a link that
 * can be cut; they arrive while it is.
 */
type Addresses = { nats: string; central: string; nodes: { warehouse: string; url: string }[] };
type TransferAnswer = { transfer: { state: string; lines: Record<string, unknown>[] } };
type Availability = { warehouses: { warehouse: string; onHand: number; incoming: number }[] };

/** A node looks for its broker every 1 to 10 s, and the machine may be busy. */
const CONVERGED_WITHIN_MS = 30_000;

const stores = centralStores();
let folder: string;
let up: RunningCommand;
let edge: RunningCommand;
let link: TcpProxy;
let urls: { readonly source: string; readonly goal: string; readonly central: string };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgestock-e2e-'));
  const anywhere = ['--port-base', '0', '--central-port', '0', '--nats-port', '0', '--store', await stores.fresh()];
  up = await startCommand('up', '--warehouses', 'HAM1', '--data-dir', join(folder, 'up'), ...anywhere, '--json');
  const addresses = up.ready as Addresses;
  link = await TcpProxy.start({ host: '127.0.0.1', port: Number(new URL(addresses.nats).port) });
  const port = String(await portFor(0, '--port'));
  const at = ['--data-dir', join(folder, 'BER1'), '--port', port, '--nats', `nats://127.0.0.1:${link.port}`];
  edge = await startCommand('edge', '--warehouse', 'BER1', ...at, '--json');
  urls = {
    source: must(addresses.nodes[0], 'up has one node').url,
    goal: (edge.ready as { url: string }).url,
    central: addresses.central,
  };
});

afterAll(async () => {
  await edge?.kill('SIGTERM');
  await up?.kill('SIGTERM');
  await link?.stop();
  await rm(folder, { recursive: true, force: true });
});

const get = async (url: string) => (await requestJson(url, {})).body;
async function post(url: string, body: object): Promise<JsonAnswer> {
  const answer = await requestJson(url, { body, key: `${url} ${JSON.stringify(body)}` });
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  return answer;
}

async function transferAt(base: string): Promise<TransferAnswer['transfer'] | undefined> {
  const answer = await requestJson(`${base}/v1/transfers/T-1`, {});
  return answer.status === 200 ? (answer.body as TransferAnswer).transfer : undefined;
}
const reaches = (base: string, state: string) =>
  until(async () => (await transferAt(base))?.state === state, CONVERGED_WITHIN_MS, `${state} at ${base}`);

/** On hand and incoming at both, as central tells. */
async function atCentral(): Promise<readonly (readonly [string, number, number])[]> {
  const { warehouses } = (await get(`${urls.central}/v1/availability/TEA`)) as Availability;
  return warehouses.map(({ warehouse, onHand, incoming }) => [warehouse, onHand, incoming] as const);
}

test('a transfer that arrives while its destination is cut off is counted once, and all three agree when the link is healed', async () => {
  await post(`${urls.source}/v1/movements`, { kind: 'receive', lines: [{ sku: 'TEA', quantity: 10 }] });
  await post(`${urls.source}/v1/transfers`, { id: 'T-1', to: 'BER1', lines: [{ sku: 'TEA', quantity: 5 }] });
  const isEnrolled = async () => (await requestJson(`${urls.central}/v1/warehouses/BER1`)).status === 200;
  await until(isEnrolled, CONVERGED_WITHIN_MS, 'BER1 is enrolled');

  link.cut();
  await post(`${urls.source}/v1/transfers/T-1/ship`, {});
  await reaches(urls.central, 'shipped');
  expect(await atCentral()).toEqual([
    ['BER1', 0, 5],
    ['HAM1', 5, 0],
  ]);

  // Nobody can have told it: it takes what is on the truck.
  expect(await transferAt(urls.goal)).toBeUndefined();
  const lines = [
    { sku: 'TEA', quantity: 3 },
    { sku: 'TEA', quantity: 1, condition: 'damaged' },
  ];
  await post(`${urls.goal}/v1/transfers/T-1/receive`, { from: 'HAM1', lines, isLast: true });
  expect(await transferAt(urls.goal)).toMatchObject({ state: 'receiving', lines: [{ shipped: 0, received: 3 }] });
  expect(await get(`${urls.goal}/v1/stock/TEA`)).toMatchObject({ onHand: 4, unsellable: 1 });
  expect(await atCentral()).toContainEqual(['BER1', 0, 5]);

  link.heal();
  await reaches(urls.central, 'receiving');
  await until(
    async () => (await transferAt(urls.goal))?.lines[0]?.shipped === 5,
    CONVERGED_WITHIN_MS,
    'the shipment is known where it goes',
  );
  expect(await atCentral()).toEqual([
    ['BER1', 4, 1],
    ['HAM1', 5, 0],
  ]);

  await post(`${urls.goal}/v1/transfers/T-1/close`, { reason: 'shrinkage', actor: 'ana' });
  for (const base of [urls.source, urls.goal, urls.central]) {
    await reaches(base, 'closed');
    expect(await transferAt(base)).toMatchObject({
      ...{ from: 'HAM1', to: 'BER1' },
      lines: [{ sku: 'TEA', shipped: 5, received: 3, damaged: 1, lost: 1, open: 0 }],
    });
  }
  expect(await atCentral()).toEqual([
    ['BER1', 4, 0],
    ['HAM1', 5, 0],
  ]);
  await edge.kill('SIGTERM');
  const verified = await runCommand('verify', '--data-dir', join(folder, 'BER1'));
  expect(verified.code, verified.stdout + verified.stderr).toBe(0);
});
