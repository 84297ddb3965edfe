import { systemClock } from '@edgestock/shared/runtime/clock';

/** A process that has been started and is ready. */
export type Running = {
  readonly pid: number;
  /** Its last lines on stderr, kept up to date. */
  readonly said: readonly string[];
  kill(signal: NodeJS.Signals): Promise<number | null>;
};

const KILLED_AFTER_MS = 15_000;

/** A process to which things are done: killed, frozen, started again with the same command line. */
export class Victim {
  readonly #launch: () => Promise<Running>;
  #running: Running | undefined;

  private constructor(launch: () => Promise<Running>) {
    this.#launch = launch;
  }

  static async start(launch: () => Promise<Running>): Promise<Victim> {
    const victim = new Victim(launch);
    await victim.start();
    return victim;
  }

  get pid(): number {
    if (this.#running === undefined) throw new Error('it is not running');
    return this.#running.pid;
  }

  get said(): readonly string[] {
    return this.#running?.said ?? [];
  }

  /** Resolves when it is ready. Rejects with its last words when it ends before. */
  async start(): Promise<void> {
    this.#running = await this.#launch();
  }

  /** Its last words, when it is started and is to refuse; `started` when it does not. */
  async refusal(): Promise<string> {
    try {
      await this.start();
      return 'started';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** With SIGKILL: it has no chance to put anything in order. */
  async kill(): Promise<void> {
    await this.#running?.kill('SIGKILL');
    this.#running = undefined;
  }

  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** In order, if it still runs; not for ever. The code it ended with. */
  async stop(): Promise<number | null> {
    const running = this.#running;
    if (running === undefined) return null;
    const cancel = systemClock.after(KILLED_AFTER_MS, () => void running.kill('SIGKILL'));
    const code = await running.kill('SIGTERM');
    cancel();
    this.#running = undefined;
    return code;
  }
}
