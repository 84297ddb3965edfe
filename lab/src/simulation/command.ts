import { availableParallelism } from 'node:os';
import { defineCommand } from 'citty';
import { answer, remark } from '../command/answers.ts';
import { wholeNumberOf } from '../command/flags.ts';
import { fuzzControl } from '../fuzz/fuzz-control.ts';
import { fuzzWire } from '../fuzz/fuzz-wire.ts';
import { Lives } from './lives.ts';
import { type SimulationOptions, type SimulationResult, simulate } from './simulate.ts';
import { teeth, toothNamed } from './teeth/teeth.ts';

const SEED_MAX = 2 ** 32 - 1;
const SEEDS_MAX = 1_000_000;
const STEPS_MAX = 10_000;
const MESSAGES_MAX = 100_000_000;
/** Of a run that failed: enough to see what led to it. */
const TOLD_LINES = 80;
/** Of what broke, in a table. */
const TOLD_CHARS = 160;
const REMARK_EVERY = 100;
/** Beyond these the disk in memory and the collector of garbage are what is waited for. */
const THREADS_MAX = 8;

type Life = Pick<SimulationOptions, 'steps' | 'tooth'>;

export const command = defineCommand({
  meta: {
    name: 'simulate',
    description: 'Live whole lives of nodes, central and a bad broker in one process; exit 1 at a broken promise',
  },
  args: {
    seeds: { type: 'string', default: '100', valueHint: 'N', description: 'So many lives, each of its own seed' },
    from: { type: 'string', default: '1', valueHint: 'S', description: 'The first of the seeds' },
    seed: { type: 'string', valueHint: 'S', description: 'This one alone, told from its beginning to its end' },
    steps: {
      type: 'string',
      valueHint: 'N',
      description: 'Things that happen in a life before everything gets well (default: 12 to 100, by the seed)',
    },
    teeth: {
      type: 'boolean',
      default: false,
      description:
        'Plant one mistake after the other instead, and say which seed finds it; exit 1 when one is not found',
    },
    fuzz: {
      type: 'string',
      valueHint: 'N',
      description: 'Read so many bad messages instead, made of good ones by --seed (default 1)',
    },
    tooth: { type: 'string', valueHint: 'NAME', description: 'Plant this mistake: for looking at how it is found' },
  },
  async run({ args }) {
    const steps = args.steps === undefined ? undefined : wholeNumberOf('steps', args.steps, { min: 1, max: STEPS_MAX });
    const tooth = args.tooth === undefined ? undefined : toothNamed(args.tooth).name;
    const life: Life = { steps, tooth };
    if (args.fuzz !== undefined) {
      const messages = wholeNumberOf('fuzz', args.fuzz, { min: 1, max: MESSAGES_MAX });
      await fuzz(wholeNumberOf('seed', args.seed ?? '1', { min: 0, max: SEED_MAX }), messages);
      return;
    }
    if (args.seed !== undefined) {
      const seed = wholeNumberOf('seed', args.seed, { min: 0, max: SEED_MAX });
      tell(await simulate({ seed, ...life }), { life, linesMax: Number.POSITIVE_INFINITY });
      return;
    }
    const from = wholeNumberOf('from', args.from, { min: 0, max: SEED_MAX });
    const seeds = wholeNumberOf('seeds', args.seeds, { min: 1, max: Math.min(SEEDS_MAX, SEED_MAX - from + 1) });
    const threads = Math.min(THREADS_MAX, availableParallelism());
    const lives = new Lives(threads);
    try {
      if (args.teeth) await showTeeth(lives, from);
      else await liveAll(lives, { from, seeds, threads, life });
    } finally {
      await lives.stop();
    }
  },
});

async function liveAll(
  lives: Lives,
  { from, seeds, threads, life }: { from: number; seeds: number; threads: number; life: Life },
): Promise<void> {
  const onLived = (lived: number) => {
    if (lived % REMARK_EVERY === 0) remark(`${lived} of ${seeds} seeds lived`);
  };
  const { lived, failed, wallMs } = await lives.live({ from, seeds, ...life, onLived });
  const pace = `${(wallMs / 1_000).toFixed(0)} s, ${((1_000 * lived) / wallMs).toFixed(1)} seeds a second in ${threads} threads`;
  if (failed === undefined) answer(`${seeds} seeds from ${from} on: every promise held (${pace})`);
  else tell(failed, { life, linesMax: TOLD_LINES });
}

/** A tenth as many of control: each is a question to a whole central. */
async function fuzz(seed: number, messages: number): Promise<void> {
  const { read, refused, slowestMs, grownMiB } = fuzzWire({ seed, messages });
  const grown = `${slowestMs.toFixed(1)} ms for the slowest, ${Math.max(0, grownMiB).toFixed(0)} MiB more than before`;
  answer(`seed ${seed}: ${messages} messages, ${read} read, ${refused} refused, ${grown}`);
  const { answered, messages: asked } = await fuzzControl({ seed, messages: Math.ceil(messages / 10) });
  answer(`seed ${seed}: ${asked} questions, ${answered} answered at once`);
}

/** Plants every mistake in turn, and says how many lives it took to find it. */
async function showTeeth(lives: Lives, from: number): Promise<void> {
  for (const { name, breaks, seedsMax } of teeth) {
    const { lived, failed } = await lives.live({ from, seeds: seedsMax, tooth: name });
    const what = failed?.failure?.split('\n', 1)[0]?.slice(0, TOLD_CHARS);
    if (failed === undefined) process.exitCode = 1;
    const found = failed === undefined ? `NOT FOUND in ${lived} lives` : `found by seed ${failed.seed}: ${what}`;
    answer(`${name}: ${breaks}\n  ${found}`);
  }
}

function tell(
  { seed, trace, failure, durationMs }: SimulationResult,
  { life: { steps, tooth }, linesMax }: { readonly life: Life; readonly linesMax: number },
): void {
  for (const line of trace.slice(-linesMax)) answer(line);
  if (failure === undefined) {
    answer(`seed ${seed}: every promise held in ${Math.round(durationMs / 1_000)} virtual seconds`);
    return;
  }
  const flags = [
    `--seed ${seed}`,
    ...(steps === undefined ? [] : [`--steps ${steps}`]),
    ...(tooth === undefined ? [] : [`--tooth ${tooth}`]),
  ];
  answer(`seed ${seed} failed: ${failure}`);
  answer(`Again, from the beginning: npm run simulate -- ${flags.join(' ')}`);
  process.exitCode = 1;
}
