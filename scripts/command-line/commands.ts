import type { CommandDef } from 'citty';

/** A subcommand as the top level knows it without loading it: `edgestock --help` must not start the whole product. */
export type Subcommand = {
  readonly name: string;
  readonly summary: string;
  /** Command lines that work, each with what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[];
  // biome-ignore lint/suspicious/noExplicitAny: each command has its own arguments; the library's own tables say any here too
  readonly load: () => Promise<{ readonly command: CommandDef<any> }>;
};

export const subcommands: readonly Subcommand[] = [
  {
    name: 'up',
    summary: 'NATS, central and the named nodes on this machine, in one command',
    examples: [
      ['edgestock up --warehouses BER1,HAM1', 'two warehouses, data in ./data, the usual ports'],
      [
        'edgestock up --warehouses BER1 --data-dir /tmp/try --port-base 0 --central-port 0 --nats-port 0 --json',
        'free ports, told as one line of JSON',
      ],
    ],
    load: () => import('@edgestock/lab/up/command'),
  },
  {
    name: 'edge',
    summary: 'one edge node: owns the stock of a warehouse, answers its scanners and tills',
    examples: [
      [
        'edgestock edge --warehouse BER1 --data-dir /var/lib/edgestock/BER1 --nats nats://hub:4222',
        'a node that replicates to a hub',
      ],
      [
        'edgestock edge backup --data-dir /var/lib/edgestock/BER1 --to /mnt/backup/BER1.sqlite',
        'its books in one file, while it runs',
      ],
      [
        'edgestock edge rejoin --url http://127.0.0.1:7100',
        'restored, cloned or rebuilt: it goes on for its warehouse',
      ],
    ],
    load: () => import('@edgestock/edge-node/command/edge'),
  },
  {
    name: 'central',
    summary: 'central: availability of all warehouses for storefronts',
    examples: [
      [
        'edgestock central --data-dir /var/lib/edgestock/central --nats nats://127.0.0.1:4222',
        'central beside its broker',
      ],
      [
        'edgestock central backup --data-dir /var/lib/edgestock/central --to /mnt/backup/central-monday.db',
        'a whole copy, while it runs',
      ],
      [
        'edgestock central move --from sqlite:/var/lib/edgestock/central --to postgres://edgestock@db.example/edgestock',
        'its whole store into a database, while it is stopped',
      ],
    ],
    load: () => import('@edgestock/central/command/central'),
  },
  {
    name: 'import',
    summary: 'a catalogue or opening stock from a CSV file into a node, or a catalogue into central for all',
    examples: [
      [
        'edgestock import catalogue items.csv --central http://127.0.0.1:7000',
        'kept once; each node gets what concerns it',
      ],
      ['edgestock import catalogue items.csv --data-dir data/nodes/BER1', 'into a node that is not running'],
      ['edgestock import stock stock.csv --node http://127.0.0.1:7100', 'into one that is'],
    ],
    load: () => import('@edgestock/edge-node/command/import'),
  },
  {
    name: 'policy',
    summary: 'how much of whose stock central may promise; channels and their buffers',
    examples: [
      ['edgestock policy show BER1', 'as it is now'],
      ['edgestock policy set BER1 --share 80 --safety-stock 2', 'the rest of the policy stays'],
      ['edgestock policy skus BER1 rules.csv', 'your own file: sku,share_percent,safety_stock'],
      ['edgestock policy channels', 'all of them'],
      ['edgestock policy channel webshop --warehouses BER1,HAM1 --buffer 1', 'made, or changed if it is there'],
      ['edgestock policy buffers webshop buffers.csv', 'your own file: sku,buffer'],
    ],
    load: () => import('@edgestock/edge-node/command/policy'),
  },
  {
    name: 'replay',
    summary: 'a point-of-sale export through the HTTP API of running nodes',
    examples: [
      [
        'edgestock replay sales.csv.gz --nodes http://127.0.0.1:7100 --columns sku=article,quantity=qty,receipt=receipt_no',
        'your own export into one node; twice is as good as once',
      ],
      [
        'edgestock replay sales.csv --up-from up.json',
        'into everything that edgestock up --json > up.json has started, in another terminal',
      ],
    ],
    load: () => import('@edgestock/lab/replay/command'),
  },
  {
    name: 'status',
    summary: 'how far a node has got, and how far central has followed',
    examples: [['edgestock status --node http://127.0.0.1:7100', 'one node; without flags the usual addresses']],
    load: () => import('@edgestock/edge-node/command/status'),
  },
  {
    name: 'verify',
    summary: 'proves the books of a node: chain, balances and positions; exit 1 on any difference',
    examples: [['edgestock verify --data-dir /var/lib/edgestock/BER1', 'a node that is not running']],
    load: () => import('@edgestock/edge-node/command/verify'),
  },
  {
    name: 'demo',
    summary: 'everything at once with believable traffic, or a real file replayed and proved',
    examples: [
      ['edgestock demo', 'live, until Ctrl-C'],
      [
        'edgestock demo --once --json --transactions sales.csv.gz --columns store=store_id,sku=product_id,quantity=quantity,receipt=basket_id',
        'replays the file with links cut on the way, then compares every position; exit 1 on any loss',
      ],
    ],
    load: () => import('@edgestock/lab/demo/command'),
  },
  {
    name: 'bench',
    summary: 'the measured promises, each beside its floor in the same run',
    examples: [['edgestock bench --only N1,N2', 'two of them']],
    load: () => import('@edgestock/lab/bench/command'),
  },
  {
    name: 'simulate',
    summary: 'whole lives of nodes, central and a bad broker from seeds, in one process; exit 1 at a broken promise',
    examples: [
      ['edgestock simulate --seeds 500', 'as many lives as there is time for'],
      ['edgestock simulate --seed 183', 'one again, told from its beginning'],
      ['edgestock simulate --teeth', 'plants mistakes, and says which seed finds each'],
    ],
    load: () => import('@edgestock/lab/simulation/command'),
  },
  {
    name: 'faults',
    summary:
      'real faults to real processes on this machine: kills, power cuts, bad disks, bad links; exit 1 at a broken promise',
    examples: [
      ['edgestock faults', 'all that take seconds; what this machine cannot do is said'],
      ['edgestock faults --only 2,24 --repeat 10', 'two rows of docs/faults.md, ten times each'],
    ],
    load: () => import('@edgestock/lab/faults/command'),
  },
];
