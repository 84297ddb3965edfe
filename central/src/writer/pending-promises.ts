import { centralLimits } from '../limits.ts';
import { PromiseUnavailable, storeWords } from '../orders/promise-writer.ts';
import type { PromiseCommand, PromiseOutcome } from '../rules/promise-command.ts';
import type { PromiseAnswer, PromiseRequest } from './writer-messages.ts';

type Pending = {
  readonly resolve: (outcome: PromiseOutcome) => void;
  readonly reject: (error: PromiseUnavailable) => void;
};

/**
 * Commands that were handed to the writer's thread and have no answer yet. Their number is bounded here, before anything
 * crosses to the thread, so that a flood is refused at once instead of waiting where nobody counts it.
 */
export class PendingPromises {
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  /** Of this turn of the loop: they cross together. */
  #unsent: PromiseRequest[] = [];
  /** Where they go; absent while there is no thread. */
  #send: ((requests: readonly PromiseRequest[]) => void) | undefined;
  /** Why there is none. */
  #absence: 'restarting' | 'stopping' | 'store-damaged' = 'restarting';

  get size(): number {
    return this.#pending.size;
  }

  /** There is a thread to send to. */
  open(send: (requests: readonly PromiseRequest[]) => void): void {
    this.#send = send;
  }

  /** The thread is gone. What it had may or may not have been carried out; why what comes now cannot be is told by `absence`. */
  close(absence: 'restarting' | 'stopping' | 'store-damaged'): void {
    const failure = absence === 'stopping' ? 'stopping' : 'interrupted';
    this.#send = undefined;
    this.#absence = absence;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    this.#unsent = [];
    for (const { reject } of pending) reject(new PromiseUnavailable(failure, 'the thread that writes has ended'));
  }

  put(command: PromiseCommand): Promise<PromiseOutcome> {
    if (this.#send === undefined) {
      const message =
        this.#absence === 'store-damaged' ? storeWords[this.#absence] : 'the thread that writes is not there';
      return Promise.reject(new PromiseUnavailable(this.#absence, message));
    }
    if (this.#pending.size >= centralLimits.promisesWaitingMax) {
      return Promise.reject(new PromiseUnavailable('busy', `${this.#pending.size} promise commands wait already`));
    }
    this.#lastId += 1;
    const id = this.#lastId;
    if (this.#unsent.length === 0) setImmediate(() => this.#sendAll());
    this.#unsent.push({ id, command });
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  answer(answers: readonly PromiseAnswer[]): void {
    for (const answer of answers) {
      const pending = this.#pending.get(answer.id);
      if (pending === undefined) continue;
      this.#pending.delete(answer.id);
      if ('outcome' in answer) pending.resolve(answer.outcome);
      else pending.reject(new PromiseUnavailable(answer.failure, answer.reason));
    }
  }

  #sendAll(): void {
    const requests = this.#unsent;
    this.#unsent = [];
    if (requests.length > 0) this.#send?.(requests);
  }
}
