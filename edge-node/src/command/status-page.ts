/** What `GET /v1/status` of a node says, as far as the page shows it. */
export type NodeStatus = {
  readonly warehouse: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly firstSequence: number;
  readonly openExceptions: number;
  readonly databaseBytes: number;
  readonly link: string;
  readonly state: string;
  readonly applied: number;
  readonly backlog: number;
  /** Since a release that promises. */
  readonly quotaUnits?: number;
  readonly openTasks?: number;
  /** How far central's directives are carried out. */
  readonly down?: { readonly sequence: number; readonly need: boolean };
  readonly lastContactAt?: string;
  readonly writesFailing?: { readonly since: string; readonly reason: string; readonly hint: string };
  readonly integrity?: { readonly state: string; readonly checkedAt: string; readonly findings: readonly string[] };
  /** The books were put back, rolled back or moved, and nothing is promised. */
  readonly restored?: { readonly since: string; readonly hint: string };
  /** What may be missing from before the last rejoin. */
  readonly rejoined?: { readonly at: string; readonly epoch: number; readonly hint: string };
  /** A rejoin under way, or one that failed. */
  readonly rejoin?: {
    readonly phase: string;
    readonly sequence?: number;
    readonly of?: number;
    readonly reason?: string;
  };
  readonly hint?: string;
  readonly time: string;
  readonly version: string;
};

/** What `GET /v1/warehouses` of central says of each. */
export type WarehouseStatus = {
  readonly warehouse: string;
  readonly appliedUpTo: number;
  readonly backlog: number;
  /** Null while central knows nothing of the warehouse's stock. */
  readonly lagMs: number | null;
  readonly isSilent: boolean;
  readonly skewMs: number;
  readonly fence?: { readonly reason: string };
  /** The node has stopped sending by its own judgement. */
  readonly nodeFence?: { readonly reason: string };
  /** Why nothing of it is promised: central was put back to an earlier state. */
  readonly notCounted?: string;
};

/** A clock more than this off is worth a line: expiries and ages are judged by it. */
const SKEW_MS_WORTH_TELLING = 2_000;

/** A node on one screen: what it has, how far central has it, what somebody should look at. */
export function nodePage(url: string, status: NodeStatus): string {
  const { warehouse, version, sequence, firstSequence, applied, backlog, openExceptions, databaseBytes } = status;
  const inSync =
    backlog === 0
      ? 'central has all of it'
      : `${counted(backlog, 'movement is', 'movements are')} still to reach central`;
  const reached = status.lastContactAt === undefined ? 'never heard' : `applied up to ${count(applied)}: ${inSync}`;
  return table(`Node ${warehouse} at ${url} (${version})`, [
    ['log', `${count(sequence)} movements recorded, kept from ${count(firstSequence)} on`],
    ['central', `${status.state}, link ${status.link}; ${reached}`],
    ...promisesOf(status),
    ...(status.writesFailing === undefined ? [] : [['WRITES FAIL', failure(status.writesFailing)] as const]),
    ...damageOf(status),
    ...(status.restored === undefined
      ? []
      : [['RESTORED', `since ${status.restored.since}: ${status.restored.hint}`] as const]),
    ...(status.rejoined === undefined
      ? []
      : [['rejoined', `${status.rejoined.at}, epoch ${status.rejoined.epoch}: ${status.rejoined.hint}`] as const]),
    ...rejoinOf(status),
    ['last contact', status.lastContactAt ?? 'never'],
    ['exceptions', openExceptions === 0 ? 'none open' : `${count(openExceptions)} open: see ${url}/v1/exceptions`],
    ['database', `${(databaseBytes / 1_048_576).toFixed(1)} MiB`],
    ...(status.hint === undefined ? [] : [['look at', status.hint] as const]),
  ]);
}

function damageOf({ integrity }: Pick<NodeStatus, 'integrity'>): readonly (readonly [string, string])[] {
  if (integrity?.state !== 'damaged') return [];
  return [['DAMAGED', `checked ${integrity.checkedAt}: ${integrity.findings.join('; ')}`]];
}

function rejoinOf({ rejoin }: NodeStatus): readonly (readonly [string, string])[] {
  if (rejoin === undefined) return [];
  const { phase, sequence, of, reason } = rejoin;
  const progress = sequence === undefined || of === undefined ? '' : `: ${count(sequence)} of ${count(of)} movements`;
  return [['rejoin', `${phase}${progress}${reason === undefined ? '' : `: ${reason}`}`]];
}

function promisesOf({ quotaUnits, openTasks, down }: NodeStatus): readonly (readonly [string, string])[] {
  return [
    ...(quotaUnits === undefined ? [] : [['quota', `${count(quotaUnits)} units that central may promise`] as const]),
    ...(openTasks === undefined
      ? []
      : [['tasks', openTasks === 0 ? 'none open' : `${count(openTasks)} open`] as const]),
    ...(down === undefined
      ? []
      : [
          [
            'directives',
            `carried out up to ${count(down.sequence)}${down.need ? '; SOME ARE MISSING, asked for' : ''}`,
          ] as const,
        ]),
  ];
}

