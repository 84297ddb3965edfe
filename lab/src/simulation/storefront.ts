import { PromiseUnavailable } from '@edgestock/central/orders/promise-writer';
import type { Promises } from '@edgestock/central/orders/promises';
import { DEFAULT_CHANNEL } from '@edgestock/central/rules/channel';
import { warehouseClasses } from '@edgestock/shared/protocol/directive';
import type { Action } from './actions.ts';
import { outlet, skus, type World } from './world.ts';

/** Answers come with many shapes; the trace needs only what was said. */
type Answer = {
  readonly outcome: string;
  readonly reservation?: { readonly id: string };
  readonly order?: { readonly id: string };
};
type Ask = (promises: Promises) => Promise<Answer>;

/** Longer than both sides take to agree again. */
export const LONG_TTL_SECONDS = 3_600;

/** What shops and operators ask of central. */
export class Storefront {
  readonly #world: World;
  readonly #reservations: string[] = [];
  readonly #orders: string[] = [];
  /** Requests that may be repeated: by whoever heard no answer. */
  readonly #said: { readonly told: string; readonly ask: Ask }[] = [];
  #made = 0;

  constructor(world: World) {
    this.#world = world;
  }

  get actions(): readonly Action[] {
    return [
      { name: 'reserve', weight: 12, act: () => this.#reserve() },
      { name: 'order', weight: 14, act: () => this.#place() },
      { name: 'renew', weight: 3, act: () => this.#renew() },
      { name: 'release', weight: 4, act: () => this.#release() },
      { name: 'confirm', weight: 9, act: () => this.#confirm() },
      { name: 'pay', weight: 14, act: () => this.#pay('authorised') },
      { name: 'fail', weight: 2, act: () => this.#pay('failed') },
      { name: 'cancel', weight: 4, act: () => this.#cancel() },
      { name: 'set policy', weight: 2, act: () => this.#setPolicy() },
      { name: 'set SKU policy', weight: 1, act: () => this.#setSkuPolicy() },
      { name: 'set channel', weight: 1, act: () => this.#setChannel() },
      { name: 'set buffers', weight: 1, act: () => this.#setBuffers() },
      { name: 'ask again', weight: 4, act: () => this.#askAgain() },
    ];
  }

  #reserve(): Promise<void> {
    const { chance, promises } = this.#world;
    const id = this.#name('r', this.#reservations);
    promises.reservationIds.add(id);
    promises.orderIds.add(id);
    const lines = this.#world.someLines();
    const channel = this.#channel();
    const ttlSeconds = this.#ttlSeconds();
    const isPartial = chance.happens(0.4);
    this.#atTheEnd(ttlSeconds, () => this.#changeReservation(id));
    return this.#say(`reserve ${id} ${units(lines)} for ${ttlSeconds} s`, (central) =>
      central.reserve({ id, channel, owner: 'cart', lines, ttlSeconds, isPartial }),
    );
  }

  #place(): Promise<void> {
    const { chance, promises } = this.#world;
    const id = this.#name('o', this.#orders);
    promises.orderIds.add(id);
    const lines = this.#world.someLines();
    const channel = this.#channel();
    const onShortage = chance.one(['refuse', 'cancel', 'backorder', 'backorder'] as const);
    const paymentTtlSeconds = this.#ttlSeconds();
    this.#atTheEnd(paymentTtlSeconds, () => this.#pay('authorised', id));
    return this.#say(`order ${id} ${units(lines)} or ${onShortage}`, (central) =>
      central.placeOrder({ id, channel, owner: 'customer', lines, paymentTtlSeconds, onShortage }),
    );
  }

  #renew(id = this.#some(this.#reservations)): Promise<void> {
    const ttlSeconds = this.#ttlSeconds();
    return this.#sayOf(id, 'renew', (central, known) => central.renew(known, ttlSeconds));
  }

  #release(id = this.#some(this.#reservations)): Promise<void> {
    return this.#sayOf(id, 'release', (central, known) => central.release(known, 'no longer wanted'));
  }

  #confirm(id = this.#some(this.#reservations)): Promise<void> {
    return this.#sayOf(id, 'confirm', (central, known) => central.confirm(known));
  }

  #pay(result: 'authorised' | 'failed', id = this.#some(this.#orders)): Promise<void> {
    return this.#sayOf(id, result, (central, known) => central.pay(known, { result }));
  }

  #changeReservation(id: string): Promise<void> {
    switch (this.#world.chance.one(['confirm', 'confirm', 'renew', 'release'] as const)) {
      case 'confirm':
        return this.#confirm(id);
      case 'renew':
        return this.#renew(id);
      case 'release':
        return this.#release(id);
    }
  }

  /** Some come in the last moment, or in the first one after it: before anybody has swept up what is over. */
  #atTheEnd(ttlSeconds: number, come: () => Promise<void>): void {
    const { chance, clock } = this.#world;
    if (!chance.happens(0.3)) return;
    clock.after(ttlSeconds * 1_000 + chance.between(-2, 60), () => this.#world.start(come()));
  }

  #cancel(): Promise<void> {
    const id = this.#some([...this.#orders, ...this.#reservations]);
    return this.#sayOf(id, 'cancel', (central, known) => central.cancel(known, 'changed her mind'));
  }

  #setPolicy(): Promise<void> {
    const { chance, nodes } = this.#world;
    const { warehouse } = chance.one(nodes).node;
    const settings = {
      class: chance.one(warehouseClasses),
      sharePercent: chance.one([0, 30, 50, 100, 100]),
      safetyStock: chance.one([0, 0, 1, 2]),
      priority: chance.between(0, 2),
    };
    return this.#say(`policy of ${warehouse} ${JSON.stringify(settings)}`, (central) =>
      central.setPolicy(warehouse, settings),
    );
  }

  #setSkuPolicy(): Promise<void> {
    const { chance, nodes } = this.#world;
    const { warehouse } = chance.one(nodes).node;
    const sku = chance.one(skus);
    const rule = chance.happens(0.3) ? { sku } : { sku, sharePercent: chance.one([0, 50, 100]), safetyStock: 1 };
    return this.#say(`policy of ${warehouse} ${JSON.stringify(rule)}`, (central) =>
      central.setSkuPolicies(warehouse, [rule]),
    );
  }

  #setChannel(): Promise<void> {
    const { chance, nodes } = this.#world;
    const some = nodes.map(({ node }) => node.warehouse).filter(() => chance.happens(0.6));
    const record = {
      channel: outlet,
      warehouses: chance.happens(0.3) ? ('all' as const) : some,
      buffer: chance.between(0, 2),
    };
    return this.#say(`channel ${JSON.stringify(record)}`, (central) => central.setChannel(record));
  }

  #setBuffers(): Promise<void> {
    const { chance } = this.#world;
    const channel = this.#channel();
    const sku = chance.one(skus);
    const buffers = [chance.happens(0.3) ? { sku } : { sku, buffer: chance.between(0, 3) }];
    return this.#say(`buffers of ${channel} ${JSON.stringify(buffers)}`, (central) =>
      central.setBuffers(channel, buffers),
    );
  }

  #askAgain(): Promise<void> {
    if (this.#said.length === 0) return Promise.resolve();
    const { told, ask } = this.#world.chance.one(this.#said);
    return this.#say(`again: ${told}`, ask);
  }

  /** Mostly one of the last: the others have ended. */
  #some(ids: readonly string[]): string | undefined {
    const { chance } = this.#world;
    return ids.length === 0 ? undefined : chance.one(chance.happens(0.8) ? ids.slice(-4) : ids);
  }

  #sayOf(
    id: string | undefined,
    verb: string,
    ask: (promises: Promises, id: string) => Promise<Answer>,
  ): Promise<void> {
    return id === undefined ? Promise.resolve() : this.#say(`${verb} ${id}`, (central) => ask(central, id));
  }

  async #say(told: string, ask: Ask): Promise<void> {
    const { central, trace } = this.#world;
    const { life } = central;
    if (life === undefined) return;
    if (!told.startsWith('again')) this.#said.push({ told, ask });
    try {
      const answer = await ask(life.promises);
      if (central.life === life) this.#owe(answer);
      trace.note(`shop: ${told}: ${answerInWords(answer)}`);
    } catch (error) {
      if (!(error instanceof PromiseUnavailable)) throw error;
      trace.note(`shop: ${told}: ${error.failure}`);
    }
  }

  #owe(answer: Answer): void {
    const { promises } = this.#world;
    if (answer.reservation !== undefined) promises.owe(answer.reservation.id);
    if (answer.order !== undefined) promises.owe(answer.order.id);
  }

  /** Some last until nothing goes wrong any more. */
  #ttlSeconds(): number {
    const { chance } = this.#world;
    return chance.happens(0.2) ? LONG_TTL_SECONDS : chance.between(2, 60);
  }

  #channel() {
    return this.#world.chance.happens(0.7) ? DEFAULT_CHANNEL : outlet;
  }

  #name(kind: string, known: string[]): string {
    this.#made += 1;
    const id = `${kind}${this.#made}`;
    known.push(id);
    return id;
  }
}

function units(lines: readonly { readonly sku: string; readonly quantity: number }[]): string {
  return lines.map(({ sku, quantity }) => `${sku}${quantity}`).join(' ');
}

function answerInWords(answer: Answer): string {
  const { outcome, ...rest } = answer;
  const text = JSON.stringify(rest);
  return text === '{}' ? outcome : `${outcome} ${text.length > 600 ? `${text.slice(0, 600)}…` : text}`;
}
