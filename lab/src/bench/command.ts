import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { WrongCall } from '@edgestock/shared/command/wrong-call';
import { listOf } from '@edgestock/shared/runtime/list-of';
import { makeDataDirectory } from '@edgestock/shared/sqlite/data-directory';
import { defineCommand } from 'citty';
import { answer, remark } from '../command/answers.ts';
import { refuseUnwritable } from '../command/results-file.ts';
import { benches } from './benches.ts';
import { type BenchId, benchIds, type Figure } from './figure.ts';
import { growth } from './growth/growth.ts';
import { growthPage, growthTable, ingestLine } from './growth/growth-page.ts';
import { growthPlot } from './growth/growth-plot.ts';
import { ingestOfStores } from './growth/ingest-of-stores.ts';
import { type Machine, thisMachine } from './machine.ts';
import { asMarkdown, asTable } from './report.ts';
import { type BenchRun, PeerMissing } from './run.ts';

const CHECKOUT = join(import.meta.dirname, '..', '..', '..');
const RESULTS = join(CHECKOUT, 'lab', 'bench', 'RESULTS.md');
/** Reference data lies beside a checkout, where a machine has it. */
const DATA = join(CHECKOUT, '..', 'shared', 'data');

const paces = {
  full: { rounds: 4, warmUpMs: 2_000, roundMs: 2_000 },
  /** Enough to see that everything runs; its figures mean nothing. */
  quick: { rounds: 1, warmUpMs: 100, roundMs: 200 },
};

export const command = defineCommand({
  meta: { name: 'bench', description: 'Measure the promised numbers, each beside its floor in the same run' },
  args: {
    only: { type: 'string', valueHint: 'N1,N2', description: `Only these of ${benchIds.join(', ')}` },
    json: { type: 'string', valueHint: 'FILE', description: 'Write the figures there as a JSON array' },
    write: { type: 'boolean', description: 'Write lab/bench/RESULTS.md; a quiet machine is due' },
    growth: {
      type: 'boolean',
      description: 'Instead of the numbers: what grows from 10 thousand to 10 million positions',
    },
    quick: { type: 'boolean', description: 'A few seconds each: shows that it runs, not how fast it is' },
    'data-dir': {
      type: 'string',
      valueHint: 'DIR',
      description: 'The disk to measure; default the system folder for temporary files',
    },
  },
  async run({ args }) {
    if (args.growth === true) return grow(args);
    const ids = args.only === undefined ? benchIds : listOf(args.only).map(idOf);
    if (args.write === true && (args.quick === true || ids.length < benchIds.length)) {
      throw new WrongCall('--write needs a whole run', 'Leave --quick and --only away.');
    }
    if (args.json !== undefined) await refuseUnwritable(args.json);
    const isWhole = args.only === undefined;
    let isComplete = true;
    const leaveOut = (id: BenchId, { message, hint }: PeerMissing) => {
      isComplete = false;
      remark(`${id} left out: ${message}. ${hint}`);
    };
    const disk = args['data-dir'] ?? tmpdir();
    const figures = await inFolderOfItsOwn(disk, async (sharedDirectory) => {
      const measured: Figure[] = [];
      for (const id of ids) {
        remark(`${id} ...`);
        const given = { sharedDirectory, isQuick: args.quick === true, leaveOut };
        try {
          measured.push(...(await inFolderOfItsOwn(disk, (directory) => benches[id](runIn(directory, given)))));
        } catch (error) {
          // Asked for by name it is an error.
          if (!isWhole || !(error instanceof PeerMissing)) throw error;
          leaveOut(id, error);
        }
      }
      return measured;
    });
    if (args.write === true && !isComplete) {
      throw new WrongCall('--write needs every number', 'Install what was left out, and run it again.');
    }
    const machine = await thisMachine();
    if (args.json !== undefined) await writeFile(args.json, `${JSON.stringify(figures, undefined, 2)}\n`);
    if (args.write === true) await writeResults(figures, machine);
    answer(asTable(figures));
  },
});

/** `--growth`: a table and a plot instead of figures with targets. */
async function grow(args: GrowthArgs): Promise<void> {
  const isQuick = args.quick === true;
  if (args.only !== undefined) throw new WrongCall('--growth measures no numbers', 'Leave --only away.');
  if (args.write === true && isQuick) throw new WrongCall('--write needs a whole run', 'Leave --quick away.');
  if (args.json !== undefined) await refuseUnwritable(args.json);
  const disk = args['data-dir'] ?? tmpdir();
  const run = (directory: string) =>
    runIn(directory, { sharedDirectory: directory, isQuick, leaveOut: () => undefined });
  const ingest = await inFolderOfItsOwn(disk, (directory) => ingestOfStores(run(directory)));
  const grown = await inFolderOfItsOwn(disk, (directory) => growth(run(directory)));
  if (args.json !== undefined) await writeFile(args.json, `${JSON.stringify({ grown, ingest }, undefined, 2)}\n`);
  if (args.write === true) {
    await mkdir(dirname(RESULTS), { recursive: true });
    await writeFile(join(dirname(RESULTS), 'growth.svg'), growthPlot(grown));
    await writeFile(join(dirname(RESULTS), 'GROWTH.md'), growthPage(grown, ingest, await thisMachine()));
  }
  answer(`${growthTable(grown)}\n${ingestLine(ingest)}`);
}

type GrowthArgs = {
  readonly only?: string | undefined;
  readonly json?: string | undefined;
  readonly write?: boolean | undefined;
  readonly quick?: boolean | undefined;
  readonly 'data-dir'?: string | undefined;
};

function idOf(text: string): BenchId {
  const id = benchIds.find((known) => known === text.toUpperCase());
  if (id === undefined) throw new WrongCall(`There is no bench ${text}`, `There are ${benchIds.join(', ')}.`);
  return id;
}

function runIn(directory: string, given: Pick<BenchRun, 'sharedDirectory' | 'isQuick' | 'leaveOut'>): BenchRun {
  return {
    ...given,
    directory,
    pace: given.isQuick ? paces.quick : paces.full,
    dataDirectory: existsSync(DATA) ? DATA : undefined,
  };
}

async function inFolderOfItsOwn<Result>(parent: string, use: (directory: string) => Promise<Result>): Promise<Result> {
  makeDataDirectory(parent, { setting: '--data-dir' });
  const directory = await mkdtemp(join(resolve(parent), 'edgestock-bench-'));
  // PostgreSQL refuses to run as root, and as another user has to pass through a folder that is made for its owner alone.
  await chmod(directory, 0o711);
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function writeResults(figures: readonly Figure[], machine: Machine): Promise<void> {
  await mkdir(join(RESULTS, '..'), { recursive: true });
  await writeFile(RESULTS, asMarkdown(figures, machine));
}
