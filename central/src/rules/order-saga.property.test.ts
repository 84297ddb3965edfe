import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { contextOf, linesOf, offersOf, placed, terms } from '../testing/order-fixture.ts';
import { imbalanceOf } from '../testing/order-in-words.ts';
import { type Order, openOf } from './order.ts';
import type { OrderContext } from './order-context.ts';
import type { OrderDecision } from './order-draft.ts';
import type { OrderEffect } from './order-effect.ts';
import { decideOrder, type OrderEvent } from './order-saga.ts';

/** One order, the quotas it lives on, and nodes that do what they like until they are asked for something back. */
class World {
  order: Order;
  afterMs = 0;
  readonly unspent = new Map<string, number>();
  readonly held = new Map<string, number>();
  readonly tasks = new Set<string>();
  /** What nodes were asked back and have not answered. */
  readonly asked: { readonly task: string; readonly sku: Sku; readonly quantity: number }[] = [];

  constructor(lines: string, offers: string, onShortage: 'cancel' | 'backorder') {
    for (const { warehouse, sku, unspent } of offersOf(offers)) this.unspent.set(`${warehouse} ${sku}`, unspent);
    const decided = placed(lines, offers, onShortage);
    this.order = decided.order;
    this.#carryOut(decided.effects);
    this.#check();
  }

  get isEnded(): boolean {
    return this.order.state === 'done' || this.order.state === 'cancelled';
  }

  context(): OrderContext {
    const offers = [...this.unspent].map(([place, quantity]) => `${place}${quantity}`).join(', ');
    return contextOf(offers, { afterMs: this.afterMs, backorderRoom: 3 });
  }

  decide(event: OrderEvent): OrderDecision {
    const decided = decideOrder(this.order, event, this.context());
    this.order = decided.order;
    this.#carryOut(decided.effects);
    this.#check();
    return decided;
  }

  /** A task with open units, chosen by a number. */
  openLine(choice: number): { readonly task: string; readonly sku: Sku; readonly open: number } | undefined {
    const open = this.order.allocations.flatMap(({ task, lines }) =>
      lines.flatMap((line) => (openOf(line) > 0 ? [{ task, sku: line.sku, open: openOf(line) }] : [])),
    );
    return open[choice % Math.max(1, open.length)];
  }

  answer(): void {
    for (const { task, sku, quantity } of this.asked.splice(0)) {
      const line = this.order.allocations.find((one) => one.task === task)?.lines.find((one) => one.sku === sku);
      const given = Math.min(quantity, line === undefined ? 0 : openOf(line));
      if (given > 0) this.decide({ event: 'give-up', task, lines: [{ sku, quantity: given }] });
    }
  }

  #carryOut(effects: readonly OrderEffect[]): void {
    for (const effect of effects) {
      switch (effect.effect) {
        case 'hold':
          this.#add(this.unspent, effect.warehouse, effect.sku, -effect.quantity);
          this.#add(this.held, effect.warehouse, effect.sku, effect.quantity);
          break;
        case 'free':
          this.#add(this.held, effect.warehouse, effect.sku, -effect.quantity);
          this.#add(this.unspent, effect.warehouse, effect.sku, effect.quantity);
          break;
        case 'allocate':
          expect(this.tasks).not.toContain(effect.task);
          this.tasks.add(effect.task);
          for (const { sku, quantity } of effect.lines) this.#add(this.held, effect.warehouse, sku, -quantity);
          break;
        case 'release':
          this.asked.push(...effect.lines.map((line) => ({ task: effect.task, ...line })));
      }
    }
  }

  #add(units: Map<string, number>, warehouse: WarehouseId, sku: Sku, change: number): void {
    const place = `${warehouse} ${sku}`;
    const after = (units.get(place) ?? 0) + change;
    // Nothing is promised that is not there, nor given back or sent twice.
    expect(after).toBeGreaterThanOrEqual(0);
    units.set(place, after);
  }

  #check(): void {
    for (const line of this.order.lines) {
      expect(imbalanceOf(this.order, line)).toBe(0);
      expect(Math.min(line.cancelled, line.backordered)).toBeGreaterThanOrEqual(0);
    }
    const holds = this.order.lines.flatMap(({ sku, holds }) =>
      holds.map(({ warehouse, quantity }): [string, number] => [`${warehouse} ${sku}`, quantity]),
    );
    expect(new Map(holds)).toEqual(new Map([...this.held].filter(([, units]) => units > 0)));
    for (const line of this.order.allocations.flatMap(({ lines }) => lines)) {
      expect(openOf(line)).toBeGreaterThanOrEqual(line.releasing);
    }
    expect(this.order.wakeAt === undefined).toBe(
      this.isEnded || this.order.lines.every(({ holds, backordered }) => holds.length === 0 && backordered === 0)
        ? !this.order.allocations.some(({ lines }) => lines.some((line) => openOf(line) > line.releasing))
        : false,
    );
  }
}

