import { spawn } from 'node:child_process';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

export interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface StepResult {
  readonly name: string;
  readonly isPassed: boolean;
  readonly seconds: number;
}

export const types: Step = { name: 'types', command: 'tsc', args: ['--noEmit'] };
export const lint: Step = { name: 'lint', command: 'biome', args: ['check', '--error-on-warnings'] };
export const houseRules: Step = {
  name: 'house rules',
  command: 'vitest',
  args: ['run', 'scripts/imports.test.ts', 'scripts/tidy.test.ts'],
};

/** Runs a step in the root of the checkout with its output shown. The bootstrap has put the tools on the PATH. */
export async function run(step: Step): Promise<StepResult> {
  console.log(`\n== ${step.name}: ${[step.command, ...step.args].join(' ')}`);
  const startedAt = performance.now();
  const isPassed = (await exitCodeOf(step)) === 0;
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(`== ${step.name}: ${isPassed ? 'passed' : 'FAILED'} in ${seconds.toFixed(1)} s`);
  return { name: step.name, isPassed, seconds };
}

function exitCodeOf({ command, args, env }: Step): Promise<number> {
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const stop = () => child.kill('SIGTERM');
  process.once('SIGTERM', stop);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      process.off('SIGTERM', stop);
      resolve(code ?? 1);
    });
  });
}
