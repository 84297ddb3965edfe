import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { Backoff } from '@edgestock/shared/runtime/backoff';
import { systemClock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import type { Service } from '@edgestock/shared/runtime/service';
import { childEnvironment } from './config.ts';

export type Program = {
  /** As the log names it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
  /** True once it does what it is there for. Asked again and again until then. */
  readonly isReady: () => Promise<boolean>;
};

/** The program ended, or did not get ready, at its first start: starting it again would not help. */
export class ProgramDidNotStart extends Error {
  override readonly name = 'ProgramDidNotStart';
  readonly hint = 'Its own words are above, or in its log in the data directory.';
}

/** Central checks its store first, and hundreds of nodes opening beside it take what processor there is: 30 s were too few for 200. */
const READY_WITHIN_MS = 120_000;
const READY_LOOK_MS = 20;
/** After SIGTERM; what is still there then has no more to say. */
const STOP_WITHIN_MS = 15_000;
const RESTART_FIRST_MS = 200;
const RESTART_MAX_MS = 10_000;
/** Kills the child when we die, however we die (prctl PR_SET_PDEATHSIG): even `kill -9` leaves no orphans. */
const LEASH = '/usr/bin/setpriv';

/**
 * Keeps a program running: started again with growing pauses when it dies, until it is stopped. Its stderr is ours. In a
 * session of its own where it is on the leash, so that Ctrl-C reaches us alone and we stop things in their order.
 */
export class KeptProcess implements Service {
  readonly #program: Program;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  readonly #backoff = new Backoff({ firstDelayMs: RESTART_FIRST_MS, delayMsMax: RESTART_MAX_MS, random: systemRandom });
  #child: ChildProcess;

  private constructor(program: Program, log: Log) {
    this.#program = program;
    this.#log = log;
    this.#child = launch(program);
  }

  /** Resolves when it is ready. Throws `ProgramDidNotStart`. */
  static async start(program: Program, log: Log): Promise<KeptProcess> {
    const kept = new KeptProcess(program, log);
    if (!(await kept.#becomesReady())) {
      const how = howItEnded(kept.#child) ?? `not ready within ${READY_WITHIN_MS / 1000} s`;
      await kept.#end();
      throw new ProgramDidNotStart(`${program.name} does not start: ${how}`);
    }
    void kept.#keep();
    return kept;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#end();
  }

  async #keep(): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      if (howItEnded(this.#child) === undefined) await once(this.#child, 'exit');
      if (signal.aborted) return;
      const delayMs = this.#backoff.nextDelayMs();
      this.#log.warn({ program: this.#program.name, how: howItEnded(this.#child), delayMs }, 'died, starting it again');
      await systemClock.sleep(delayMs, signal);
      if (signal.aborted) return;
      this.#child = launch(this.#program);
      if (await this.#becomesReady()) {
        this.#backoff.reset();
        this.#log.info({ program: this.#program.name, pid: this.pid }, 'runs again');
      }
    }
  }

  /** False when it ended first, took too long, or is no longer wanted. */
  async #becomesReady(): Promise<boolean> {
    const givesUpAt = systemClock.monotonicMs() + READY_WITHIN_MS;
    while (systemClock.monotonicMs() < givesUpAt && !this.#stopping.signal.aborted) {
      if (howItEnded(this.#child) !== undefined) return false;
      if (await this.#program.isReady()) return true;
      await systemClock.sleep(READY_LOOK_MS, this.#stopping.signal);
    }
    return false;
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (child.pid === undefined || howItEnded(child) !== undefined) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const cancel = systemClock.after(STOP_WITHIN_MS, () => {
      this.#log.warn({ program: this.#program.name, afterMs: STOP_WITHIN_MS }, 'does not stop, killing it');
      child.kill('SIGKILL');
    });
    await exited;
    cancel();
  }
}

function launch({ command, args, settings = {} }: Program): ChildProcess {
  const isLeashed = process.platform === 'linux' && existsSync(LEASH);
  const line = isLeashed ? [LEASH, '--pdeathsig', 'TERM', '--', command, ...args] : [command, ...args];
  const [program = command, ...rest] = line;
  const child = spawn(program, rest, {
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: isLeashed,
    env: childEnvironment(settings),
  });
  // A program that is not there has no exit; its `pid` stays undefined, and `howItEnded` tells it.
  child.on('error', () => undefined);
  return child;
}

function howItEnded(child: ChildProcess): string | undefined {
  if (child.pid === undefined) return 'it cannot be run';
  if (child.signalCode !== null) return `ended by ${child.signalCode}`;
  return child.exitCode === null ? undefined : `ended with code ${child.exitCode}`;
}
