import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { nodeAt } from '@edgestock/shared/command/named-door';
import { must } from '@edgestock/shared/runtime/assert';
import { listOf } from '@edgestock/shared/runtime/list-of';
import { defineCommand } from 'citty';
import { EdgeApi } from '../api/edge-api.ts';
import { answer, remark } from '../command/answers.ts';
import { wholeNumberOf } from '../command/flags.ts';
import { UsageError } from '../command/usage-error.ts';
import { type ReplayResult, replay } from './replay.ts';
import { shopArgs, shopOf } from './shop-flags.ts';

/** Receipts between two remarks about progress. */
const REMARK_EVERY = 5_000;

export const command = defineCommand({
  meta: {
    name: 'replay',
    description: 'Replay a point-of-sale export through the HTTP API of running nodes',
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
  },
});

async function urlsOf(nodes: string | undefined, upFrom: string | undefined): Promise<readonly string[]> {
  if (nodes) return listOf(nodes);
  if (upFrom === undefined) {
    throw new UsageError('Which nodes? Neither --nodes nor --up-from was given', 'Try --nodes http://127.0.0.1:7100');
  }
  try {
    const line = upFrom === '-' ? await textOf(process.stdin) : await readFile(upFrom, 'utf8');
    const { nodes: listed } = JSON.parse(line) as { readonly nodes: readonly { readonly url: string }[] };
    return listed.map(({ url }) => url);
  } catch (cause) {
    const error = new UsageError(
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

function proseOf(result: ReplayResult): string {
  const reasons = Object.entries(result.refusedByReason).map(([reason, count]) => `\n  refused, ${reason}: ${count}`);
  const notes = [
    ...(result.repeated > 0 ? [`${result.repeated} lines had been recorded before`] : []),
    ...(result.exceptions > 0 ? [`${result.exceptions} exceptions wait at the nodes (GET /v1/exceptions)`] : []),
    ...(result.timesNaive > 0
      ? [`${result.timesNaive} times have no zone and were left out: name it with --zone`]
      : []),
    ...(result.timesUnreadable > 0 ? [`${result.timesUnreadable} times could not be read and were left out`] : []),
    ...(result.skuCaseVariants > 0
      ? [`${result.skuCaseVariants} groups of SKUs differ only in case: they stay apart`]
      : []),
  ];
  return (
    `${result.transactions} receipts, ${result.lines} lines in ${result.seconds} s: ` +
    `${result.accepted} accepted, ${result.refused} refused${reasons.join('')}${notes.map((note) => `\n${note}`).join('')}`
  );
}
