import type { PromiseQueue } from '../orders/promise-queue.ts';
import { PromiseUnavailable } from '../orders/promise-writer.ts';
import type { PromiseAnswer, PromiseRequest } from './writer-messages.ts';

/** Carries out what the other thread asks for, and tells the answers of one commit together. */
export class PromiseAnswers {
  readonly #queue: PromiseQueue;
  readonly #tell: (answers: readonly PromiseAnswer[]) => void;
  #untold: PromiseAnswer[] = [];

  constructor(queue: PromiseQueue, tell: (answers: readonly PromiseAnswer[]) => void) {
    this.#queue = queue;
    this.#tell = tell;
  }

  accept(requests: readonly PromiseRequest[]): void {
    for (const { id, command } of requests) {
      this.#queue.promise(command).then(
        (outcome) => this.#answer({ id, outcome }),
        (error: unknown) => this.#answer({ id, ...failureOf(error) }),
      );
    }
  }

  #answer(answer: PromiseAnswer): void {
    // The outcomes of a commit come in one turn of the microtasks: the first one's call comes after the last.
    if (this.#untold.length === 0) queueMicrotask(() => this.#tellAll());
    this.#untold.push(answer);
  }

  #tellAll(): void {
    const answers = this.#untold;
    this.#untold = [];
    this.#tell(answers);
  }
}

function failureOf(error: unknown) {
  if (error instanceof PromiseUnavailable) return { failure: error.failure, reason: error.message };
  throw error;
}
