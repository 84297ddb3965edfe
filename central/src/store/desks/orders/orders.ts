import type { Awaitable } from '@edgestock/shared/runtime/awaitable';
import { orderOfReservation } from '../../../rules/order-placing.ts';
import { type OrderEvent, refusalOf } from '../../../rules/order-saga.ts';
import type { OrderChange, PromiseOutcome } from '../../../rules/promise-command.ts';
import type { OrderFinder, OrderReader } from '../../tables/order-table.ts';
import type { Tables } from '../../tables/tables.ts';
import type { Reservations } from '../promises/reservations.ts';
import type { OrderProgress } from './order-sagas.ts';
import type { Promising } from './promising.ts';

type Parts = Pick<Promising, 'sagas' | 'backorders' | 'deficits' | 'holdings'>;

/** Orders that are there: made firm, cancelled, and carried on by time; and those that were reservations. Inside a transaction of its caller. */
export class Orders {
  readonly #reader: OrderReader;
  readonly #finder: OrderFinder;
  readonly #parts: Parts;
  readonly #reservations: Reservations;

  constructor(tables: Tables, { reservations, ...parts }: Parts & { readonly reservations: Reservations }) {
    this.#reader = tables.orders;
    this.#finder = tables.orderFinder;
    this.#parts = parts;
    this.#reservations = reservations;
  }

  /** What somebody says of orders, of each of them once. What becomes free is for the caller to cover. */
  async change(commands: readonly OrderChange[], now: number): Promise<readonly PromiseOutcome[]> {
    const orders = await this.#reader.each(commands.map(({ order }) => order));
    const happened = commands.flatMap((command) => {
      const before = orders.get(command.order);
      return before === undefined ? [] : [{ before, event: eventOf(command) }];
    });
    const progress = await this.#parts.sagas.decideEach(happened, now);
    const byId = new Map(progress.map((one) => [one.order.id, one]));
    return commands.map((command) => outcomeOf(command, byId.get(command.order)));
  }

  /** Lets orders go on whose moment has come, at most so many, and those that wait for units; tells how many of the first. */
  async wake(limit: number, now: number): Promise<number> {
    const due = await this.#finder.due(now, limit);
    for (const id of due) await this.#parts.sagas.decide(id, { event: 'wake' }, now);
    // Those who wait get what is left.
    await this.#parts.deficits.coverFreed(now);
    await this.#parts.backorders.sweep(limit, now);
    return due.length;
  }

  /** When the next one must be looked at. */
  nextWake(): Awaitable<number | undefined> {
    return this.#finder.nextWake();
  }

  /** A reservation becomes an order of its id. */
  async confirm(id: string, now: number): Promise<PromiseOutcome> {
    const reservation = await this.#reservations.get(id);
    const existing = await this.#reader.get(id);
    if (reservation?.state === 'confirmed' && existing !== undefined) {
      return { outcome: 'order', order: existing, isReplay: true };
    }
    const open = await this.#reservations.open(id, now);
    if ('outcome' in open) return open;
    // Somebody placed an order under the reservation's id, in a release that let them.
    if (existing !== undefined) return { outcome: 'id-taken', by: 'order', id };
    const decision = await this.#parts.sagas.ask({ channel: open.channel, now }, (context) =>
      orderOfReservation(open, context),
    );
    await this.#parts.holdings.handOver({ kind: 'reservation', id }, { kind: 'order', id }, open.channel);
    await this.#reservations.confirmed(id, now);
    return { outcome: 'order', order: (await this.#parts.sagas.begin(decision, now)).order, isReplay: false };
  }
}

function eventOf(command: OrderChange): OrderEvent {
  if (command.command === 'cancel') return { event: 'cancel', reason: command.reason };
  const { result, reference } = command;
  return { event: 'pay', result, ...(reference === undefined ? {} : { reference }) };
}

function outcomeOf(command: OrderChange, progress: OrderProgress | undefined): PromiseOutcome {
  if (progress === undefined) return { outcome: 'unknown', what: 'order', id: command.order };
  const { order, isChanged } = progress;
  const refusal = refusalOf(order, eventOf(command));
  if (refusal !== undefined) return { outcome: 'too-late', state: order.state, why: refusal };
  return { outcome: 'order', order, isReplay: !isChanged };
}
