import { sqlStateOf } from './failures.ts';
import type { Parameter, Session } from './session.ts';

/** Under way at a time: what is sent is kept in memory until it is answered. */
const UNANSWERED_MAX = 64;
/** What the server says to every statement behind one that failed. */
const ABORTED = '25P02';

/**
 * Statements of one transaction that nobody waits for. The connection carries them in the order they were sent, together with
 * those that are waited for, so whoever reads afterwards finds what they wrote, and pays for one way to the server and back.
 */
export class SentStatements {
  readonly #session: Session;
  readonly #unanswered = new Set<Promise<unknown>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  async send(text: string, parameters?: readonly Parameter[]): Promise<void> {
    const answered: Promise<unknown> = this.#answer(this.#session.send(text, parameters)).finally(() =>
      this.#unanswered.delete(answered),
    );
    this.#unanswered.add(answered);
    if (this.#unanswered.size >= UNANSWERED_MAX) await answered;
  }

  /** Throws the first failure. */
  async end(): Promise<void> {
    await Promise.all(this.#unanswered);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Why the transaction failed: a statement that is waited for may only tell that one before it had. */
  async reasonOf(error: unknown): Promise<unknown> {
    await Promise.all(this.#unanswered);
    return sqlStateOf(error) === ABORTED && this.#failure !== undefined ? this.#failure.error : error;
  }

  async #answer(statement: Promise<unknown>): Promise<void> {
    const [outcome] = await Promise.allSettled([statement]);
    if (outcome.status === 'rejected') this.#failure ??= { error: outcome.reason };
  }
}
