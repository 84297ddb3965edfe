import { httpAddress } from '@edgestock/shared/command/http-address';
import { systemClock } from '@edgestock/shared/runtime/clock';
import type { Problem } from '@edgestock/shared/runtime/problem';
import { defineCommand } from 'citty';
import { type CentralStatus, centralPage, type NodeStatus, nodePage, type WarehouseStatus } from './status-page.ts';

/** Where `edgestock up` puts them when nobody says otherwise. */
const DEFAULT_NODE = 'http://127.0.0.1:7100';
const DEFAULT_CENTRAL = 'http://127.0.0.1:7000';
/** A node that does not answer within this is as good as down. */
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

Exit code: 0 everything that was asked has answered, 1 not.`,
  },
  args: {
    node: { type: 'string', description: 'Address of an edge node', valueHint: DEFAULT_NODE },
    central: { type: 'string', description: 'Address of central', valueHint: DEFAULT_CENTRAL },
    json: { type: 'boolean', description: 'Print what they said as one JSON object' },
  },
  async run({ args }) {
    const isNamed = args.node !== undefined || args.central !== undefined;
    const nodeUrl = addressOf(args.node ?? (isNamed ? undefined : DEFAULT_NODE));
    const centralUrl = addressOf(args.central ?? (isNamed ? undefined : DEFAULT_CENTRAL));
    const [node, central, promised] = await Promise.all([
      nodeUrl && askNode(nodeUrl),
      centralUrl && ask<{ warehouses: readonly WarehouseStatus[] }>(`${centralUrl}/v1/warehouses`),
      centralUrl && ask<CentralStatus>(`${centralUrl}/v1/status`),
    ]);
    const answers = [node, central].filter((answer) => answer !== undefined && answer !== '');
    const failures = answers.flatMap((answer) => (answer.outcome === 'failed' ? [answer.reason] : []));
    if (args.json === true) {
      const said = (answer: typeof node | typeof central | typeof promised) =>
        answer && (answer.outcome === 'said' ? answer.body : { error: answer.reason });
      console.log(JSON.stringify({ node: said(node), central: said(central), promises: said(promised) }));
    } else {
      const pages: string[] = [];
      if (node && node.outcome === 'said') pages.push(nodePage(nodeUrl ?? '', node.body));
      if (central && central.outcome === 'said') {
        const status = promised && promised.outcome === 'said' ? promised.body : {};
        pages.push(centralPage(centralUrl ?? '', central.body.warehouses, status));
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

async function askNode(url: string): Promise<Answer<NodeStatus>> {
  const answer = await ask<NodeStatus & { readonly role?: string }>(`${url}/v1/status`);
  const isCentral = answer.outcome === 'said' && answer.body.role === 'central';
  return isCentral ? { outcome: 'failed', reason: `${url} is central: it is named with --central.` } : answer;
}

async function ask<Body>(url: string): Promise<Answer<Body>> {
  const patience = new AbortController();
  const cancel = systemClock.after(PATIENCE_MS, () =>
    patience.abort(new Error(`no answer in ${PATIENCE_MS / 1_000} s`)),
  );
  try {
    const response = await fetch(url, { signal: patience.signal });
    if (response.ok) return { outcome: 'said', body: (await response.json()) as Body };
    const problem = (await response.json().catch(() => undefined)) as Partial<Problem> | undefined;
    const said = problem?.detail ?? 'is the address right?';
    return { outcome: 'failed', reason: `${url} answered ${response.status}: ${said}` };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    return {
      outcome: 'failed',
      reason: `nothing answers at ${url} (${reason}). Is it running, and the address right?`,
    };
  } finally {
    cancel();
  }
}

function addressOf(url: string | undefined): string | undefined {
  return url === undefined ? undefined : httpAddress(url);
}
