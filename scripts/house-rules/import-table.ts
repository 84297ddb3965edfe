/**
 * Who may import whom, as data. A place is a file (`shared/src/runtime/assert.ts`), the files right in a folder
 * (`central/src/store/*`), or a folder with all below it (`shared/src/inventory/**`).
 */
export interface Area {
  readonly place: string;
  /** Besides itself. */
  readonly mayImport: readonly string[];
  /** Where the type is known, but nothing of it runs. */
  readonly mayImportTypesOf?: readonly string[];
  /** Which modules of Node: `pure` ones do no input or output, and know no time and no chance. */
  readonly node: 'none' | 'pure' | 'any';
  /** Nothing in it may wait: no async function, no promise. */
  readonly isSynchronous?: true;
  /** Only these may import it; without them, whoever lists it. */
  readonly onlyFor?: readonly string[];
}

const inventory = 'shared/src/inventory/**';
const protocol = 'shared/src/protocol/**';
const runtime = 'shared/src/runtime/**';
const transport = 'shared/src/transport/**';
/** How either side opens a database file, not what is in it. */
const sqlite = 'shared/src/sqlite/**';
const assertion = 'shared/src/runtime/assert.ts';
/** The vocabulary of both deployables. The transport is not in it: only links, consumers and mains speak to a broker. */
const words = [inventory, protocol, runtime];

/** Top-level files that put a process together. They see everything and are imported by nobody but its starters. */
const starters = ['edge-node/src/command/**', 'central/src/command/**', 'lab/**', 'scripts/**'];

export const areas: readonly Area[] = [
  { place: inventory, mayImport: [assertion], node: 'none' },
  { place: protocol, mayImport: [inventory, assertion], node: 'pure' },
  { place: runtime, mayImport: [inventory], node: 'any' },
  { place: transport, mayImport: words, node: 'any' },
  { place: sqlite, mayImport: words, node: 'any' },
  // What commands of both deployables have in common on a terminal.
  { place: 'shared/src/command/**', mayImport: words, node: 'any', onlyFor: starters },
  { place: 'shared/src/testing/**', mayImport: [...words, transport, sqlite], node: 'any' },

  ...deployable('edge-node', {
    store: { mayImport: ['rules/**'], needs: [sqlite], node: 'any' },
    ledger: { mayImport: ['rules/**', 'store/**'], node: 'pure' },
    replication: {
      mayImport: ['ledger/**', 'store/outbox*', 'store/inbox*'],
      mayImportTypesOf: ['store/**'],
      needs: [transport],
      node: 'any',
    },
    // Files become commands to the ledger, staged first.
    import: {
      mayImport: ['ledger/**', 'store/import-*'],
      mayImportTypesOf: ['store/**', 'rules/**'],
      node: 'any',
    },
    // Holds what is stored against what was recorded, with the rules that recorded it.
    verify: { mayImport: ['rules/**', 'store/**'], node: 'any' },
    http: {
      mayImport: ['ledger/**', 'import/**', 'rejoin/**', 'web/**'],
      mayImportTypesOf: ['replication/**', 'rules/**'],
      node: 'any',
    },
    // Books anew from the log that central gives back, beside the ones in use, and in their place at the next start.
    rejoin: {
      mayImport: ['ledger/**', 'store/**', 'rules/**'],
      mayImportTypesOf: ['replication/**'],
      needs: [sqlite],
      node: 'any',
    },
    web: { mayImport: [], node: 'any' },
  }),

  ...deployable('central', {
    // The port is what lies right in store/; the adapters lie in folders below it.
    store: { mayImport: ['rules/**'], needs: [sqlite], node: 'any' },
    availability: useCase(),
    orders: useCase(),
    warehouses: useCase(),
    ingest: { mayImport: ['store/*', 'rules/**'], needs: [transport], node: 'any' },
    // Central's logs down, on their way to the nodes.
    directives: { mayImport: ['store/*', 'rules/**'], needs: [transport], node: 'any' },
    // The thread that writes: what comes from the nodes, what shops ask, what goes down. It wires, and speaks with the API's thread.
    writer: {
      mayImport: ['ingest/**', 'orders/**', 'directives/**', 'store/*', 'rules/**'],
      needs: [transport],
      node: 'any',
    },
    // What processes read for one another, and its proof.
    redis: { mayImport: ['store/*', 'rules/**'], node: 'any' },
    feeds: { mayImport: ['store/*', 'rules/**'], node: 'any' },
    analytics: { mayImport: ['store/*', 'rules/**'], node: 'any' },
    api: {
      mayImport: [
        'availability/**',
        'orders/**',
        'warehouses/**',
        'feeds/**',
        'analytics/**',
        'web/**',
        // Words with a test of their own form: what can be a channel's name, what a reservation holds, where a transfer stands.
        'rules/channel.ts',
        'rules/reservation.ts',
        'rules/transfer.ts',
        // A store that cannot be read for now is answered otherwise than a mistake of ours.
        'store/store-failing.ts',
        'store/store-place.ts',
        // What other processes have read, before the store.
        'redis/shared-stock.ts',
      ],
      mayImportTypesOf: ['rules/**', 'store/*'],
      node: 'any',
    },
    web: { mayImport: [], node: 'any' },
  }),

  // What central's store keeps, without saying how, and what its transactions do with it: no SQL, no driver.
  {
    place: 'central/src/store/tables/**',
    mayImport: [],
    mayImportTypesOf: [...words, 'central/src/store/*', 'central/src/rules/**'],
    node: 'none',
  },
  {
    place: 'central/src/store/desks/**',
    mayImport: [...words, 'central/src/limits.ts', 'central/src/store/*', 'central/src/rules/**'],
    mayImportTypesOf: ['central/src/store/tables/**'],
    node: 'none',
  },

  // The composition root of central's second thread: it opens the store there.
  {
    place: 'central/src/writer/writer-worker.ts',
    mayImport: [...words, transport, 'central/src/**'],
    node: 'any',
    onlyFor: ['central/src/writer/writer.ts'],
  },

  { place: 'lab/**', mayImport: ['shared/src/**', 'edge-node/src/**', 'central/src/**'], node: 'any' },
  { place: 'scripts/**', mayImport: ['shared/src/**', 'edge-node/src/**', 'central/src/**', 'lab/**'], node: 'any' },
];

