import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '@edgestock/shared/runtime/log';
import { pagesOf, spoilPages } from '@edgestock/shared/testing/spoil-pages';
import Database from 'better-sqlite3';
import { type CommandDef, runCommand } from 'citty';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readEdgeConfig } from '../config.ts';
import { startEdgeNode } from '../edge-node.ts';
import { TestSite } from '../testing/site.ts';
import { command as edgeCommand } from './edge.ts';
import { command as importCommand } from './import.ts';
import { command as policyCommand } from './policy.ts';
import { rejoinCommand } from './rejoin.ts';
import { command as statusCommand } from './status.ts';
import { command as verifyCommand } from './verify.ts';

let directory: string;
let printed: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'edgestock-command-'));
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
  vi.spyOn(console, 'error').mockImplementation((text: string) => void printed.push(text));
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  rmSync(directory, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: commands differ in their arguments, and are run by their words here
async function run(command: CommandDef<any>, ...words: readonly string[]): Promise<string | number | undefined> {
  await runCommand(command, { rawArgs: [...words] });
  return process.exitCode ?? undefined;
}

function file(content: string): string {
  const path = join(directory, 'file.csv');
  writeFileSync(path, content);
  return path;
}

describe('edgestock import and verify', () => {
  it('fill a new directory and prove it', async () => {
    const node = ['--data-dir', join(directory, 'node')];
    expect(await run(importCommand, 'catalogue', file('sku\nA\n'), ...node, '--warehouse', 'BER1')).toBeUndefined();
    expect(await run(importCommand, 'stock', file('sku,quantity\nA,5\nB,1\n'), ...node, '--json')).toBeUndefined();
    expect(JSON.parse(printed.at(-1) ?? '')).toMatchObject({
      outcome: 'imported',
      warehouse: 'BER1',
      rows: 2,
      unlisted: 1,
    });
    expect(await run(verifyCommand, ...node)).toBeUndefined();
    expect(printed.at(-1)).toContain('The books of BER1 agree: 2 movements (1 to 2) of 2 SKUs');
  });

  it('say what became of barcodes with a wrong check digit', async () => {
    const node = ['--data-dir', join(directory, 'node')];
    const items = file('sku,barcode\nA,4006381333932\n');
    await run(importCommand, 'catalogue', items, ...node, '--warehouse', 'BER1', '--bad-barcodes', 'skip');
    expect(printed.at(-1)).toContain('Barcodes with a wrong check digit, left out: 1.');
    await run(importCommand, 'catalogue', items, ...node, '--bad-barcodes', 'keep', '--again');
    expect(printed.at(-1)).toContain('Barcodes with a wrong check digit, kept as your own codes: 1.');
  });

  it('end with 1 when the file or the books are wrong, and print each fault with its place', async () => {
    const node = ['--data-dir', join(directory, 'node'), '--warehouse', 'BER1'];
    const path = file('sku,quantity\nA,1.5\n');
    expect(await run(importCommand, 'stock', path, ...node)).toBe(1);
    expect(printed.at(-1)).toMatch(/file\.csv:2: quantity "1\.5" is not a whole number/);
    await run(importCommand, 'stock', file('sku,quantity\nA,1\n'), ...node);
    const database = new Database(join(directory, 'node', 'edge.sqlite'));
    database.exec('UPDATE position SET on_hand = 2');
    database.close();
    process.exitCode = undefined;
    expect(await run(verifyCommand, '--data-dir', join(directory, 'node'))).toBe(1);
    expect(printed.at(-1)).toContain('position "A" at 1: on hand is 2; its last movement left 1');
  });

  it('name the file, the node and what to do where the books are damaged, and what to do first where they were salvaged', async () => {
    const path = join(directory, 'node', 'edge.sqlite');
    await run(
      importCommand,
      'stock',
      file('sku,quantity\nA,1\n'),
      ...['--data-dir', join(directory, 'node'), '--warehouse', 'BER1'],
    );
    const database = new Database(path);
    database.exec("UPDATE node SET restored = 'salvaged', restored_at = 1; DELETE FROM movement");
    database.close();
    expect(await run(verifyCommand, '--data-dir', join(directory, 'node'))).toBe(1);
    expect(printed.at(-1)).toMatch(
      /^The books of BER1 are what could be salvaged.*edgestock edge rejoin.*\d differences/,
    );
    expect(printed.at(-1)).not.toContain('chain');
    spoilPages(path, pagesOf(path, 'movement'));
    await expect(run(verifyCommand, '--data-dir', join(directory, 'node'))).rejects.toMatchObject({
      message: expect.stringContaining(`the database ${path} of BER1 is damaged`),
      hint: expect.stringContaining(`edgestock edge salvage --data-dir ${join(directory, 'node')} --warehouse BER1`),
    });
  });

  it.each([
    ['no node named', ['stock', 'FILE'], /into which node/],
    ['a file that is not there', ['stock', 'nowhere.csv', '--dry-run'], /no file nowhere\.csv/],
    ['columns that are not there', ['stock', 'FILE', '--dry-run', '--columns', 'sku=code'], /are not those of a/],
    ['a mapping of nothing', ['stock', 'FILE', '--dry-run', '--columns', 'skuu=code'], /cannot be read/],
    ['a new directory without its warehouse', ['stock', 'FILE', '--data-dir', 'DIR'], /no node has used/],
    ['two places', ['stock', 'FILE', '--data-dir', 'DIR', '--node', 'http://127.0.0.1:1'], /two places/],
  ])('refuse a call with %s: exit code 2 and a hint', async (_, words, message) => {
    const path = file('sku,quantity\nA,1\n');
    const line = words.map((word) => (word === 'FILE' ? path : word === 'DIR' ? join(directory, 'new') : word));
    const error = await run(importCommand, ...line).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(message), hint: expect.any(String) });
  });

  it('name the nodes below a directory that is none itself, and leave nothing in it', async () => {
    const nodes = join(directory, 'data', 'nodes');
    for (const name of ['HAM1', 'BER1']) {
      const into = ['--data-dir', join(nodes, name), '--warehouse', name];
      await run(importCommand, 'stock', file('sku,quantity\nA,1\n'), ...into);
    }
    mkdirSync(join(nodes, 'notes'));
    for (const named of [join(directory, 'data'), nodes]) {
      const before = readdirSync(named);
      await expect(run(verifyCommand, '--data-dir', named)).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringContaining(`no node in ${named}`),
        hint: `Nodes are in ${nodes}: BER1, HAM1. Name one: --data-dir ${join(nodes, 'BER1')}`,
      });
      expect(readdirSync(named)).toEqual(before);
    }
    const nowhere = join(directory, 'nowhere');
    const verifying = run(verifyCommand, '--data-dir', nowhere);
    await expect(verifying).rejects.toMatchObject({ exitCode: 2, hint: expect.not.stringContaining('Nodes are in') });
  });

  it('say so when a node runs on the directory, and what to do', async () => {
    const site = new TestSite();
    const importing = run(importCommand, 'stock', file('sku,quantity\nA,1\n'), '--data-dir', site.dataDir);
    await expect(importing).rejects.toMatchObject({ exitCode: 2, hint: expect.stringContaining('--node') });
    const verifying = run(verifyCommand, '--data-dir', site.dataDir);
    await expect(verifying).rejects.toMatchObject({ exitCode: 2, hint: expect.stringContaining('Stop the node') });
    site.dispose();
  });
});

