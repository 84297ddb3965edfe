import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@edgestock/shared/runtime/clock';
import type { StoreKind } from '../testing/config.ts';
import type { FaultCase, Lab } from './fault-case.ts';
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
export async function runCase(one: FaultCase, options: Omit<Lab, 'directory'>): Promise<CaseResult> {
  const { rows, name, run } = one;
  const lack = reasonToSkip(one, options.store);
  if (lack !== undefined) return { rows, name, result: 'skipped', told: lack, seconds: 0 };
  const startedMs = systemClock.monotonicMs();
  const seconds = () => Math.round((systemClock.monotonicMs() - startedMs) / 100) / 10;
  const directory = await mkdtemp(join(tmpdir(), 'edgestock-faults-'));
  // Also when somebody loses patience: what runs there is killed with us.
  const removed = () => rmSync(directory, { recursive: true, force: true });
  process.once('exit', removed);
  try {
    const told = await run({ directory, ...options });
    return { rows, name, result: 'ok', told, seconds: seconds() };
  } catch (error) {
    return { rows, name, result: 'failed', told: reasonOf(error), seconds: seconds() };
  } finally {
    process.off('exit', removed);
    await rm(directory, { recursive: true, force: true });
  }
}

/** Why the case cannot be run here, or has nothing to say with this store of central; `undefined` where neither is so. */
export function reasonToSkip({ needs, notOnPostgres }: FaultCase, store: StoreKind): string | undefined {
  if (store === 'sqlite') return lackOf(needs);
  return notOnPostgres ?? lackOf(['postgres', ...needs]);
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
