import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requestJson } from '../api/json-request.ts';
import { EDGESTOCK } from '../system/central-process.ts';
import { centralStores } from '../testing/central-stores.ts';
import {
  childrenOf,
  isRunning,
  type RunningCommand,
  runCommand,
  startCommand,
  until,
} from '../testing/running-command.ts';

/** One catalogue, at central; its nodes scan by it, also when there is nobody else left. */
type Addresses = { central: string; nodes: { warehouse: string; url: string }[] };
const WITHIN_MS = 30_000;
const MANY = 30_000;

const stores = centralStores();
let folder: string;
let up: RunningCommand;
let central: string;
let ber: string;
let ham: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgestock-catalogue-'));
  const anyPort = ['--port-base', '0', '--central-port', '0', '--nats-port', '0', '--json'];
  const store = ['--store', await stores.fresh()];
  up = await startCommand('up', '--warehouses', 'BER1,HAM1', '--data-dir', join(folder, 'up'), ...store, ...anyPort);
  const addresses = up.ready as Addresses;
  central = addresses.central;
  [ber = '', ham = ''] = addresses.nodes.map(({ url }) => url);
});
afterAll(async () => {
  await up?.kill('SIGTERM');
  await rm(folder, { recursive: true, force: true });
});

async function file(content: string): Promise<string> {
  const path = join(folder, 'items.csv');
  await writeFile(path, content);
  return path;
}

const importing = (path: string) => ['import', 'catalogue', path, '--central', central, '--json'];
const scan = async (node: string, barcode: string) => {
  const { status, body } = await requestJson(`${node}/v1/scan/${encodeURIComponent(barcode)}`);
  return status === 200 ? (body as { sku: string }).sku : status;
};
const isAtCentral = async (sku: string) => (await requestJson(`${central}/v1/catalogue/${sku}`)).status === 200;
/** How many directives the node has carried out. */
const carriedOut = async (node: string) =>
  ((await requestJson(`${node}/v1/status`)).body as { down: { sequence: number } }).down.sequence;

describe('a catalogue imported to central', () => {
  test('is refused by line, and nothing of it is there', async () => {
    const path = await file('sku,barcode,warehouses\nGOOD,,\nA,4006381333932,\nB,,MUC1\n');
    const refused = await runCommand('import', 'catalogue', path, '--central', central);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain(`${path}:3: barcode "4006381333932"`);
    expect(await isAtCentral('GOOD')).toBe(false);
    const stranger = await runCommand(
      'import',
      'catalogue',
      await file('sku,warehouses\nGOOD,\nB,MUC1\n'),
      '--central',
      central,
    );
    expect(stranger.stdout).toContain(':3: there is no warehouse "MUC1": central knows BER1, HAM1');
    expect(await isAtCentral('GOOD')).toBe(false);
  });

  test('that is killed half-way is whole after the next run, and a third one tells nobody anything', async () => {
    const rows = Array.from({ length: MANY }, (_, index) => `S${100_000 + index},Item ${index},own-${index}`);
    const path = await file(`sku,name,barcode\n${rows.join('\n')}\n`);
    const killed = spawn(process.execPath, [EDGESTOCK, ...importing(path)], { stdio: 'ignore' });
    const ended = once(killed, 'exit');
    await until(() => isAtCentral('S100000'), WITHIN_MS, 'the first page is there');
    killed.kill('SIGKILL');
    await ended;
    expect(await isAtCentral(`S${100_000 + MANY - 1}`)).toBe(false);
    expect(JSON.parse((await runCommand(...importing(path))).stdout)).toMatchObject({
      outcome: 'imported',
      rows: MANY,
    });
    for (const node of [ber, ham]) {
      await until(async () => (await scan(node, `own-${MANY - 1}`)) !== 404, WITHIN_MS, 'the last item is at the node');
      expect([await scan(node, 'own-0'), await scan(node, `own-${MANY - 1}`)]).toEqual([
        'S100000',
        `S${100_000 + MANY - 1}`,
      ]);
    }
    const before = await carriedOut(ber);
    expect((await runCommand(...importing(path))).code).toBe(0);
    expect((await runCommand(...importing(await file('sku,barcode\nLATER,own-later\n')))).code).toBe(0);
    await until(async () => (await scan(ber, 'own-later')) === 'LATER', WITHIN_MS, 'what came later is at the node');
    expect(await carriedOut(ber)).toBe(before + 1);
  });

  test('goes to the nodes it concerns, which scan by it when there is nobody else left', async () => {
    const path = await file(
      'sku,name,ean,units,warehouses\nTEA,Tea,37600665605,12,\nONLY,For Berlin,4006381333931,1,BER1\n',
    );
    expect((await runCommand(...importing(path))).code).toBe(0);
    await until(async () => (await scan(ham, '037600665605')) === 'TEA', WITHIN_MS, 'Hamburg has heard of it');
    await until(async () => (await scan(ber, '4006381333931')) === 'ONLY', WITHIN_MS, 'Berlin has heard of both');
    expect(await scan(ham, '4006381333931')).toBe(404);
    const others = childrenOf(up.pid);
    expect(others).toHaveLength(2);
    for (const { pid } of others) process.kill(pid, 'SIGKILL');
    // Those that were killed: before a look at all of them, `up` may have started others.
    await until(() => !others.some(({ pid }) => isRunning(pid)), WITHIN_MS, 'broker and central are gone');
    expect([await scan(ber, '037600665605'), await scan(ber, '4006381333931')]).toEqual(['TEA', 'ONLY']);
  });
});
