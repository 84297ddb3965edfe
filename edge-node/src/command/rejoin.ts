import { createInterface } from 'node:readline/promises';
import { nodeAt } from '@edgestock/shared/command/named-door';
import { WrongCall } from '@edgestock/shared/command/wrong-call';
import { type Recount, recounts } from '@edgestock/shared/protocol/rejoin';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { DoorFailed, type JsonDoor } from '@edgestock/shared/runtime/json-door';
import { OperatingFailure } from '@edgestock/shared/runtime/operating-failure';
import { defineCommand } from 'citty';

/** The operator, the node or central said no. */
class RejoinFailed extends OperatingFailure {
  override readonly name = 'RejoinFailed';
}

type Shown = {
  readonly warehouse: string;
  readonly node: {
    readonly epoch: number;
    readonly sequence: number;
    readonly isPrefix?: boolean;
    readonly isOwner: boolean;
  };
  readonly central: {
    readonly epoch: number;
    readonly applied: number;
    readonly fence?: string;
    readonly heardAt?: string;
    readonly heardCommitted?: number;
    readonly knownAt?: string;
  };
  readonly lost: number;
  /** Absent of an older node. */
  readonly isNeeded?: boolean;
  readonly effects: readonly string[];
};
type Status = {
  readonly epoch: number;
  readonly sequence: number;
  /** What may be missing from before the last rejoin. */
  readonly rejoined?: { readonly lost: number; readonly hint: string };
  readonly rejoin?: {
    readonly phase: string;
    readonly sequence?: number;
    readonly of?: number;
    readonly reason?: string;
    readonly hint?: string;
  };
};

const ROUTE = '/v1/rejoin';
const POLL_MS = 500;
/** While the node begins anew it does not answer. */
const SILENCE_MS_MAX = 60_000;

/** `edgestock edge rejoin`: a node that was restored, cloned or rebuilt goes on for its warehouse. */
export const rejoinCommand = defineCommand({
  meta: {
    name: 'rejoin',
    description: `Let a node that was restored, cloned or put on a new disk go on for its warehouse.
Shows what central knows and what will happen, and asks. The node takes back what central has of its log, records again what
it has sold itself since, and begins a new epoch; any other installation of the warehouse is refused from then on.

  edgestock edge rejoin --url http://10.0.3.7:7100
  edgestock edge rejoin --url http://127.0.0.1:7100 --recount all --yes

Exit code: 0 the node has rejoined or needs no rejoin, 1 it has not (nothing was changed at the node), 2 the call is wrong.`,
  },
  args: {
    url: { type: 'string', required: true, description: 'Address of the node', valueHint: 'http://127.0.0.1:7100' },
    recount: {
      type: 'string',
      description:
        'What is counted before central may promise more of it: all, moved (what is known to have moved) or none. Without it central chooses: all where movements are known to be lost, else moved',
      valueHint: 'all|moved|none',
    },
    yes: { type: 'boolean', description: 'Do not ask' },
    again: {
      type: 'boolean',
      description: 'Also where nothing is wrong: a new epoch, so that a copy which runs beside this node is refused',
    },
    json: { type: 'boolean', description: 'Print what came of it as one JSON object; needs --yes' },
  },
  async run({ args }) {
    const recount = recountOf(args.recount);
    if (args.json === true && args.yes !== true) {
      throw new WrongCall('--json asks nobody', 'Add --yes, or leave --json out.');
    }
    const { door } = await nodeAt({ flag: '--url', address: args.url });
    const shown = await door.ask<Shown>('GET', ROUTE);
    if (shown.isNeeded === false && args.again !== true) {
      console.log(args.json === true ? JSON.stringify(unchanged(shown)) : inStep(shown));
      return;
    }
    if (args.json !== true) console.log(page(shown));
    if (args.yes !== true && !(await isConfirmed(shown.warehouse))) {
      throw new RejoinFailed('not confirmed', 'Nothing was changed.');
    }
    const body = { sawEpoch: shown.central.epoch, ...(recount === undefined ? {} : { recount }) };
    await door.ask('POST', ROUTE, { body });
    const status = await ended(door, shown.central.epoch, args.json !== true);
    const told = status.sequence - shown.central.applied;
    if (args.json === true) {
      const { warehouse, central } = shown;
      const { epoch, sequence, rejoined } = status;
      const lost = rejoined?.lost ?? shown.lost;
      console.log(JSON.stringify({ warehouse, epoch, sequence, takenBack: central.applied, lost }));
      return;
    }
    console.log(
      `${shown.warehouse} has rejoined in epoch ${status.epoch}: ${count(shown.central.applied)} movements taken back, ${count(Math.max(0, told))} recorded since.`,
    );
    if (status.rejoined !== undefined && status.rejoined.lost > 0) console.log(`${status.rejoined.hint}.`);
  },
});

