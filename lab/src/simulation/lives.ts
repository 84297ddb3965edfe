import { Worker } from 'node:worker_threads';
import type { SimulationOptions, SimulationResult } from './simulate.ts';

export type LivesOptions = Pick<SimulationOptions, 'steps' | 'tooth'> & {
  readonly from: number;
  readonly seeds: number;
  /** Told after each life. */
  readonly onLived?: (lived: number) => void;
};

export type LivesResult = {
  readonly lived: number;
  /** That of the lowest seed that failed. Higher ones are not begun once one has. */
  readonly failed?: SimulationResult;
  readonly reached: ReadonlySet<string>;
  readonly wallMs: number;
};

/** Threads in which lives are lived side by side. Which seed breaks does not depend on how many there are. */
export class Lives {
  readonly #threads: readonly LifeThread[];

  constructor(threads: number) {
    this.#threads = Array.from({ length: threads }, () => new LifeThread());
  }

  /** Lives each seed once, up to the first that breaks. Rejects when a thread dies of something else. */
  async live({ from, seeds, steps, tooth, onLived }: LivesOptions): Promise<LivesResult> {
    const startedMs = performance.now();
    const reached = new Set<string>();
    const broken = new Map<number, SimulationResult>();
    let [next, lived] = [from, 0];
    const liveOn = async (thread: LifeThread): Promise<void> => {
      while (next < from + seeds && broken.size === 0) {
        const seed = next;
        next += 1;
        const result = await thread.live({ seed, steps, tooth });
        lived += 1;
        for (const step of result.reached) reached.add(step);
        if (result.failure !== undefined) broken.set(seed, result);
        onLived?.(lived);
      }
    };
    await Promise.all(this.#threads.map(liveOn));
    const failed = broken.get(Math.min(...broken.keys()));
    return { lived, reached, wallMs: performance.now() - startedMs, ...(failed === undefined ? {} : { failed }) };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }
}

class LifeThread {
  readonly #worker = new Worker(new URL('./life-worker.ts', import.meta.url));

  live(life: SimulationOptions): Promise<SimulationResult> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        this.#worker.removeAllListeners('message');
        this.#worker.removeAllListeners('error');
        end();
      };
      this.#worker.once('message', (result: SimulationResult) => settle(() => resolve(result)));
      this.#worker.once('error', (error) => settle(() => reject(error)));
      this.#worker.postMessage(life);
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
