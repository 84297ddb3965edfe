import type { NewPromise, PromiseOutcome } from '../../../rules/promise-command.ts';
import type { ChannelReader } from '../../tables/channel-table.ts';
import type { OrderReader } from '../../tables/order-table.ts';
import type { QuotaTable } from '../../tables/quota-table.ts';
import type { ReservationReader } from '../../tables/reservation-table.ts';
import type { Tables } from '../../tables/tables.ts';
import { Answers } from './answers.ts';
import { QuotaDraft } from './quota-draft.ts';

/** What new promises of one channel find before the first of them is decided; what they come to is added. */
export type Found = {
  readonly isChannelKnown: boolean;
  readonly reservations: Set<string>;
  readonly orders: Set<string>;
  readonly draft: QuotaDraft;
};

/**
 * New promises of one channel that come together, reservations or orders: they ask the store together for what they have to know,
 * and are decided one after the other, each on what the ones before it left. Inside a transaction of its caller.
 */
export class NewPromises {
  readonly #reservations: ReservationReader;
  readonly #orders: OrderReader;
  readonly #channels: ChannelReader;
  readonly #quota: QuotaTable;
  readonly #answers: Answers;

  constructor(tables: Tables, parts: { readonly quota: QuotaTable }) {
    this.#reservations = tables.reservations;
    this.#orders = tables.orders;
    this.#channels = tables.channels;
    this.#quota = parts.quota;
    this.#answers = new Answers(tables);
  }

  async decideEach(
    commands: readonly [NewPromise, ...NewPromise[]],
    decide: (command: NewPromise, found: Found) => Promise<PromiseOutcome>,
    now: number,
  ): Promise<readonly PromiseOutcome[]> {
    const [{ channel }] = commands;
    const ids = commands.map(({ id }) => id);
    const skus = new Set(commands.flatMap(({ lines }) => lines.map(({ sku }) => sku)));
    const [answers, reservations, orders, record, draft] = await Promise.all([
      this.#answers.among(commands),
      this.#reservations.known(ids),
      this.#orders.known(ids),
      this.#channels.get(channel),
      QuotaDraft.of(this.#quota, channel, [...skus], now),
    ]);
    const found: Found = {
      isChannelKnown: record !== undefined,
      reservations: new Set(reservations),
      orders: new Set(orders),
      draft,
    };
    const outcomes: PromiseOutcome[] = [];
    for (const command of commands) outcomes.push(await answers.once(command, () => decide(command, found), now));
    await draft.settle();
    return outcomes;
  }
}
