import { assert, must } from '@edgestock/shared/runtime/assert';
import { Backoff } from '@edgestock/shared/runtime/backoff';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Random } from '@edgestock/shared/runtime/random';
import { centralLimits } from '../../limits.ts';
import { type MoveStanding, refuseMoved } from '../store-moved.ts';
import { failureInWords } from './failure-in-words.ts';
import { failureOf } from './failures.ts';
import { SentStatements } from './sent-statements.ts';
import {
  firstRow,
  type Meta,
  type Parameter,
  type PostgresDatabase,
  type Session,
  type WritingSession,
} from './session.ts';
import { takeSoleUse } from './sole-use.ts';

export type TransactionParts = {
  readonly clock: Clock;
  readonly random: Random;
  /** Also on a store that was moved away: by who takes it back. */
  readonly isMovedServed?: boolean;
  /** Nobody else may be connected: each transaction throws `StoreInUse` otherwise. */
  readonly isAlone?: boolean;
};

/**
 * The writes of one process, each in a transaction that holds the row of `meta`: whatever another process decides, it decides
 * before or after. A transaction is repeated when the server let another one go first, and when nobody knows whether it
 * committed: every write of the store may be repeated (P9).
 */
export class Transactions {
  readonly session: WritingSession;
  readonly #database: PostgresDatabase;
  readonly #clock: Clock;
  readonly #random: Random;
  /** Of this process among those that write. */
  readonly #name: string;
  readonly #isMovedServed: boolean;
  readonly #isAlone: boolean;
  #takeovers = 0;
  /** The last transaction has found nobody: the next ones ask once, so that those who wait in turn do not wait for each other. */
  #isServerAway = false;
  #running: Running | undefined;

  constructor(database: PostgresDatabase, parts: TransactionParts) {
    this.#database = database;
    this.#isMovedServed = parts.isMovedServed ?? false;
    this.#isAlone = parts.isAlone ?? false;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#name = parts.random.uuid();
    this.session = new RunningSession({
      running: () => must(this.#running, 'statements belong inside a transaction'),
      takeovers: () => this.#takeovers,
      writer: this.#name,
    });
  }

  /**
   * One at a time. Throws `StoreFull`, `StoreReadOnly`, `StoreUnavailable`, `StoreRefused` and `StoreMoved`; whatever else the work throws passes through. Nothing of it remains
   * then.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const backoff = new Backoff({
      firstDelayMs: centralLimits.transactionRetryFirstMs,
      delayMsMax: centralLimits.transactionRetryMsMax,
      random: this.#random,
    });
    const startedMs = this.#clock.monotonicMs();
    for (;;) {
      try {
        const result = await this.#attempt(work);
        this.#isServerAway = false;
        return result;
      } catch (error) {
        const tries = backoff.attempt + 1;
        const isLong = this.#clock.monotonicMs() - startedMs >= centralLimits.transactionAttemptsMsMax;
        const isLast = tries >= centralLimits.transactionAttemptsMax || (isLong && tries > 1);
        this.#isServerAway = failureOf(error) === 'connection' && (isLast || this.#isServerAway);
        refuseRepeating(error, { isLast: isLast || this.#isServerAway });
        await this.#clock.sleep(backoff.nextDelayMs());
      }
    }
  }

  #attempt<T>(work: () => Promise<T>): Promise<T> {
    return this.#database.transaction(async (session) => {
      if (this.#isAlone) await takeSoleUse(session);
      const meta = await firstRow<Meta & MoveStanding>(
        session,
        `SELECT revision, structure, writer, move_state AS state, move_id AS id, move_other AS other
         FROM meta WHERE id = 1 FOR UPDATE`,
      );
      assert(meta !== undefined, 'the row is made with the store');
      // It may have been moved away while this one waited for the row.
      if (!this.#isMovedServed) refuseMoved(meta);
      const sent = new SentStatements(session);
      this.#running = { session, meta, sent };
      if (meta.writer !== this.#name) {
        this.#takeovers += 1;
        await sent.send('UPDATE meta SET writer = $1 WHERE id = 1', [this.#name]);
      }
      try {
        const result = await work();
        await sent.end();
        return result;
      } catch (error) {
        throw await sent.reasonOf(error);
      } finally {
        this.#running = undefined;
      }
    });
  }
}

/** Throws unless another attempt may succeed. */
function refuseRepeating(error: unknown, { isLast }: { readonly isLast: boolean }): void {
  if (!isLast && ['conflict', 'connection'].includes(failureOf(error))) return;
  throw failureInWords(error) ?? error;
}

type Running = { readonly session: Session; readonly meta: Meta; readonly sent: SentStatements };

/** What tables and desks are made on, once: it is the transaction that runs, whichever that is. */
class RunningSession implements WritingSession {
  readonly #running: () => Running;
  readonly #takeovers: () => number;
  readonly writer: string;

  constructor({
    running,
    takeovers,
    writer,
  }: {
    readonly running: () => Running;
    readonly takeovers: () => number;
    readonly writer: string;
  }) {
    this.writer = writer;
    this.#running = running;
    this.#takeovers = takeovers;
  }

  get takeovers(): number {
    return this.#takeovers();
  }

  get meta(): Meta {
    return this.#running().meta;
  }

  rows<Row extends object>(text: string, parameters?: readonly Parameter[]): Promise<readonly Row[]> {
    return this.#running().session.rows<Row>(text, parameters);
  }

  run(text: string, parameters?: readonly Parameter[]): Promise<number> {
    return this.#running().session.run(text, parameters);
  }

  send(text: string, parameters?: readonly Parameter[]): Promise<void> {
    return this.#running().sent.send(text, parameters);
  }
}
