import { statSync } from 'node:fs';
import { ProgressReport } from '@edgestock/shared/command/progress-report';
import { WrongCall } from '@edgestock/shared/command/wrong-call';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { type ArgsDef, defineCommand } from 'citty';
import { type BadBarcodePolicy, badBarcodePolicies } from '../import/catalogue-rows.ts';
import { knownColumns, parseMapping } from '../import/columns.ts';
import { type FileEncoding, fileEncodings } from '../import/file-encoding.ts';
import { ColumnsMissing, type ImportPlan } from '../import/read-rows.ts';
import { type ImportPhase, runImport } from '../import/run-import.ts';
import type { ImportKind } from '../store/import-store.ts';
import { openImportSite } from './import-site.ts';
import { importSummary } from './import-summary.ts';

const where = {
  'data-dir': { type: 'string', description: 'Directory of the node, while it is not running', valueHint: 'DIR' },
  node: { type: 'string', description: 'Address of the node, while it is running', valueHint: 'http://127.0.0.1:7100' },
  warehouse: { type: 'string', description: 'Its warehouse; needed for a new directory only', valueHint: 'BER1' },
} as const satisfies ArgsDef;

const written = {
  encoding: {
    type: 'enum',
    options: [...fileEncodings],
    default: 'utf8',
    description: 'What the file is written in, unless it has a byte order mark; a file that is not is refused',
  },
} as const satisfies ArgsDef;

const how = {
  'dry-run': {
    type: 'boolean',
    description: 'Check everything, change nothing: the file, and with a node its rows there, taken back in the end',
  },
  again: { type: 'boolean', description: 'Import a file once more that was imported before' },
  json: { type: 'boolean', description: 'Print the result as one JSON object' },
} as const satisfies ArgsDef;

const catalogue = defineCommand({
  meta: {
    name: 'catalogue',
    description: `Items and their barcodes from a CSV file (or .csv.gz): all of it or nothing, for one node or for all.

${columnHelp('catalogue')}

  edgestock import catalogue items.csv --central http://127.0.0.1:7000
  edgestock import catalogue items.csv --data-dir /var/lib/edgestock/BER1 --warehouse BER1
  edgestock import catalogue export.csv.gz --columns sku=code,name=title,barcode=ean --node http://127.0.0.1:7100
  edgestock import catalogue items.csv --dry-run        finds what is wrong, line by line

A dry run with a node stages the rows there, under an id of its own, and takes them back: nothing of it stays, and an import of
the same file at the same time is not touched. Cut off in the middle, what it staged goes at the node's next start.

With --central the catalogue is kept once, and each node is told of the items that concern it. An item is sent whole: barcodes
that the file no longer has are gone. Nothing is sent before the whole file was found sound; when it stops half-way, the items
up to there are in, and the same command again brings the rest: twice is as good as once.

Exit code: 0 imported (or imported before), 1 refused or failed, 2 the call itself is wrong.`,
  },
  args: {
    file: { type: 'positional', required: true, description: 'CSV file, its first line naming the columns' },
    columns: { type: 'string', description: 'Which header is which column', valueHint: 'sku=code,name=title' },
    ...written,
    central: { type: 'string', description: 'Address of central: for all nodes', valueHint: 'http://127.0.0.1:7000' },
    ...where,
    'bad-barcodes': {
      type: 'enum',
      options: [...badBarcodePolicies],
      default: 'refuse',
      description: 'Barcodes with a wrong check digit: refuse the file, skip them, or keep them as your own codes',
    },
    ...how,
  },
  run: ({ args }) => importFile('catalogue', { ...args, badBarcodes: policyOf(args['bad-barcodes']) }),
});

const stock = defineCommand({
  meta: {
    name: 'stock',
    description: `Stock on hand from a CSV file (or .csv.gz): all of it or nothing.
Each row is a count: what the file says replaces what the node had when the import began; what is sold meanwhile stays sold.

${columnHelp('stock')}

  edgestock import stock stock.csv --data-dir /var/lib/edgestock/BER1
  edgestock import stock stock.csv --columns barcode=ean,quantity=qty,bin=shelf --node http://127.0.0.1:7100
  edgestock import stock stock.csv --dry-run --node http://127.0.0.1:7100    asks the node about every row, leaves nothing there

Import the catalogue first: a SKU that no catalogue names gets its stock, and an exception for somebody to look at.
Exit code: 0 imported (or imported before), 1 refused or failed, 2 the call itself is wrong.`,
  },
  args: {
    file: { type: 'positional', required: true, description: 'CSV file, its first line naming the columns' },
    columns: { type: 'string', description: 'Which header is which column', valueHint: 'sku=code,quantity=qty' },
    ...written,
    ...where,
    ...how,
  },
  run: ({ args }) => importFile('stock', { ...args, badBarcodes: 'refuse' }),
});