type Act = { readonly act: string; readonly choice: number; readonly units: number };
const acts = fc.array(
  fc.record<Act>({
    act: fc.constantFrom('pay', 'fail', 'cancel', 'ship', 'short', 'answer', 'deficit', 'grant', 'offer', 'pass'),
    choice: fc.nat(9),
    units: fc.integer({ min: 1, max: 4 }),
  }),
  { maxLength: 25 },
);

function carryOut(world: World, { act, choice, units }: Act): void {
  const open = world.openLine(choice);
  const warehouse = must(offersOf(`W${1 + (choice % 3)} A1`)[0], 'an offer').warehouse;
  const [line] = linesOf(`${choice % 2 === 0 ? 'A' : 'B'}${units}`);
  const { sku } = must(line, 'a line');
  const lines = open === undefined ? [] : [{ sku: open.sku, quantity: Math.min(units, open.open) }];
  switch (act) {
    case 'pay':
    case 'fail':
      world.decide({ event: 'pay', result: act === 'pay' ? 'authorised' : 'failed' });
      break;
    case 'cancel':
      // Rare, so that most orders get somewhere.
      if (choice === 0) world.decide({ event: 'cancel', reason: 'no reason' });
      break;
    case 'ship':
    case 'short':
      if (open !== undefined) world.decide({ event: act === 'ship' ? 'ship' : 'give-up', task: open.task, lines });
      break;
    case 'answer':
      world.answer();
      break;
    case 'deficit':
      world.decide({ event: 'deficit', warehouse, sku, units });
      break;
    case 'grant':
      world.unspent.set(`${warehouse} ${sku}`, (world.unspent.get(`${warehouse} ${sku}`) ?? 0) + units);
      break;
    case 'offer':
      world.decide({ event: 'offer' });
      break;
    default:
      world.afterMs += choice * 700;
      world.decide({ event: 'wake' });
  }
}

it('whatever happens, units are conserved, nothing is promised twice, and once facts stop every order ends', () => {
  const ends = { done: 0, cancelled: 0 };
  fc.assert(
    fc.property(fc.constantFrom('cancel', 'backorder'), fc.boolean(), acts, (onShortage, isPaid, history) => {
      const world = new World('A3 B2', 'W1 A2, W2 A2 B1, W3 B1', onShortage);
      if (isPaid) world.decide({ event: 'pay', result: 'authorised' });
      for (const act of history) {
        carryOut(world, act);
        for (const repeated of [{ event: 'wake' }, { event: 'offer' }] as const) {
          world.decide(repeated);
          const { order } = world;
          expect(world.decide(repeated).order).toBe(order);
        }
      }
      // From here on nobody comes and nothing is shipped: nodes only answer what they are asked.
      for (let rounds = 0; !world.isEnded; rounds += 1) {
        expect(rounds).toBeLessThan(100);
        world.answer();
        if (world.isEnded) break;
        world.afterMs = Math.max(world.afterMs, must(world.order.wakeAt, 'a moment') - world.order.placedAt);
        world.decide({ event: 'wake' });
        world.answer();
      }
      expect([...world.held.values()].filter((units) => units > 0)).toEqual([]);
      expect(world.afterMs).toBeLessThanOrEqual(terms.serveWithinMs + 25 * 9 * 700);
      ends[world.order.state as 'done' | 'cancelled'] += 1;
    }),
    { numRuns: 500 },
  );
  // Both ends were seen, so that neither was passed by.
  expect(Math.min(ends.done, ends.cancelled)).toBeGreaterThan(20);
});
