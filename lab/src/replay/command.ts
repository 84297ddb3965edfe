import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { nodeAt } from '@edgestock/shared/command/named-door';
import { WrongCall } from '@edgestock/shared/command/wrong-call';
import { must } from '@edgestock/shared/runtime/assert';
import { listOf } from '@edgestock/shared/runtime/list-of';
import { defineCommand } from 'citty';
import { EdgeApi } from '../api/edge-api.ts';
import { answer, remark } from '../command/answers.ts';
import { wholeNumberOf } from '../command/flags.ts';
import { replay } from './replay.ts';
import { proseOf } from './replay-prose.ts';
import { shopArgs, shopOf } from './shop-flags.ts';

/** Receipts between two remarks about progress. */
const REMARK_EVERY = 5_000;

const description = `Replay a point-of-sale export through the HTTP API of running nodes

A receipt is recorded whole or not at all: a line that cannot be understood refuses its receipt. Put the line
right and replay the file again; what was recorded before stays as it is. Lines that move no goods (postage,
book-keeping, quantity 0) are left out and refuse nothing.

Exit codes: 0 everything was recorded or left out, 1 something was refused (told with its line in the file) or
the replay failed, 2 the command line cannot be meant.`;

export const command = defineCommand({
  meta: {
    name: 'replay',
    description,
  },
  args: {
    file: { type: 'positional', required: true, description: 'CSV with a header line, plain or .gz' },
    nodes: { type: 'string', valueHint: 'url,...', description: 'The nodes; each is asked which warehouse it serves' },
    'up-from': {
      type: 'string',
      valueHint: 'file',
      description: 'Instead of --nodes: the line that `edgestock up --json` printed, in a file (- for stdin)',
    },
    ...shopArgs,
    spread: { type: 'boolean', description: 'Spread the receipts over the nodes, whatever their stores' },
    'patience-s': {
      type: 'string',
      default: '60',
      valueHint: 'SECONDS',
      description: 'How long a node may be silent before the replay gives up',
    },
    json: { type: 'boolean', description: 'Print the result as one JSON object' },
  },
  async run({ args }) {
    const patienceMs = wholeNumberOf('patience-s', args['patience-s'], { min: 1, max: 86_400 }) * 1_000;
    const nodes = await nodesByWarehouse(await urlsOf(args.nodes, args['up-from']), patienceMs);
    const shop = shopOf(args, { spreadOver: [...nodes.keys()].sort(), isSpread: args.spread === true });
    const strangers = new Set<string>();
    const isServed = (warehouse: string) => {
      if (!nodes.has(warehouse)) strangers.add(warehouse);
      return nodes.has(warehouse);
    };
    const interpretation = { ...shop.interpretation, isServed };
    const nodeOf = (warehouse: string) => must(nodes.get(warehouse), `no node for ${warehouse}`);
    const result = await replay(args.file, { ...shop, interpretation }, nodeOf, {
      onReceipt: (count) => count % REMARK_EVERY === 0 && remark(`${count} receipts read`),
    });
    if (strangers.size > 0) remark(`no node serves ${[...strangers].sort().join(', ')}: their lines were refused`);
    answer(args.json ? JSON.stringify(result) : proseOf(result));
    if (result.refused > result.leftOut) process.exitCode = 1;
  },
});

async function urlsOf(nodes: string | undefined, upFrom: string | undefined): Promise<readonly string[]> {
  if (nodes) return listOf(nodes);
  if (upFrom === undefined) {
    throw new WrongCall('Which nodes? Neither --nodes nor --up-from was given', 'Try --nodes http://127.0.0.1:7100');
  }
  try {
    const line = upFrom === '-' ? await textOf(process.stdin) : await readFile(upFrom, 'utf8');
    const { nodes: listed } = JSON.parse(line) as { readonly nodes: readonly { readonly url: string }[] };
    return listed.map(({ url }) => url);
  } catch (cause) {
    const error = new WrongCall(
      `${upFrom} does not hold the line of edgestock up`,
      'Write it with edgestock up --json > FILE in another terminal, and wait until the line is there',
    );
    throw Object.assign(error, { cause });
  }
}

async function nodesByWarehouse(
  addresses: readonly string[],
  patienceMs: number,
): Promise<ReadonlyMap<string, EdgeApi>> {
  const nodes = await Promise.all(addresses.map((address) => nodeAt({ flag: '--nodes', address })));
  return new Map(nodes.map(({ door, status }) => [status.warehouse, new EdgeApi(door.url, { patienceMs })]));
}
