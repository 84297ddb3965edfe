import { existsSync, readFileSync } from 'node:fs';
import { systemClock } from '@edgestock/shared/runtime/clock';

const LOOK_EVERY_MS = 250;
const WITHIN_MS = 60_000;
/** Heartbeats and timers go on: this much of a core is rest. */
const SHARE_MAX = 0.1;
/** Where the system does not tell, what a process does after its start has ended by then, as a rule. */
const BLIND_MS = 5_000;
/** Linux counts processor time in these, whatever its own clock does. */
const TICK_MS = 10;

/** Waits until a process has done what it does after its start, such as counting up its positions. Throws when it never rests. */
export async function atRest(pid: number): Promise<void> {
  const givesUpMs = systemClock.monotonicMs() + WITHIN_MS;
  const begun = processorMs(pid);
  if (begun === undefined) return systemClock.sleep(BLIND_MS);
  let before: number = begun;
  while (systemClock.monotonicMs() < givesUpMs) {
    await systemClock.sleep(LOOK_EVERY_MS);
    const now: number = processorMs(pid) ?? before;
    if (now - before <= SHARE_MAX * LOOK_EVERY_MS) return;
    before = now;
  }
  throw new Error(`process ${pid} was not at rest within ${WITHIN_MS / 1_000} s`);
}

/** Time on a processor since its start, all threads; `undefined` where the system has no `/proc`. */
function processorMs(pid: number): number | undefined {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, 'latin1');
  // After the name, which may hold anything and ends with the last bracket; user and system time are the 14th and 15th word.
  const words = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(words[11]) + Number(words[12])) * TICK_MS;
}
