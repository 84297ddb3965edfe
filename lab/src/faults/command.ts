import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { WrongCall } from '@edgestock/shared/command/wrong-call';
import { listOf } from '@edgestock/shared/runtime/list-of';
import { aborted, stopSignal } from '@edgestock/shared/runtime/stop-signal';
import { natsServerBinary } from '@edgestock/shared/testing/nats-server';
import { defineCommand } from 'citty';
import { answer, remark } from '../command/answers.ts';
import { wholeNumberOf } from '../command/flags.ts';
import { refuseUnwritable } from '../command/results-file.ts';
import { storeKindOf } from '../testing/config.ts';
import type { FaultCase, Lab } from './fault-case.ts';
import { asTable } from './report.ts';
import { type CaseResult, runCase } from './run-cases.ts';

const INTERRUPTED = 130;
const REPEAT_MAX = 1_000;

export const command = defineCommand({
  meta: {
    name: 'faults',
    description:
      'Cause real faults to real processes on this machine, and judge what is left; exit 1 at a broken promise',
  },
  args: {
    only: { type: 'string', valueHint: '2,24', description: 'Only these rows of docs/faults.md, or cases by name' },
    long: { type: 'boolean', description: 'Those that take minutes, too; one that is named runs anyhow' },
    list: { type: 'boolean', description: 'Name the cases and run none' },
    json: { type: 'string', valueHint: 'FILE', description: 'Write the results there as a JSON object' },
    repeat: { type: 'string', default: '1', valueHint: 'N', description: 'Each so many times' },
    store: {
      type: 'string',
      default: 'sqlite',
      valueHint: 'sqlite|postgres',
      description: 'What central keeps its data in; each case has a PostgreSQL server of its own',
    },
    'nats-server': {
      type: 'string',
      valueHint: 'PATH',
      description: 'Another broker than the one that the set-up brings',
    },
  },
  async run({ args }) {
    // Only now: they are the whole product, and --help does not need it.
    const { cases } = await import('./cases.ts');
    const named = args.only === undefined ? [] : listOf(args.only);
    const wanted = args.only === undefined ? cases : casesOf(named, cases);
    if (args.list === true) {
      for (const { rows, name, isLong } of wanted) answer(`${rows.join(',')}\t${name}${isLong ? '\t--long' : ''}`);
      return;
    }
    const store = storeKindOf(args.store, '--store');
    const repeat = wholeNumberOf('repeat', args.repeat, { min: 1, max: REPEAT_MAX });
    if (args.json !== undefined) await refuseUnwritable(args.json);
    // What runs dies with this process, and so does what it has mounted.
    void aborted(stopSignal()).then(() => process.exit(INTERRUPTED));
    const natsServer = args['nats-server'] ?? natsServerBinary();
    const broker = await versionOf(natsServer);
    remark(`${broker}: ${natsServer}`);
    const results: CaseResult[] = [];
    for (const one of wanted) {
      for (let times = 0; times < repeat; times += 1) {
        const isLong = args.long === true || named.includes(one.name);
        const result = await resultOf(one, { natsServer, store, isLong });
        remark(`${result.rows.join(', ')} ${result.name}: ${result.result} (${result.seconds} s) ${result.told}`);
        results.push(result);
      }
    }
    if (args.json !== undefined)
      await writeFile(args.json, `${JSON.stringify({ broker, store, results }, undefined, 2)}\n`);
    answer(asTable(results));
    if (results.some(({ result }) => result === 'failed')) process.exitCode = 1;
  },
});

async function resultOf(
  one: FaultCase,
  { isLong, ...lab }: Omit<Lab, 'directory'> & { readonly isLong: boolean },
): Promise<CaseResult> {
  const { rows, name } = one;
  if (one.isLong && !isLong) return { rows, name, result: 'skipped', told: 'takes minutes: --long', seconds: 0 };
  return runCase(one, lab);
}

/** Throws `WrongCall` for what is neither a row with a case nor the name of one. */
function casesOf(texts: readonly string[], cases: readonly FaultCase[]): readonly FaultCase[] {
  const found = texts.map((text) => {
    const these = cases.filter(({ rows, name }) => name === text || rows.some((row) => String(row) === text));
    if (these.length === 0) {
      throw new WrongCall(
        `There is no case for ${text}`,
        'edgestock faults --list names them; docs/faults.md says why a row has none.',
      );
    }
    return these;
  });
  return cases.filter((one) => found.some((these) => these.includes(one)));
}

/** What the broker says of itself. Throws `WrongCall` when it says nothing. */
async function versionOf(natsServer: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(natsServer, ['--version']);
    return stdout.trim();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new WrongCall(`${natsServer} cannot be run: ${why}`, 'Name a nats-server with --nats-server PATH.');
  }
}
