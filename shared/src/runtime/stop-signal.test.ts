import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from './clock.ts';

const MODULE = JSON.stringify(join(import.meta.dirname, 'stop-signal.ts'));
/** Tidies up for so long as `TIDY_MS` says, talking on both streams meanwhile, and then ends in order. */
const SCRIPT = `
  import { aborted, stopSignal } from ${MODULE};
  const signal = stopSignal();
  const alive = setInterval(() => {}, 1_000);
  console.log('ready');
  await aborted(signal);
  const talking = setInterval(() => { console.log('tidying'); console.error('tidying'); }, 20);
  await new Promise((resolve) => setTimeout(resolve, Number(process.env.TIDY_MS)));
  clearInterval(talking);
  clearInterval(alive);
  process.exitCode = 7;`;
/** More than an echo, less than a test may take. */
const AFTER_ECHO_MS = 1_700;

let stop: (() => void) | undefined;
afterEach(() => stop?.());

async function startedProcess(tidyMs: number) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT], {
    env: { ...process.env, TIDY_MS: String(tidyMs) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  stop = () => child.kill('SIGKILL');
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  await once(child.stdout, 'data');
  return { child, exited };
}

describe('a process that stops by signal', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('ends in order after %s and its echoes', async (signal) => {
    const { child, exited } = await startedProcess(300);
    for (let echo = 0; echo < 3; echo += 1) {
      child.kill(signal);
      await systemClock.sleep(30);
    }
    expect(await exited).toEqual([7, null]);
  });

  test('takes the signals for echoes of each other, whichever came first', async () => {
    const { child, exited } = await startedProcess(300);
    child.kill('SIGHUP');
    await systemClock.sleep(30);
    child.kill('SIGTERM');
    expect(await exited).toEqual([7, null]);
  });

  test('ends at once when it is asked again later', async () => {
    const { child, exited } = await startedProcess(60_000);
    child.kill('SIGHUP');
    await systemClock.sleep(AFTER_ECHO_MS);
    child.kill('SIGHUP');
    expect(await exited).toEqual([130, null]);
  });

  test('ends in order although nobody can read what it says after its terminal was closed', async () => {
    const { child, exited } = await startedProcess(300);
    child.stdout.destroy();
    child.stderr.destroy();
    child.kill('SIGHUP');
    expect(await exited).toEqual([7, null]);
  });
});