/** A folder of a deployable; places are relative to its sources. */
interface Folder {
  readonly mayImport: readonly string[];
  readonly mayImportTypesOf?: readonly string[];
  /** Places outside the deployable, besides the common words. */
  readonly needs?: readonly string[];
  readonly node: Area['node'];
}

/** Central's use cases know one another and the store's port. What they must not know is who asks, and what stores. */
function useCase(): Folder {
  const others = ['availability/**', 'orders/**', 'warehouses/**'];
  return { mayImport: ['rules/**', 'store/*', ...others], node: 'pure' };
}

/** What edge-node and central have in common, then their own folders. Neither ever appears in the other's lists. */
function deployable(name: 'edge-node' | 'central', folders: Readonly<Record<string, Folder>>): readonly Area[] {
  const sources = `${name}/src`;
  const here = (places: readonly string[]) => places.map((place) => `${sources}/${place}`);
  const everything = [...words, transport, sqlite, `${sources}/**`];
  const tables = here(['limits.ts', 'metrics.ts']);
  return [
    // The composition root: builds, wires and orders, nothing else.
    { place: `${sources}/${name}.ts`, mayImport: everything, node: 'any', onlyFor: starters },
    {
      // From one opening of the database to its closing: a part of the composition root.
      place: `${sources}/open-*.ts`,
      mayImport: everything,
      node: 'any',
      onlyFor: [`${sources}/${name}.ts`, `${sources}/writer/writer-worker.ts`, ...starters],
    },
    {
      place: `${sources}/command/**`,
      mayImport: [...everything, 'shared/src/command/**'],
      node: 'any',
      onlyFor: starters,
    },
    // Settings are read once, at the top; everything below is given the few values it needs.
    {
      place: `${sources}/config.ts`,
      mayImport: [...words, ...tables, `${sources}/rules/role.ts`],
      node: 'any',
      onlyFor: [`${sources}/*`, ...starters],
    },
    { place: `${sources}/limits.ts`, mayImport: words, node: 'none' },
    { place: `${sources}/metrics.ts`, mayImport: words, node: 'none' },
    // A rule may name what travels (a delta, a batch), but runs nothing of the wire.
    {
      place: `${sources}/rules/**`,
      mayImport: [inventory, assertion, `${sources}/limits.ts`, 'shared/src/protocol/version.ts'],
      mayImportTypesOf: [protocol],
      node: 'none',
      isSynchronous: true,
    },
    ...Object.entries(folders).map(([folder, { mayImport, mayImportTypesOf = [], needs = [], node }]) => ({
      place: `${sources}/${folder}/**`,
      mayImport: [...words, ...tables, ...needs, ...here(mayImport)],
      mayImportTypesOf: here(mayImportTypesOf),
      node,
    })),
  ];
}

