import { must } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Service } from '@edgestock/shared/runtime/service';
import { centralLimits } from '../limits.ts';
import type { PromiseCommand, PromiseOutcome } from '../rules/promise-command.ts';
import type { Applied } from '../store/central-store.ts';
import type { PromiseStore } from '../store/promise-store.ts';
import { StoreFailing } from '../store/store-failing.ts';
import { PromiseUnavailable, type PromiseWriter, storeWords } from './promise-writer.ts';

export type PromiseQueueOptions = {
  readonly store: Pick<PromiseStore, 'promise'>;
  readonly clock: Clock;
  /** Called after each commit, before anybody hears of an outcome: who reads after an answer sees what it says. */
  readonly onCommitted: (applied: Applied<PromiseOutcome>, facts: { readonly durationMs: number }) => void;
  /** The store failed: who waited for the group was told so, and nothing more is taken. */
  readonly onFailed: (error: unknown) => void;
};

type Waiting = {
  readonly command: PromiseCommand;
  readonly resolve: (outcome: PromiseOutcome) => void;
  readonly reject: (reason: PromiseUnavailable) => void;
};

/**
 * Commands on their way to the store. What waits when a commit ends shares the next one, each with its own outcome. A buyer at
 * a counter (`urgent`) goes before everybody in a web shop, since a till waits for 300 ms and no longer.
 */
export class PromiseQueue implements PromiseWriter, Service {
  readonly #options: PromiseQueueOptions;
  readonly #urgent: Waiting[] = [];
  readonly #waiting: Waiting[] = [];
  #isTurnDue = false;
  /** The commit under way. */
  #committing: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: PromiseQueueOptions) {
    this.#options = options;
  }

  /** Commands without an outcome that are not in the commit under way. */
  get size(): number {
    return this.#urgent.length + this.#waiting.length;
  }

  /** Those among them that somebody outside waits for: not the sweeper's own, which comes each second, as reports do. */
  get asked(): number {
    return this.#urgent.length + this.#waiting.filter(({ command }) => command.command !== 'sweep').length;
  }

  promise(command: PromiseCommand): Promise<PromiseOutcome> {
    return this.#put(this.#waiting, command, centralLimits.promisesWaitingMax);
  }

  urgent(command: PromiseCommand): Promise<PromiseOutcome> {
    return this.#put(this.#urgent, command, centralLimits.urgentPromisesWaitingMax);
  }

  /**
   * Carries out what waits now, up to one group. Whoever else writes calls this before its own transaction, so that a command
   * waits for at most the one that is running; what comes meanwhile waits for the next turn, so that nobody else starves.
   */
  async flush(): Promise<void> {
    await this.#committing;
    await this.#commitGroup();
  }

  /** Carries out what was accepted. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    while (this.size > 0 || this.#committing !== undefined) await this.flush();
  }

  #put(lane: Waiting[], command: PromiseCommand, waitingMax: number): Promise<PromiseOutcome> {
    if (this.#isStopped) return Promise.reject(new PromiseUnavailable('stopping', 'the writer is stopping'));
    if (lane.length >= waitingMax) {
      return Promise.reject(new PromiseUnavailable('busy', `${lane.length} promise commands wait already`));
    }
    return new Promise((resolve, reject) => {
      lane.push({ command, resolve, reject });
      this.#takeTurn();
    });
  }

  #takeTurn(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    // Not at once: what arrives in the same turn shares the transaction.
    setImmediate(() => {
      this.#isTurnDue = false;
      void this.flush();
    });
  }

  #commitGroup(): Promise<void> {
    const group = this.#nextGroup();
    // Another caller of `flush` may have begun one since.
    if (group.length === 0) return this.#committing ?? Promise.resolve();
    const commit = (this.#committing ?? Promise.resolve()).then(() => this.#commit(group));
    this.#committing = commit;
    return commit.then(() => {
      if (this.#committing === commit) this.#committing = undefined;
      if (this.size > 0) this.#takeTurn();
    });
  }

  #nextGroup(): Waiting[] {
    const urgent = this.#urgent.splice(0, centralLimits.groupPromisesMax);
    const room = centralLimits.groupPromisesMax - urgent.length;
    // A page of the catalogue is work for hundreds: it shares its commit with those before it, and no second one does.
    const page = this.#waiting.findIndex(({ command }) => command.command === 'upsert-catalogue');
    return [...urgent, ...this.#waiting.splice(0, page === -1 ? room : Math.min(room, page + 1))];
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    const { store, clock, onCommitted, onFailed } = this.#options;
    const startedMs = clock.monotonicMs();
    let applied: Applied<PromiseOutcome>;
    try {
      applied = await store.promise(
        group.map(({ command }) => command),
        clock.now(),
      );
    } catch (cause) {
      if (cause instanceof StoreFailing) {
        // No reason to begin anew, and none to wait: a shop does better to hear of it. The next group tries again.
        const error = new PromiseUnavailable(cause.reason, storeWords[cause.reason], { cause });
        for (const { reject } of group) reject(error);
        return;
      }
      const error = new PromiseUnavailable('interrupted', 'the store could not write', { cause });
      for (const { reject } of [...group, ...this.#urgent.splice(0), ...this.#waiting.splice(0)]) reject(error);
      this.#isStopped = true;
      onFailed(cause);
      return;
    }
    onCommitted(applied, { durationMs: clock.monotonicMs() - startedMs });
    for (const [index, { resolve }] of group.entries()) {
      resolve(must(applied.outcomes[index], 'every command has its outcome'));
    }
  }
}
