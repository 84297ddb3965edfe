import { centralAt, DEFAULT_CENTRAL, DEFAULT_NODE, nodeAt } from '@edgestock/shared/command/named-door';
import { DoorFailed } from '@edgestock/shared/runtime/json-door';
import { defineCommand } from 'citty';
import { type CentralStatus, centralPage, type NodeStatus, nodePage, type WarehouseStatus } from './status-page.ts';

/** One that does not answer within this is as good as down. */
const PATIENCE_MS = 5_000;

/** `edgestock status`: how far a node has got, and how far central has followed. */
export const command = defineCommand({
  meta: {
    name: 'status',
    description: `How far a node has got and how far central has followed, on one screen.
Without an address it asks both where \`edgestock up\` puts them (${DEFAULT_NODE}, ${DEFAULT_CENTRAL}).

  edgestock status
  edgestock status --node http://10.0.3.7:7100
  edgestock status --central http://central.example:7000 --json

Exit code: 0 everything that was asked has answered, 1 not, 2 the call is wrong.`,
  },
  args: {
    node: { type: 'string', description: 'Address of an edge node', valueHint: DEFAULT_NODE },
    central: { type: 'string', description: 'Address of central', valueHint: DEFAULT_CENTRAL },
    json: { type: 'boolean', description: 'Print what they said as one JSON object' },
  },
  async run({ args }) {
    const isNamed = args.node !== undefined || args.central !== undefined;
    const nodeAddress = args.node ?? (isNamed ? undefined : DEFAULT_NODE);
    const centralAddress = args.central ?? (isNamed ? undefined : DEFAULT_CENTRAL);
    const [node, central] = await Promise.all([
      nodeAddress === undefined ? undefined : said(askNode(nodeAddress)),
      centralAddress === undefined ? undefined : said(askCentral(centralAddress)),
    ]);
    const answers = [node, central].filter((answer) => answer !== undefined);
    const failures = answers.flatMap((answer) => (answer.outcome === 'failed' ? [answer.reason] : []));
    if (args.json === true) {
      const error = (answer: Answer<unknown> | undefined) =>
        answer?.outcome === 'failed' ? { error: answer.reason } : undefined;
      const told = {
        node: node?.outcome === 'said' ? node.body.status : error(node),
        central: central?.outcome === 'said' ? central.body.fleet : error(central),
        promises: central?.outcome === 'said' ? central.body.status : error(central),
      };
      console.log(JSON.stringify(told));
    } else {
      const pages: string[] = [];
      if (node?.outcome === 'said') pages.push(nodePage(node.body.url, node.body.status));
      if (central?.outcome === 'said') {
        const { url, fleet, status } = central.body;
        pages.push(centralPage(url, fleet.warehouses, status));
      }
      if (pages.length > 0) console.log(pages.join('\n\n'));
      for (const reason of failures) console.error(reason);
    }
    // Asked without an address, one of the two is enough: a store's machine has a node and no central.
    if (failures.length > 0 && (isNamed || failures.length === answers.length)) process.exitCode = 1;
  },
});

type Answer<Body> =
  | { readonly outcome: 'said'; readonly body: Body }
  | { readonly outcome: 'failed'; readonly reason: string };

async function askNode(address: string) {
  const { door, status } = await nodeAt<NodeStatus>({ flag: '--node', address });
  return { url: door.url, status };
}

async function askCentral(address: string) {
  const { door, status } = await centralAt<CentralStatus>({ flag: '--central', address });
  const fleet = await door.ask<{ readonly warehouses: readonly WarehouseStatus[] }>('GET', '/v1/warehouses', {
    patienceMs: PATIENCE_MS,
  });
  return { url: door.url, status, fleet };
}

/** One that does not answer must not keep the other from being shown. */
async function said<Body>(asking: Promise<Body>): Promise<Answer<Body>> {
  try {
    return { outcome: 'said', body: await asking };
  } catch (error) {
    if (!(error instanceof DoorFailed)) throw error;
    return { outcome: 'failed', reason: [error.message, error.hint].filter((line) => line !== '').join('\n') };
  }
}