/** The modules of Node that only compute. */
export const pureModules: ReadonlySet<string> = new Set(['buffer', 'crypto', 'util', 'zlib']);

/** A library, or something of the platform, and the only places that may touch it. */
export interface Home {
  readonly of: readonly string[];
  readonly places: readonly string[];
  /** Tests beside the code may do it too. */
  readonly isFreeForTests?: true;
}

const stores = [sqlite, 'edge-node/src/store/**', 'central/src/store/sqlite/**', 'central/src/store/postgres/**'];
const doors = ['edge-node/src/http/**', 'central/src/api/**'];
const commands = [
  'shared/src/command/**',
  'edge-node/src/command/**',
  'central/src/command/**',
  'lab/**',
  'scripts/**',
];
const jetstream = [
  'shared/src/transport/jetstream-*',
  'edge-node/src/replication/jetstream-*',
  'central/src/ingest/jetstream-*',
  'central/src/directives/jetstream-*',
];
const configs = ['edge-node/src/config.ts', 'central/src/config.ts', 'lab/src/*/config.ts'];
const metrics = ['edge-node/src/metrics.ts', 'central/src/metrics.ts', runtime];

export const libraryHomes: readonly Home[] = [
  { of: ['hono', '@hono/node-server'], places: [...doors, 'lab/**'] },
  { of: ['nats'], places: [...jetstream, 'lab/**'] },
  { of: ['msgpackr'], places: ['shared/src/protocol/packing.ts'] },
  {
    of: ['drizzle-orm', 'better-sqlite3', 'postgres', '@electric-sql/pglite'],
    // The simulator makes disks that are full, and commits what no store would, to see that it is noticed.
    places: [...stores, 'lab/src/bench/**', 'lab/src/faults/**', 'lab/src/simulation/**'],
    // A test that tampers with a file, to see that it is noticed, opens it past the store.
    isFreeForTests: true,
  },
  {
    of: ['zod'],
    places: [
      ...doors,
      protocol,
      ...configs,
      'shared/src/runtime/env.ts',
      'shared/src/runtime/common-settings.ts',
      'central/src/feeds/**',
      'central/src/redis/**',
      'lab/**',
    ],
  },
  { of: ['@redis/client'], places: ['central/src/redis/redis-link.ts', 'lab/**'] },
  { of: ['pino'], places: [runtime] },
  { of: ['prom-client'], places: metrics },
  { of: ['citty', '@clack/prompts'], places: commands },
  { of: ['csv-parse'], places: ['edge-node/src/import/**', 'lab/**'] },
];

/** Clock, chance and settings are passed in, so that a test can hold them in its hand. */
export const globalHomes: readonly Home[] = [
  {
    of: ['process.env'],
    places: [
      ...configs,
      'shared/src/runtime/env.ts',

      'shared/src/testing/**',
      'scripts/**',
      'vitest.config.ts',
    ],
    isFreeForTests: true,
  },
  {
    of: [
      'Date.now',
      'new Date()',
      'Math.random',
      'performance.now',
      'process.hrtime',
      'setTimeout',
      'setInterval',
      'AbortSignal.timeout',
    ],
    // Pages run in the browser, which has no one to pass a clock in.
    places: [runtime, 'shared/src/testing/**', 'edge-node/src/web/**', 'central/src/web/**', 'lab/**', 'scripts/**'],
    isFreeForTests: true,
  },
];

/** The modules of Node that are a clock in disguise have the same homes as the global timers. */
export const timerModules: ReadonlySet<string> = new Set(['timers', 'timers/promises', 'perf_hooks']);