/** What `GET /v1/status` of central says of its promises, as far as the page shows it. */
export type CentralStatus = {
  /** What this process of central does, and which shards of the nodes it takes in where several share them. */
  readonly roles?: readonly string[];
  readonly shards?: readonly number[];
  readonly promises?: {
    readonly reservationsHeld: number;
    readonly orders: Readonly<Record<string, number>>;
    readonly oversold: number;
    /** What nodes ship for orders that central has forgotten. */
    readonly unknownTasks?: number;
  };
  /** Central was put back to an earlier state. */
  readonly epochBegan?: { readonly at: string; readonly reason: string };
  readonly quarantined?: number;
  readonly integrity?: NonNullable<NodeStatus['integrity']>;
  readonly directives?: { readonly notCarriedOut: Readonly<Record<string, number>> };
};

function processOf({ roles, shards }: CentralStatus): readonly (readonly [string, string])[] {
  if (roles === undefined) return [];
  const taken = shards === undefined ? '' : `; takes in shards ${shards.length === 0 ? 'none' : shards.join(', ')}`;
  return [['process', `${roles.join(', ')}${taken}`]];
}

function centralPromises(
  url: string,
  { promises, directives, ...status }: CentralStatus,
): readonly (readonly [string, string])[] {
  // Without the rest while its store cannot be read.
  if (promises?.orders === undefined) return [];
  const { reservationsHeld, orders, oversold, unknownTasks = 0 } = promises;
  const { epochBegan, quarantined = 0 } = status;
  const states = Object.entries(orders).map(([state, number]) => `${count(number)} ${state}`);
  const open = Object.entries(directives?.notCarriedOut ?? {}).map(
    ([warehouse, number]) => `${warehouse} ${count(number)}`,
  );
  return [
    ['reservations', `${count(reservationsHeld)} held`],
    ['orders', states.length === 0 ? 'none open' : states.join(', ')],
    ['directives', open.length === 0 ? 'all carried out' : `not carried out: ${open.join(', ')}`],
    oversold === 0
      ? ['oversold', '0']
      : ['OVERSOLD', `${counted(oversold, 'position', 'positions')}: this must be 0, tell the makers`],
    ...(unknownTasks === 0
      ? []
      : [
          [
            'UNKNOWN TASKS',
            `nodes ship ${counted(unknownTasks, 'parcel', 'parcels')} for orders that central has forgotten: see ${url}/v1/unknown-tasks`,
          ] as const,
        ]),
    ...(quarantined === 0
      ? []
      : [['put aside', `${counted(quarantined, 'message', 'messages')}: see ${url}/v1/quarantine`] as const]),
    ...(epochBegan === undefined ? [] : [['put back', `${epochBegan.at}: ${epochBegan.reason}`] as const]),
  ];
}

function failure({ since, reason, hint }: NonNullable<NodeStatus['writesFailing']>): string {
  return `since ${since}: ${reason}. ${hint}`;
}

/** The warehouses that central knows, the ones somebody should look at first. */
export function centralPage(url: string, warehouses: readonly WarehouseStatus[], status: CentralStatus): string {
  if (warehouses.length === 0) return `Central at ${url}\n  no node has enrolled yet`;
  const sorted = warehouses.toSorted((a, b) => rank(b) - rank(a) || a.warehouse.localeCompare(b.warehouse));
  const silent = warehouses.filter(({ isSilent }) => isSilent).length;
  const title = `Central at ${url}: ${count(warehouses.length)} warehouses, ${silent === 0 ? 'none silent' : `${count(silent)} silent`}`;
  return table(title, [
    ...sorted.map((warehouse) => [warehouse.warehouse, sentence(warehouse)] as const),
    ...processOf(status),
    ...damageOf(status),
    ...centralPromises(url, status),
  ]);
}

function sentence({ appliedUpTo, backlog, lagMs, isSilent, skewMs, notCounted, ...fences }: WarehouseStatus): string {
  const fence = fences.fence ?? fences.nodeFence;
  const parts = [
    fence === undefined ? (isSilent ? 'SILENT' : 'live') : `FENCED (${fence.reason})`,
    `applied ${count(appliedUpTo)}`,
    ...stepOf(backlog, isSilent),
    lagMs === null ? 'nothing known of its stock yet' : `known as of ${age(lagMs)} ago`,
    ...(Math.abs(skewMs) > SKEW_MS_WORTH_TELLING
      ? [`clock ${age(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead' : 'behind'}`]
      : []),
  ];
  return notCounted === undefined ? parts.join(', ') : `${parts.join(', ')}; NOT COUNTED: ${notCounted}`;
}

/** Of a silent one nobody knows what it has recorded since: beside the time up to which all is known it is not in step. */
function stepOf(backlog: number, isSilent: boolean): readonly string[] {
  if (backlog === 0) return isSilent ? [] : ['in step'];
  return [`${isSilent ? 'at least ' : ''}${count(backlog)} behind`];
}

function rank({ fence, nodeFence, notCounted, isSilent }: WarehouseStatus): number {
  if (fence !== undefined || nodeFence !== undefined) return 3;
  return notCounted === undefined ? Number(isSilent) : 2;
}

function table(title: string, rows: readonly (readonly [label: string, text: string])[]): string {
  const width = Math.max(...rows.map(([label]) => label.length));
  return [title, ...rows.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`)].join('\n');
}

function age(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  const seconds = Math.round(milliseconds / 1_000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

function counted(value: number, one: string, several: string): string {
  return `${count(value)} ${value === 1 ? one : several}`;
}

function count(value: number): string {
  return value.toLocaleString('en');
}
