import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@edgestock/shared/runtime/clock';
import type { FaultCase } from './fault-case.ts';
import { lackOf } from './machine.ts';

export type CaseResult = {
  readonly rows: readonly number[];
  readonly name: string;
  readonly result: 'ok' | 'failed' | 'skipped';
  /** What was seen, what was broken, or what is missing here. */
  readonly told: string;
  readonly seconds: number;
};

/** Of the words of a process that failed. */
const TOLD_CHARS_MAX = 600;

/** Runs one case in a folder of its own, or says why it cannot be run on this machine. */
export async function runCase(
  { rows, name, needs, run }: FaultCase,
  options: { readonly natsServer: string },
): Promise<CaseResult> {
  const lack = lackOf(needs);
  if (lack !== undefined) return { rows, name, result: 'skipped', told: lack, seconds: 0 };
  const startedMs = systemClock.monotonicMs();
  const seconds = () => Math.round((systemClock.monotonicMs() - startedMs) / 100) / 10;
  const directory = await mkdtemp(join(tmpdir(), 'edgestock-faults-'));
  // Also when somebody loses patience: what runs there is killed with us.
  const removed = () => rmSync(directory, { recursive: true, force: true });
  process.once('exit', removed);
  try {
    const told = await run({ directory, natsServer: options.natsServer });
    return { rows, name, result: 'ok', told, seconds: seconds() };
  } catch (error) {
    return { rows, name, result: 'failed', told: reasonOf(error), seconds: seconds() };
  } finally {
    process.off('exit', removed);
    await rm(directory, { recursive: true, force: true });
  }
}

/** What was broken; of what nobody foresaw, the beginning and the place. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'PromiseBroken') return error.message;
  const place = error.stack
    ?.split('\n')
    .find((line) => line.trimStart().startsWith('at '))
    ?.trim();
  return `${error.message.slice(0, TOLD_CHARS_MAX)} (${place})`;
}