/** `edgestock import`: a catalogue or stock from a file into one node. */
export const command = defineCommand({
  meta: {
    name: 'import',
    description:
      'Bring a catalogue, then stock, from CSV files into a node, or a catalogue into central for all of them.',
  },
  subCommands: { catalogue, stock },
});

const PHASES: Readonly<Record<ImportPhase, string>> = {
  check: 'Checking the file',
  stage: 'Staging rows',
  apply: 'Applying rows',
};

type ImportArguments = {
  readonly file: string;
  readonly columns?: string | undefined;
  readonly node?: string | undefined;
  readonly central?: string | undefined;
  readonly 'data-dir'?: string | undefined;
  readonly warehouse?: string | undefined;
  readonly 'dry-run'?: boolean | undefined;
  readonly again?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly badBarcodes: BadBarcodePolicy;
  readonly encoding: string;
};

async function importFile(kind: ImportKind, args: ImportArguments): Promise<void> {
  const plan = planOf(kind, args);
  const fileBytes = sizeOf(args.file);
  const isDryRun = args['dry-run'] === true;
  const { node, central, warehouse, badBarcodes } = args;
  const site = await openImportSite({ node, central, dataDir: args['data-dir'], warehouse, badBarcodes });
  if (site === undefined && !isDryRun) {
    const hint =
      'Name --data-dir DIR of a stopped node, --node URL of a running one, or for a catalogue --central URL; --dry-run checks the file alone.';
    throw new WrongCall('into which node?', hint);
  }
  const report = new ProgressReport({ output: process.stderr, clock: systemClock });
  const startedMs = systemClock.monotonicMs();
  try {
    const result = await runImport({
      path: args.file,
      fileBytes,
      plan,
      ...(site !== undefined && { into: site }),
      ...(isDryRun && { dryRun: { salt: systemRandom.hex(16) } }),
      isAgain: args.again === true,
      onProgress: ({ phase, done, of }) =>
        report.show({ phase: PHASES[phase], done, of, isInPercent: phase === 'check' }),
    });
    report.end();
    const seconds = (systemClock.monotonicMs() - startedMs) / 1_000;
    const { id, ...facts } = result;
    const told = { kind, file: args.file, warehouse: site?.warehouse, import: id, ...facts, seconds };
    console.log(args.json === true ? JSON.stringify(told) : importSummary({ ...told, badBarcodePolicy: badBarcodes }));
    if (result.outcome === 'refused') process.exitCode = 1;
  } catch (error) {
    report.end();
    if (!(error instanceof ColumnsMissing)) throw error;
    throw new WrongCall(`the columns of ${args.file} are not those of a ${kind}`, error.problems.join('\n'));
  } finally {
    await site?.close();
  }
}

function planOf(kind: ImportKind, { columns, badBarcodes, encoding, central }: ImportArguments): ImportPlan {
  const mapping = parseMapping(kind, columns ?? '');
  if (mapping instanceof Map) {
    const isForCentral = central !== undefined;
    return { kind, mapping, badBarcodes, encoding: encodingOf(encoding), isForCentral };
  }
  throw new WrongCall('--columns cannot be read', [...mapping].join('\n'));
}

function sizeOf(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() === true) return found.size;
  throw new WrongCall(`there is no file ${path}`, 'Name a .csv or .csv.gz file.');
}

function policyOf(text: string): BadBarcodePolicy {
  return badBarcodePolicies.find((policy) => policy === text) ?? 'refuse';
}

function encodingOf(text: string): FileEncoding {
  return fileEncodings.find((encoding) => encoding === text) ?? 'utf8';
}

function columnHelp(kind: ImportKind): string {
  const lines = knownColumns[kind].map(({ name, aliases, meaning }) => {
    const others = aliases.length > 0 ? ` (also found as ${aliases.slice(0, 4).join(', ')})` : '';
    return `  ${name.padEnd(10)} ${meaning}${others}`;
  });
  return ['Columns:', ...lines].join('\n');
}
