import { Worker } from 'node:worker_threads';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import type { Service } from '../runtime/service.ts';
import type { CheckDepth, CheckOrder } from './database-check.ts';

/** What the last whole check of a database said, or, until there is one, who stumbled over damage. */
export type IntegrityReport = {
  /** When it was finished, ms since 1970 UTC. */
  readonly checkedAt: number;
  readonly durationMs: number;
  /** Empty: it is sound. */
  readonly findings: readonly string[];
  /** What to do about them. */
  readonly hint?: string;
};

/** Somebody who used the database has stumbled over it, which the check that follows at once may disprove; or that has not. */
export type Certainty = 'suspected' | 'known';

/** One check; no findings = sound. Rejects when it could not be made, as early as it can once the signal aborts. */
export type Check = (order: CheckOrder, signal: AbortSignal) => Promise<readonly string[]>;

const RESTORE = 'Replace the disk and restore the last backup.';
const DAY_MS = 24 * 3_600_000;
/** While somebody waits to hear that it is sound after all. */
const AGAIN_AFTER_MS = 15 * 60_000;

/**
 * Checks a database once a day while it is in use, in a thread of its own or however it is told. Not at a fixed time: hundreds of databases in one
 * process would be read at the same moment. While a check runs the write-ahead log is not emptied, for the seconds it takes.
 */
export class IntegrityWatch implements Service {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #remedy: string;
  readonly #check: Check;
  readonly #stopping = new AbortController();
  readonly #onFound: ((findings: readonly string[], certainty: Certainty) => void) | undefined;
  readonly #cancels: (() => void)[] = [];
  #cancelAgain: (() => void) | undefined;
  /** Times that somebody stumbled. */
  #met = 0;
  #running: Promise<void> | undefined;
  #report: IntegrityReport | undefined;

  constructor(options: {
    readonly path: string;
    readonly clock: Clock;
    readonly random: Random;
    readonly log: Log;
    /** What whoever reads of damage can do. */
    readonly remedy?: string;
    readonly check?: Check;
    /** Told what each check found, and of the first who stumbles. */
    readonly onFound?: (findings: readonly string[], certainty: Certainty) => void;
  }) {
    const { path, clock, random, log, remedy = RESTORE, check = checkInThread, onFound } = options;
    this.#onFound = onFound;
    this.#remedy = remedy;
    this.#path = path;
    this.#clock = clock;
    this.#log = log;
    this.#check = check;
    const firstAfterMs = Math.round((0.05 + 0.95 * random.fraction()) * DAY_MS);
    // `every`, not `after`: a timer of hours must not keep a process alive that is done.
    const cancelFirst = clock.every(firstAfterMs, () => {
      cancelFirst();
      void this.check();
      this.#cancels.push(clock.every(DAY_MS, () => void this.check()));
    });
    this.#cancels.push(cancelFirst);
  }

  /** Of the last check of this run; `undefined` before the first. */
  get report(): IntegrityReport | undefined {
    return this.#report;
  }

  get isDamaged(): boolean {
    return (this.#report?.findings.length ?? 0) > 0;
  }

  /**
   * Whoever reads or writes the database has stumbled over damage in it: known from here on, and told once. The whole of it is checked then.
   */
  met(reason: string): void {
    // What a check that runs has read may have been sound.
    this.#met += 1;
    if (this.isDamaged) return;
    this.#found([reason], { certainty: 'suspected', durationMs: 0 });
    void (this.#running ?? Promise.resolve()).then(() => this.check());
  }

  /** Checks now, or joins the check that runs. `stop` waits for its end: a check in a thread cannot be interrupted. */
  check(depth: CheckDepth = 'whole'): Promise<void> {
    this.#running ??= this.#run(depth).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async stop(): Promise<void> {
    for (const cancel of this.#cancels.splice(0)) cancel();
    this.#cancelAgain?.();
    this.#stopping.abort();
    await this.#running;
  }

  async #run(depth: CheckDepth): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const startedMs = this.#clock.monotonicMs();
    const met = this.#met;
    try {
      const findings = await this.#check({ path: this.#path, depth }, this.#stopping.signal);
      if (met !== this.#met && findings.length === 0) return;
      this.#found(findings, { certainty: 'known', durationMs: Math.round(this.#clock.monotonicMs() - startedMs) });
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      // Nothing is known then: the last report stands, and a day later is another try.
      this.#log.warn(
        { reason: error instanceof Error ? error.message : String(error) },
        'the database was not checked',
      );
      // What somebody stumbled over nobody has disproved: a failing disk keeps checks from their end, too.
      if (this.#report !== undefined && this.isDamaged) this.#tell(this.#report.findings, 'known');
    }
  }

  #found(
    findings: readonly string[],
    { certainty, durationMs }: { readonly certainty: Certainty; readonly durationMs: number },
  ): void {
    const wasDamaged = this.isDamaged;
    const checkedAt = this.#clock.now();
    if (findings.length === 0) {
      this.#report = { checkedAt, durationMs, findings };
      this.#log.info({ durationMs }, 'the database is sound');
      this.#cancelAgain?.();
      this.#cancelAgain = undefined;
    } else {
      const hint = `A restart refuses this file. ${this.#remedy}`;
      this.#report = { checkedAt, durationMs, findings, hint };
      if (!wasDamaged) this.#log.error({ findings, hint }, 'the database is damaged');
      // Until a check finds nothing: a disk may have given back once what it does not hold.
      this.#cancelAgain ??= this.#clock.every(AGAIN_AFTER_MS, () => void this.check());
    }
    this.#tell(findings, certainty);
  }

  #tell(findings: readonly string[], certainty: Certainty): void {
    try {
      this.#onFound?.(findings, certainty);
    } catch (error) {
      const hint = 'What was found is shown until the next start; that one may not know of it.';
      this.#log.error({ err: error, hint }, 'what a check of the database found cannot be kept');
    }
  }
}

function checkInThread(order: CheckOrder): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./integrity-worker.ts', import.meta.url), {
      workerData: order,
    });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the thread that checks ended without a word')));
  });
}
