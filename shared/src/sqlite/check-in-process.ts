import { fork } from 'node:child_process';
import type { CheckOrder } from './database-check.ts';
import type { Check } from './integrity-watch.ts';

/**
 * Checks a database in a process of its own, for files that are large: a statement of SQLite that has begun cannot be interrupted by the
 * driver, and a thread in one keeps its whole process from ending. It has 66 MiB for as long as it runs, and takes 0.1 s of processor
 * time to start. Rejects when the signal
 * aborts, the process dead.
 */
export const checkInProcess: Check = (order, signal) =>
  new Promise((resolve, reject) => {
    const child = fork(
      new URL('./integrity-process.ts', import.meta.url),
      [JSON.stringify(order satisfies CheckOrder)],
      {
        execArgv: [],
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        killSignal: 'SIGKILL',
        signal,
      },
    );
    let findings: readonly string[] | undefined;
    child.once('message', (message) => {
      findings = message as readonly string[];
    });
    child.once('error', (error) => {
      // Killed by the signal, it is dead a moment later.
      if (!signal.aborted) reject(error);
    });
    child.once('exit', () => {
      if (findings === undefined) reject(new Error('the process that checks ended without a word'));
      else resolve(findings);
    });
  });
