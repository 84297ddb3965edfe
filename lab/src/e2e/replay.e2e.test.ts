import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EdgeApi } from '../api/edge-api.ts';
import { centralStores } from '../testing/central-stores.ts';
import { type RunningCommand, runCommand, startCommand } from '../testing/running-command.ts';

/** As a till exports it: its own column names, a store that nobody serves, a number that comes again. */
const sales = `shop,article,pieces,receipt_no
BER1,tea,2,1
BER1,mug,1,1
HAM1,tea,3,1
BER1,tea,1,2
BER1,tea,4,1
XXX1,tea,9,7
BER1,tea,-1,C3
`;
const columns = 'store=shop,sku=article,quantity=pieces,receipt=receipt_no';

const stores = centralStores();
let folder: string;
let up: RunningCommand;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgestock-replay-'));
  const anywhere = ['--port-base', '0', '--central-port', '0', '--nats-port', '0', '--store', await stores.fresh()];
  up = await startCommand('up', '--warehouses', 'BER1,HAM1', '--data-dir', join(folder, 'up'), ...anywhere, '--json');
  await writeFile(join(folder, 'sales.csv'), sales);
  await writeFile(join(folder, 'up.json'), JSON.stringify(up.ready));
});
afterAll(async () => {
  await up?.kill('SIGTERM');
  await rm(folder, { recursive: true, force: true });
});

test('a shop replays its own export, and a second time changes nothing', async () => {
  const line = [
    'replay',
    join(folder, 'sales.csv'),
    '--up-from',
    join(folder, 'up.json'),
    '--columns',
    columns,
    '--json',
  ];
  const first = await runCommand(...line);
  expect(first.code, first.stderr).toBe(1);
  expect(JSON.parse(first.stdout)).toMatchObject({
    transactions: 5,
    lines: 7,
    accepted: 6,
    refused: 1,
    refusedByReason: { 'store-unknown': 1 },
    repeated: 0,
    refusedLines: [{ line: 7, receipt: '7', warehouse: 'XXX1', reason: 'store-unknown' }],
    refusedMore: 0,
  });
  expect(first.stderr).toContain('no node serves XXX1');
  const second = await runCommand(...line);
  expect(JSON.parse(second.stdout)).toMatchObject({ accepted: 6, repeated: 6 });
  expect(await onHandOf('BER1')).toEqual({ tea: -6, mug: -1 });
  expect(await onHandOf('HAM1')).toEqual({ tea: -3 });
});

test('a receipt with a bad line is recorded by the corrected file, and what a receipt may not say twice is told in words', async () => {
  const file = join(folder, 'week.csv');
  const replay = (...flags: readonly string[]) =>
    runCommand('replay', file, '--up-from', join(folder, 'up.json'), '--columns', columns, ...flags);
  const head = 'shop,article,pieces,receipt_no\n';
  await writeFile(file, `${head}BER1,pot,2,50\nBER1,jug,1.5,50\nBER1,pot,1,51\nBER1,POST,1,51\n`);
  const wrong = await replay('--json');
  expect(wrong.code, wrong.stderr).toBe(1);
  expect(JSON.parse(wrong.stdout)).toMatchObject({
    transactions: 1,
    accepted: 1,
    refused: 3,
    leftOut: 1,
    refusedByReason: { 'not-goods': 1, 'quantity-not-whole': 1, 'receipt-refused': 1 },
    refusedLines: [{ line: 3, receipt: '50', warehouse: 'BER1', reason: 'quantity-not-whole' }],
  });
  expect((await replay()).stdout).toContain(
    '  line 3, receipt 50 of BER1: the quantity is no whole number ("1.5")\nPut these right and replay the file again',
  );

  await writeFile(file, `${head}BER1,pot,2,50\nBER1,jug,1,50\nBER1,pot,1,51\nBER1,POST,1,51\n`);
  const right = await replay('--json');
  expect(JSON.parse(right.stdout)).toMatchObject({
    accepted: 3,
    repeated: 1,
    refused: 1,
    leftOut: 1,
    refusedLines: [],
  });
  expect(right.code, right.stderr).toBe(0);
  expect(await onHandOf('BER1')).toMatchObject({ pot: -3, jug: -1 });

  await writeFile(file, `${head}BER1,pot,2,50\nBER1,jug,4,50\n`);
  const other = await replay();
  expect(other.code).toBe(1);
  expect(other.stdout).toContain(
    'line 2, receipt 50 of BER1: this receipt was recorded before with other lines, and those stay; record what differs as a return or a count',
  );
  expect(await onHandOf('BER1')).toMatchObject({ pot: -3, jug: -1 });
});

test('a column that is not there is answered with those that are', async () => {
  const wrong = columns.replace('pieces', 'qty');
  const { code, stderr } = await runCommand(
    'replay',
    join(folder, 'sales.csv'),
    '--up-from',
    join(folder, 'up.json'),
    '--columns',
    wrong,
  );
  expect(code).toBe(2);
  expect(stderr).toContain('shop, article, pieces, receipt_no');
});

test('central in the place of a node, and a file that is not there, are told in words', async () => {
  const { central } = up.ready as { central: string };
  const line = ['replay', join(folder, 'sales.csv'), '--columns', columns];
  expect(await runCommand(...line, '--nodes', central)).toMatchObject({
    code: 1,
    stderr: `${central} is central\n--nodes names a node, such as http://127.0.0.1:7100.`,
  });
  const { code, stderr } = await runCommand(...line, '--up-from', join(folder, 'nowhere.json'));
  expect([code, stderr]).toEqual([2, expect.not.stringContaining(' at ')]);
});

test('without nodes it says how to name them', async () => {
  const { code, stderr } = await runCommand('replay', join(folder, 'sales.csv'));
  expect(code).toBe(2);
  expect(stderr).toContain('--nodes http://127.0.0.1:7100');
});

async function onHandOf(warehouse: string): Promise<Record<string, number>> {
  const { nodes } = up.ready as { nodes: readonly { warehouse: string; url: string }[] };
  const url = nodes.find((node) => node.warehouse === warehouse)?.url ?? '';
  const positions = await new EdgeApi(url, { patienceMs: 5_000 }).positions();
  return Object.fromEntries([...positions].map(([sku, { onHand }]) => [sku, onHand]));
}
