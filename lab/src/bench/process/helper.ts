import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A helper process ended while it was needed. */
export class HelperDied extends Error {
  override readonly name = 'HelperDied';
  readonly hint = 'Its own words are above.';
}

/** What a helper answers: the reply, or the stack of what it threw. */
export type HelperAnswer = { readonly reply: unknown } | { readonly failure: string };

/**
 * A process of its own for one part of a measurement, started from a module that calls `answerOrders`. One order at a time. It
 * ends when we do: its channel closes.
 */
export class Helper<Order extends object, Reply> {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown[]>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = once(child, 'exit');
  }

  static start<Order extends object, Reply>(module: URL): Helper<Order, Reply> {
    const child = fork(fileURLToPath(module), [], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    return new Helper(child);
  }

  async order(order: Order): Promise<Reply> {
    const answered = once(this.#child, 'message');
    this.#child.send(order);
    const [first] = await Promise.race([answered, this.#exited.then((how) => [new HelperDied(`ended: ${how}`)])]);
    if (first instanceof HelperDied) throw first;
    const answer = first as HelperAnswer;
    if ('failure' in answer) throw new Error(`a helper process failed: ${answer.failure}`);
    return answer.reply as Reply;
  }

  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#exited;
  }
}