describe('edgestock edge', () => {
  it('throws what keeps it from starting, for the dispatcher to tell, and leaves the exit code to it', async () => {
    const site = new TestSite();
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const port = String((taken.address() as AddressInfo).port);
    const anywhere = ['--warehouse', 'BER1', '--data-dir', join(directory, 'node')];
    const below = ['--data-dir', join(file('in the way'), 'node')];
    const starts: [readonly string[], object][] = [
      [['--warehouse', 'no such id'], { name: 'ConfigError', message: expect.stringContaining('not a warehouse id') }],
      [[...anywhere, '--data-dir', site.dataDir], { message: expect.stringContaining('Stop it, or name another') }],
      [[...anywhere, ...below], { message: expect.stringContaining('cannot be made'), hint: expect.any(String) }],
      [
        [...anywhere, '--port', port],
        { message: `cannot listen on 127.0.0.1:${port}: the port is in use`, hint: expect.any(String) },
      ],
    ];
    vi.stubEnv('EDGESTOCK_EDGE_LOG_LEVEL', 'silent');
    for (const [words, error] of starts) await expect(run(edgeCommand, ...words)).rejects.toMatchObject(error);
    expect([process.exitCode, printed]).toEqual([undefined, []]);
    vi.unstubAllEnvs();
    taken.close();
    site.dispose();
  });

  it('says in each line of its log once of which warehouse it is', async () => {
    const lines: string[][] = [];
    const logWith = (bound: readonly string[]): Log => {
      const note = (facts: object) => void lines.push([...bound, ...Object.keys(facts)]);
      const child = (facts: object) => logWith([...bound, ...Object.keys(facts)]);
      return { debug: note, info: note, warn: note, error: note, child };
    };
    const config = readEdgeConfig(
      {
        EDGESTOCK_EDGE_WAREHOUSE: 'BER1',
        EDGESTOCK_EDGE_DATA_DIR: join(directory, 'node'),
        EDGESTOCK_EDGE_PORT: '0',
        EDGESTOCK_EDGE_NATS_URL: 'nats://127.0.0.1:1',
      },
      {},
    );
    const node = await startEdgeNode(config, { log: logWith([]) });
    await vi.waitUntil(() => lines.some((keys) => keys.includes('part')), { timeout: 5_000 });
    await node.stop();
    for (const keys of lines) expect(keys.filter((key) => key === 'warehouse')).toHaveLength(1);
  });
});

