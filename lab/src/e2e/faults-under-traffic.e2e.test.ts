import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '@edgestock/shared/runtime/assert';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CentralApi } from '../api/central-api.ts';
import { EdgeApi } from '../api/edge-api.ts';
import { missingAtCentral } from '../demo/once/convergence.ts';
import { mismatchesOf } from '../model/compare-positions.ts';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import { portFor } from '../system/ports.ts';
import { childrenOf, type RunningCommand, startCommand, until } from '../testing/running-command.ts';
import { documentsInLog, Tills } from '../testing/tills.ts';

/**
 * Broker, central and one node run under `edgestock up`; a second node is a process of its own behind a link that can be cut. All
 * through the suite tills sell at both, and after each fault everything acknowledged must be found at central.
 */
type Addresses = { nats: string; central: string; nodes: { warehouse: string; url: string }[] };

/** A node looks for its broker every 1 to 10 s, and the machine may be busy. */
const CONVERGED_WITHIN_MS = 30_000;
const PAUSE_BETWEEN_SALES_MS = 20;
/** Traffic before, during and after a fault. */
const TRAFFIC_MS = 700;

let folder: string;
let up: RunningCommand;
let edge: RunningCommand;
let link: TcpProxy;
let tills: Tills;
let central: CentralApi;
let urls: Map<string, string>;
let edgeArgs: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgestock-e2e-'));
  const anyPort = ['--port-base', '0', '--central-port', '0', '--nats-port', '0'];
  up = await startCommand('up', '--warehouses', 'HAM1', '--data-dir', join(folder, 'up'), ...anyPort, '--json');
  const addresses = up.ready as Addresses;
  link = await TcpProxy.start({ host: '127.0.0.1', port: Number(new URL(addresses.nats).port) });
  const port = String(await portFor(0, '--port'));
  const nats = `nats://127.0.0.1:${link.port}`;
  edgeArgs = [
    'edge',
    '--warehouse',
    'BER1',
    '--data-dir',
    join(folder, 'BER1'),
    '--port',
    port,
    '--nats',
    nats,
    '--json',
  ];
  edge = await startCommand(...edgeArgs);
  urls = new Map([
    ['HAM1', must(addresses.nodes[0], 'up has one node').url],
    ['BER1', (edge.ready as { url: string }).url],
  ]);
  central = new CentralApi(addresses.central);
  tills = new Tills(urls, PAUSE_BETWEEN_SALES_MS);
});

afterAll(async () => {
  await tills?.close();
  await edge?.kill('SIGTERM');
  await up?.kill('SIGTERM');
  await link?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('while tills go on selling', () => {
  test('a link that is cut and healed loses nothing', async () => {
    await traffic();
    link.cut();
    const before = countOf('BER1');
    await traffic();
    expect(countOf('BER1')).toBeGreaterThan(before);
    link.heal();
    await everythingArrives();
  });

  test('a link that swallows everything without closing loses nothing', async () => {
    link.link = { state: 'half-open', swallows: 'both' };
    await traffic();
    link.heal();
    await everythingArrives();
  });

  test('a node that is killed and started again loses nothing it acknowledged', async () => {
    await traffic();
    await edge.kill('SIGKILL');
    edge = await startCommand(...edgeArgs);
    await traffic();
    await everythingArrives();
  });

  test('central may be killed: it is started again and catches up', async () => {
    await traffic();
    killChild('central --data-dir');
    await traffic();
    await everythingArrives();
  });

  test('the broker may be killed: the logs of the nodes are the truth', async () => {
    await traffic();
    killChild('nats.conf');
    await traffic();
    await everythingArrives();
  });

  test('in the end every receipt is in its log exactly once, and three accounts agree on every position', async () => {
    await tills.close();
    await everythingArrives();
    expect(tills.refused).toBe(0);
    expect(tills.acknowledgedCount).toBeGreaterThan(200);
    for (const [warehouse, url] of urls) {
      const inLog = await documentsInLog(url);
      const acknowledged = tills.acknowledged.get(warehouse) ?? new Set();
      expect(new Set(inLog.keys())).toEqual(acknowledged);
      const movements = [...inLog.values()].reduce((sum, count) => sum + count, 0);
      expect(movements).toBe(tills.model.movementsOf(warehouse));
      const told = {
        model: tills.model.unitsOf(warehouse),
        node: await new EdgeApi(url, { patienceMs: 5_000 }).positions(),
        central: await central.positions(warehouse),
      };
      expect(told.node.size).toBeGreaterThan(30);
      expect(mismatchesOf(warehouse, told)).toEqual([]);
    }
  });
});

function traffic(): Promise<void> {
  return systemClock.sleep(TRAFFIC_MS);
}

function countOf(warehouse: string): number {
  return tills.model.movementsOf(warehouse);
}

function killChild(part: string): void {
  const child = childrenOf(up.pid).find(({ line }) => line.includes(part));
  process.kill(must(child, `up has a child ${part}`).pid, 'SIGKILL');
}

/** Everything acknowledged up to now is at central; what is sold meanwhile may still be under way. */
async function everythingArrives(): Promise<void> {
  const goals = new Map([...urls.keys()].map((warehouse) => [warehouse, countOf(warehouse)]));
  expect(Math.min(...goals.values())).toBeGreaterThan(0);
  const snapshot = { warehouses: [...goals.keys()], movementsOf: (warehouse: string) => goals.get(warehouse) ?? 0 };
  const isThere = async () => (await missingAtCentral(central, snapshot)).size === 0;
  await until(isThere, CONVERGED_WITHIN_MS, `central has ${JSON.stringify([...goals])}`);
}
