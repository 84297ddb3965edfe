import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { EDGESTOCK } from '../system/central-process.ts';

/** An `edgestock` command running as a process of its own. */
export type RunningCommand = {
  readonly pid: number;
  /** The first line it printed, parsed. */
  readonly ready: unknown;
  /** Its last lines on stderr, kept up to date. */
  readonly said: readonly string[];
  kill(signal: NodeJS.Signals): Promise<number | null>;
};

/** On a busy machine a program takes many times what it takes alone. */
const READY_WITHIN_MS = 100_000;
const STDERR_LINES_KEPT = 30;
const LOOK_MS = 50;

/** Resolves with its first line on stdout. Rejects with its stderr when it ends before. */
export function startCommand(...args: readonly string[]): Promise<RunningCommand> {
  return started(spawnCommand(args), args);
}

/** The same under another program, which must end by becoming the command line that follows its own arguments (`exec "$@"`). */
export function startCommandUnder(
  under: readonly [program: string, ...args: string[]],
  ...args: readonly string[]
): Promise<RunningCommand> {
  return started(spawnCommand(args, under), args);
}

async function started(child: ChildProcess, args: readonly string[]): Promise<RunningCommand> {
  const said = stderrOf(child);
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const line = await Promise.race([
    firstLineOf(child),
    exited.then(([code]) =>
      Promise.reject(new Error(`edgestock ${args.join(' ')} ended with ${code}:\n${said.join('\n')}`)),
    ),
    systemClock
      .sleep(READY_WITHIN_MS)
      .then(() => Promise.reject(new Error(`edgestock ${args[0]} said nothing in time`))),
  ]).catch((error: unknown) => {
    // What did not get ready in time must not go on by itself.
    child.kill('SIGKILL');
    throw error;
  });
  return {
    pid: child.pid ?? 0,
    ready: JSON.parse(line),
    said,
    kill: async (signal) => {
      child.kill(signal);
      const [code] = await exited;
      return code;
    },
  };
}

export type EndedCommand = { code: number | null; stdout: string; stderr: string };

/** Runs it to its end. */
export function runCommand(...args: readonly string[]): Promise<EndedCommand> {
  return ended(spawnCommand(args));
}

/** The same under another program, as with `startCommandUnder`. */
export function runCommandUnder(
  under: readonly [program: string, ...args: string[]],
  ...args: readonly string[]
): Promise<EndedCommand> {
  return ended(spawnCommand(args, under));
}

async function ended(child: ChildProcess): Promise<EndedCommand> {
  const said = stderrOf(child);
  let stdout = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr: said.join('\n') };
}

function spawnCommand(args: readonly string[], under: readonly string[] = []): ChildProcess {
  const [program = process.execPath, ...rest] = [...under, process.execPath, EDGESTOCK, ...args];
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  if (running.size === 0) process.once('exit', killAll);
  running.add(child);
  child.once('exit', () => {
    running.delete(child);
    if (running.size === 0) process.off('exit', killAll);
  });
  return child;
}

/** A test that dies must leave none of them behind. */
const running = new Set<ChildProcess>();

function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Read for as long as it runs, so that it never waits for us. */
function stderrOf(child: ChildProcess): readonly string[] {
  const lines: string[] = [];
  if (child.stderr) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line);
      if (lines.length > STDERR_LINES_KEPT) lines.shift();
    });
  }
  return lines;
}

function firstLineOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    if (child.stdout) createInterface({ input: child.stdout }).on('line', resolve);
  });
}

/** Processes that this one has started, with their command lines (Linux). */
export function childrenOf(pid: number): readonly { readonly pid: number; readonly line: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        // "pid (name) state ppid ..."; the name may hold anything but ends at the last bracket.
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (Number(parent) !== pid || state === 'Z') return [];
        return [{ pid: Number(name), line: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ') }];
      } catch (error) {
        // It ended while we looked.
        if (error instanceof Error && 'code' in error) return [];
        throw error;
      }
    });
}

export function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

export async function until(
  isSo: () => boolean | Promise<boolean>,
  withinMs: number,
  what: string,
  lookMs = LOOK_MS,
): Promise<void> {
  const givesUpAt = systemClock.monotonicMs() + withinMs;
  while (!(await isSo())) {
    if (systemClock.monotonicMs() > givesUpAt) throw new Error(`not within ${withinMs} ms: ${what}`);
    await systemClock.sleep(lookMs);
  }
}
