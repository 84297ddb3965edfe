import { defineCommand } from 'citty';
import { answer, remark } from '../command/answers.ts';
import { wholeNumberOf } from '../command/flags.ts';
import { type SimulationResult, STEPS, simulate } from './simulate.ts';

const SEED_MAX = 2 ** 32 - 1;
const SEEDS_MAX = 1_000_000;
const STEPS_MAX = 10_000;
/** Of a run that failed: enough to see what led to it. */
const TOLD_LINES = 80;
const REMARK_EVERY = 20;

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
      default: String(STEPS),
      valueHint: 'N',
      description: 'Things that happen in a life before everything gets well; another number is another life',
    },
  },
  async run({ args }) {
    const steps = wholeNumberOf('steps', args.steps, { min: 1, max: STEPS_MAX });
    if (args.seed !== undefined) {
      const seed = wholeNumberOf('seed', args.seed, { min: 0, max: SEED_MAX });
      tell(await simulate({ seed, steps }), Number.POSITIVE_INFINITY);
      return;
    }
    const from = wholeNumberOf('from', args.from, { min: 0, max: SEED_MAX });
    const seeds = wholeNumberOf('seeds', args.seeds, { min: 1, max: SEEDS_MAX });
    for (let lived = 0; lived < seeds; lived += 1) {
      const result = await simulate({ seed: from + lived, steps });
      if (result.failure !== undefined) {
        tell(result, TOLD_LINES);
        return;
      }
      if ((lived + 1) % REMARK_EVERY === 0) remark(`${lived + 1} of ${seeds} seeds held`);
    }
    answer(`${seeds} seeds from ${from} on: every promise held`);
  },
});

function tell({ seed, trace, failure, durationMs }: SimulationResult, linesMax: number): void {
  for (const line of trace.slice(-linesMax)) answer(line);
  if (failure === undefined) {
    answer(`seed ${seed}: every promise held in ${Math.round(durationMs / 1_000)} virtual seconds`);
    return;
  }
  answer(`seed ${seed} failed: ${failure}`);
  answer(`Again, from the beginning: npm run simulate -- --seed ${seed}`);
  process.exitCode = 1;
}