function unchanged({ warehouse, node: { epoch, sequence } }: Shown) {
  return { warehouse, epoch, sequence, takenBack: 0, lost: 0, isNeeded: false };
}

function inStep({ warehouse, node, central }: Shown): string {
  return [
    `There is nothing to do: ${warehouse} is in step with central, in epoch ${node.epoch}, ${count(central.applied)} of its ${count(node.sequence)} movements applied. Nothing was changed.`,
    'If a copy of it runs somewhere, and this is the one to keep: --again.',
  ].join('\n');
}

function recountOf(text: string | undefined): Recount | undefined {
  if (text === undefined) return undefined;
  const recount = recounts.find((one) => one === text);
  if (recount === undefined) throw new WrongCall(`--recount cannot be ${text}`, `One of ${recounts.join(', ')}.`);
  return recount;
}

function page({ warehouse, node, central, lost, effects }: Shown): string {
  const history =
    node.isPrefix === undefined
      ? 'central cannot tell'
      : node.isPrefix
        ? 'part of what central has'
        : 'not what central has';
  const rows: (readonly [string, string])[] = [
    ['this node', `epoch ${node.epoch}, ${count(node.sequence)} movements: ${history}`],
    ['central', `epoch ${central.epoch}, ${count(central.applied)} movements applied`],
    ...(central.fence === undefined ? [] : [['fenced', central.fence] as const]),
    [
      'last heard',
      central.heardAt === undefined
        ? 'never'
        : `${central.heardAt}, with ${count(central.heardCommitted ?? 0)} movements`,
    ],
    ['all known up to', central.knownAt ?? 'never'],
    ['lost', lost === 0 ? 'nothing that was heard of' : `${count(lost)} movements`],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return [
    `Rejoin ${warehouse}`,
    ...rows.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`),
    'What will happen:',
    ...effects.map((effect) => `  - ${effect}`),
  ].join('\n');
}

async function isConfirmed(warehouse: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new WrongCall('nobody is there to be asked', 'Look at what it would do, and add --yes.');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await terminal.question(`Type ${warehouse} to go on: `)).trim() === warehouse;
  } finally {
    terminal.close();
  }
}

/** Resolves with the node's status in its new epoch. */
async function ended(door: JsonDoor, sawEpoch: number, isShown: boolean): Promise<Status> {
  let silentSinceMs: number | undefined;
  let shown = '';
  for (;;) {
    await systemClock.sleep(POLL_MS);
    let status: Status;
    try {
      status = await door.ask<Status>('GET', '/v1/status');
      silentSinceMs = undefined;
    } catch (error) {
      if (!(error instanceof DoorFailed)) throw error;
      silentSinceMs ??= systemClock.monotonicMs();
      if (systemClock.monotonicMs() - silentSinceMs < SILENCE_MS_MAX) continue;
      throw error;
    }
    const { rejoin, epoch } = status;
    if (rejoin?.phase === 'failed') throw new RejoinFailed(rejoin.reason ?? 'it failed', rejoin.hint ?? '');
    if (rejoin === undefined && epoch > sawEpoch) return status;
    const progress = rejoin?.of === undefined ? '' : ` ${count(rejoin.sequence ?? 0)} of ${count(rejoin.of)} movements`;
    const line = `${rejoin?.phase ?? 'beginning anew'}${progress}`;
    if (isShown && line !== shown) console.log(line);
    shown = line;
  }
}

function count(value: number): string {
  return value.toLocaleString('en');
}
