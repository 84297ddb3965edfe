import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { isWindows, ROOT } from './pins.mjs';

/** Set-up messages go to stderr: stdout belongs to the command that is run afterwards. */
export function say(message) {
  process.stderr.write(`[setup] ${message}\n`);
}

/** A problem whose message tells the whole story; no stack trace is wanted. */
export class SetupError extends Error {
  constructor(message, output = '') {
    super(`${message}\n${output}`.trim());
    /** In one line, where going on is possible: what failed, and the last thing it said. */
    this.brief = [message, output.split('\n').at(-1)].filter(Boolean).join(': ');
  }
}

/**
 * The caller's environment without npm's own settings. npm hands them down as npm_*, where pnpm and node-gyp would
 * take them for theirs: a user's `nodedir` would name the headers of the wrong Node.
 */
export function cleanEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
}

/** Runs a set-up step in silence; only a failure shows what the step had to say. */
export function must(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
    ...options,
  });
  if (result.status === 0) return result;
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}`.trim().split('\n').slice(-30).join('\n');
  const reason =
    result.error?.message ?? (result.signal ? `stopped by ${result.signal}` : `exit code ${result.status}`);
  throw new SetupError(`${command} ${args[0]} failed: ${reason}`, output);
}

/** Runs a step with its name printed before and its duration after it. */
export function timed(name, work) {
  const startedAt = Date.now();
  say(`${name} ...`);
  const result = work();
  say(`${name}: ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
  return result;
}

/** Hands the terminal over to a command, and ends this process the way the command ended. */
export function handOver(command, args, options) {
  const child = spawn(command, args, { stdio: 'inherit', shell: isWindows, ...options });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the whole process group, so the child has it already; twice would mean "at once".
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    });
  }
  child.on('error', (error) => {
    say(`${command} cannot be started: ${error.message}`);
    process.exit(127);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