describe('edgestock status', () => {
  let server: Server;
  let url: string;
  let bodies: Record<string, object>;
  let central: object;
  beforeEach(async () => {
    const node = { warehouse: 'BER1', version: '1.0', epoch: 1, sequence: 1_200, firstSequence: 1, openExceptions: 2 };
    const asked = { quotaUnits: 1_500, openTasks: 3, down: { sequence: 42, need: false } };
    const link = { databaseBytes: 2_097_152, link: 'connected', state: 'live', applied: 1_190, backlog: 10, time: '' };
    const heard = { lastContactAt: '2026-03-01T08:00:00.000Z' };
    const one = { warehouse: 'HAM1', appliedUpTo: 7, backlog: 0, lagMs: 90_000, isSilent: true, skewMs: 5_000 };
    const self = { ...one, warehouse: 'MUC1', nodeFence: { reason: 'rolled back' } };
    bodies = {
      '/v1/status': { ...node, ...link, ...heard, ...asked },
      '/central/v1/warehouses': {
        warehouses: [{ ...one, warehouse: 'BER1', isSilent: false, skewMs: 0, lagMs: null }, one, self],
      },
    };
    central = { role: 'central', promises: {} };
    server = createServer((request, response) => {
      const body = request.url === '/central/v1/status' ? central : bodies[request.url ?? ''];
      response.end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => server.close());

  it('shows a node and central on one screen, what needs looking at first', async () => {
    expect(await run(statusCommand, '--node', url, '--central', `${url}/central/`)).toBeUndefined();
    expect(printed.join('\n')).toContain('10 movements are still to reach central');
    expect(printed.join('\n')).toContain(`2 open: see ${url}/v1/exceptions`);
    expect(printed.join('\n')).toMatch(
      /MUC1 +FENCED \(rolled back\), .*\n +HAM1 +SILENT, applied 7, known as of 90 s ago, clock 5 s ahead\n +BER1 +live, .*nothing known of its stock yet/,
    );
  });

  it('is where a rejoin asks first, and does nothing where none is needed, unless it is told to', async () => {
    const asked: string[] = [];
    server.on('request', ({ method, url: path }) => void asked.push(`${method} ${path}`));
    const node = { epoch: 1, sequence: 1_200, isOwner: true };
    const shown = {
      warehouse: 'BER1',
      node,
      central: { epoch: 1, applied: 1_190 },
      lost: 0,
      effects: ['all is counted'],
    };
    bodies['/v1/rejoin'] = { ...shown, isNeeded: false };
    expect(await run(rejoinCommand, '--url', url, '--yes')).toBeUndefined();
    expect(printed.at(-1)).toMatch(/nothing to do: BER1 is in step.*1,190 of its 1,200.*\n.*--again/);
    await run(rejoinCommand, '--url', url, '--yes', '--json');
    expect(JSON.parse(printed.at(-1) ?? '')).toMatchObject({ epoch: 1, isNeeded: false });
    expect(asked).not.toContain('POST /v1/rejoin');
    await expect(run(rejoinCommand, '--url', url, '--again')).rejects.toMatchObject({
      message: 'nobody is there to be asked',
    });
    expect(printed.at(-1)).toContain('all is counted');
  });

  it('says that central is no node, and a node not central', async () => {
    expect(await run(statusCommand, '--node', `${url}/central`, '--central', url)).toBe(1);
    expect(printed).toEqual([
      `${url}/central is central\n--node names a node, such as http://127.0.0.1:7100.`,
      `${url} is the node of BER1\n--central names central, such as http://127.0.0.1:7000.`,
    ]);
  });

  it.each([
    ['import', importCommand, ['stock', 'FILE', '--node', 'CENTRAL'], 'is central'],
    ['import', importCommand, ['catalogue', 'FILE', '--central', 'NODE'], 'is the node of BER1'],
    ['rejoin', edgeCommand, ['rejoin', '--url', 'CENTRAL', '--yes'], 'is central'],
    ['policy', policyCommand, ['set', 'BER1', '--share', '1', '--central', 'NODE'], 'is the node of BER1'],
  ])('is not alone in that: %s', async (_, command, words, message) => {
    const places: Record<string, string> = { FILE: file('sku,quantity\nA,1\n'), NODE: url, CENTRAL: `${url}/central` };
    const running = run(command, ...words.map((word) => places[word] ?? word));
    await expect(running).rejects.toMatchObject({
      message: expect.stringContaining(message),
      hint: expect.stringMatching(/--(node|central|url) names/),
    });
  });

  it('shows what is promised on both sides, and shouts when too much is', async () => {
    await run(statusCommand, '--node', url);
    expect(printed.join('\n')).toMatch(/quota +1,500 units .*\n +tasks +3 open\n +directives +carried out up to 42\n/);
    const promises = { reservationsHeld: 4, orders: { placed: 1, firm: 2 }, oversold: 0 };
    central = { role: 'central', promises, directives: { notCarriedOut: { HAM1: 7 } } };
    await run(statusCommand, '--central', `${url}/central`);
    expect(printed.join('\n')).toMatch(
      /reservations +4 held\n +orders +1 placed, 2 firm\n +directives +not carried out: HAM1 7\n +oversold +0/,
    );
    central = { role: 'central', roles: ['ingest'], shards: [1, 4], promises };
    await run(statusCommand, '--central', `${url}/central`);
    expect(printed.at(-1)).toMatch(/process +ingest; takes in shards 1, 4/);
    central = { role: 'central', promises: { ...promises, oversold: 1 } };
    await run(statusCommand, '--central', `${url}/central`);
    expect(printed.at(-1)).toMatch(/directives +all carried out\n +OVERSOLD +1 position:/);
  });

  it('does not say that central has everything of a node which it has never heard', async () => {
    bodies['/v1/status'] = { ...bodies['/v1/status'], lastContactAt: undefined, applied: 0, backlog: 0 };
    await run(statusCommand, '--node', url);
    expect(printed.at(-1)).toMatch(/central +live, link connected; never heard\n/);
  });

  it('says what a central that was put back does not count yet, and what it ships for nobody it knows', async () => {
    const fleet = (bodies['/central/v1/warehouses'] as { warehouses: object[] }).warehouses;
    bodies['/central/v1/warehouses'] = {
      warehouses: fleet.map((one, at) => (at === 0 ? { ...one, notCounted: 'not heard' } : one)),
    };
    const promises = { reservationsHeld: 0, orders: {}, oversold: 0, unknownTasks: 1 };
    const epochBegan = { at: '2026-03-01T08:00:00.000Z', reason: 'restored from a backup' };
    central = { role: 'central', promises, epochBegan, quarantined: 2 };
    await run(statusCommand, '--central', `${url}/central`);
    const page = printed.join('\n');
    expect(page).toMatch(/MUC1 +FENCED.*\n +BER1 +live.*; NOT COUNTED: not heard\n +HAM1 +SILENT/);
    expect(page).toMatch(/UNKNOWN TASKS +nodes ship 1 parcel for orders that central has forgotten/);
    expect(page).toMatch(/put aside +2 messages: see .*quarantine\n +put back +2026-03-01T08:00:00\.000Z: restored/);
  });

  it('says when and why a node refuses writes', async () => {
    const writesFailing = { since: '2026-03-01T08:00:00.000Z', reason: 'refused (SQLITE_FULL)', hint: 'Free space.' };
    bodies['/v1/status'] = { ...bodies['/v1/status'], writesFailing };
    await run(statusCommand, '--node', url);
    expect(printed.join('\n')).toMatch(
      /WRITES FAIL +since 2026-03-01T08:00:00\.000Z: refused \(SQLITE_FULL\)\. Free space\./,
    );
  });

  it('says what the daily check found wrong with a database, and nothing of a sound one', async () => {
    const integrity = { state: 'damaged', checkedAt: '2026-03-01T08:00:00.000Z', findings: ['page 9: not a page'] };
    bodies['/v1/status'] = { ...bodies['/v1/status'], integrity };
    await run(statusCommand, '--node', url);
    expect(printed.at(-1)).toMatch(/DAMAGED +checked 2026-03-01T08:00:00\.000Z: page 9: not a page/);
    bodies['/v1/status'] = { ...bodies['/v1/status'], integrity: { ...integrity, state: 'sound', findings: [] } };
    await run(statusCommand, '--node', url);
    expect(printed.at(-1)).not.toContain('DAMAGED');
  });

  it('ends with 1 and names the address that does not answer, and still shows the other', async () => {
    expect(await run(statusCommand, '--node', url, '--central', 'http://127.0.0.1:1')).toBe(1);
    expect(printed.join('\n')).toContain('Node BER1');
    expect(printed.join('\n')).toContain('nothing answers at http://127.0.0.1:1 (bad port)');
  });

  it('says why one that is there cannot answer', async () => {
    const detail = 'The store cannot be read now.';
    vi.spyOn(globalThis, 'fetch').mockResolvedValueOnce(Response.json({ detail }, { status: 503 }));
    expect(await run(statusCommand, '--node', url)).toBe(1);
    expect(printed).toEqual([detail]);
  });

  it('gives a script both answers as they came', async () => {
    await run(statusCommand, '--node', url, '--json');
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({ node: { warehouse: 'BER1', backlog: 10 } });
  });
});
