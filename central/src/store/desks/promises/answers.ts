import type { NewPromise, PromiseOutcome } from '../../../rules/promise-command.ts';
import type { AnswerTable, KeptAnswer } from '../../tables/reservation-table.ts';
import type { Tables } from '../../tables/tables.ts';

/** What requests with a key came to before: such a one is answered with its first answer. Inside a transaction of its caller. */
export class Answers {
  readonly #table: AnswerTable;

  constructor({ answers }: Pick<Tables, 'answers'>) {
    this.#table = answers;
  }

  /** Those that some commands were given before, asked for together. */
  async among(commands: readonly NewPromise[]): Promise<FirstAnswers> {
    const keys = commands.flatMap(({ idempotency }) => idempotency?.key ?? []);
    return new FirstAnswers(this.#table, keys.length === 0 ? new Map() : await this.#table.found(keys));
  }
}

export class FirstAnswers {
  readonly #table: AnswerTable;
  readonly #first: Map<string, KeptAnswer>;

  constructor(table: AnswerTable, first: ReadonlyMap<string, KeptAnswer>) {
    this.#table = table;
    this.#first = new Map(first);
  }

  /** Only what had an effect is kept: a refusal may be asked again. */
  async once(
    { idempotency }: NewPromise,
    carryOut: () => Promise<PromiseOutcome>,
    now: number,
  ): Promise<PromiseOutcome> {
    if (idempotency === undefined) return carryOut();
    const { key, fingerprint } = idempotency;
    const first = this.#first.get(key);
    if (first !== undefined) {
      // A key is for one request only.
      if (first.fingerprint !== fingerprint) return { outcome: 'key-reused', key };
      return { ...first.outcome, isReplay: true } as PromiseOutcome;
    }
    const outcome = await carryOut();
    if (outcome.outcome === 'reserved' || outcome.outcome === 'order') {
      await this.#table.keep(key, { fingerprint, outcome }, now);
      this.#first.set(key, { fingerprint, outcome });
    }
    return outcome;
  }
}
