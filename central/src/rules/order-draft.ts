import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { assert, must } from '@edgestock/shared/runtime/assert';
import {
  type Allocation,
  type AllocationLine,
  type Order,
  type OrderLine,
  type OrderStep,
  openOf,
  taskOf,
  withdrawableOf,
} from './order.ts';
import type { OrderContext } from './order-context.ts';
import type { OrderEffect } from './order-effect.ts';
import { unitsInWords } from './order-words.ts';
import { type Offer, type SourcingPlan, source } from './sourcing.ts';

export type OrderDecision = {
  /** The very same object when nothing changed. */
  readonly order: Order;
  readonly effects: readonly OrderEffect[];
};

/**
 * An order while it is decided upon. Every change of units goes through here, with its effect and its step beside it, so that
 * units are conserved whatever the saga decides: a unit leaves one place of the order only for another.
 */
export class OrderDraft {
  readonly #before: Order;
  readonly #context: OrderContext;
  readonly #lines: Map<Sku, OrderLine>;
  readonly #allocations: Allocation[];
  readonly #effects: OrderEffect[] = [];
  readonly #steps: OrderStep[] = [];
  state: Order['state'];
  payment: Order['payment'];
  isCancelling: boolean;

  constructor(order: Order, context: OrderContext) {
    this.#before = order;
    this.#context = context;
    this.#lines = new Map(order.lines.map((line) => [line.sku, line]));
    this.#allocations = [...order.allocations];
    this.state = order.state;
    this.payment = order.payment;
    this.isCancelling = order.isCancelling;
  }

  get lines(): readonly OrderLine[] {
    return [...this.#lines.values()];
  }

  get allocations(): readonly Allocation[] {
    return this.#allocations;
  }

  note(step: string, why: string): void {
    this.#steps.push({ at: this.#context.now, step, why });
  }

  /** For what is found again at every look: it is worth a line in the history the first time. */
  noteOnce(step: string, why: string): void {
    if (!this.#before.history.some((one) => one.step === step && one.why === why)) this.note(step, why);
  }

  /** Sets units aside that belong to no place of the order yet, as far as they are on offer; returns what is not. */
  hold(lines: readonly SkuQuantity[]): readonly SkuQuantity[] {
    return this.#hold(source(lines, this.#offersOf(lines), this.#context.bufferOf));
  }

  /** The same for units that were promised before and are not to be had of a warehouse: for them the buffer is there. */
  holdBesides(warehouse: WarehouseId, lines: readonly SkuQuantity[]): readonly SkuQuantity[] {
    return this.#hold(this.#sourceBesides(warehouse, lines));
  }

  /** What `holdBesides` would return; holds nothing. */
  missingBesides(warehouse: WarehouseId, lines: readonly SkuQuantity[]): readonly SkuQuantity[] {
    return missing(this.#sourceBesides(warehouse, lines));
  }

  /** Gives held units back to central's quota; they belong to no place of the order then. */
  free(sku: Sku, warehouse: WarehouseId, quantity: number): void {
    this.#effects.push({ effect: 'free', warehouse, sku, quantity });
    this.#addHold(sku, warehouse, -quantity);
  }

  /** Makes all that is held firm, where its warehouse is settled: one task for each. */
  allocateHeld(): void {
    const { now, terms, isSettled } = this.#context;
    const parcels = new Map<WarehouseId, SkuQuantity[]>();
    const waiting = new Set<WarehouseId>();
    for (const { sku, holds } of this.lines) {
      for (const { warehouse, quantity } of holds) {
        if (!isSettled(warehouse)) {
          waiting.add(warehouse);
          continue;
        }
        const parcel = parcels.get(warehouse) ?? [];
        parcel.push({ sku, quantity });
        parcels.set(warehouse, parcel);
      }
      this.#change(sku, { holds: holds.filter(({ warehouse }) => !isSettled(warehouse)) });
    }
    for (const warehouse of [...waiting].sort()) {
      this.noteOnce('not-yet', `${warehouse} is told once central knows again what it has promised of it.`);
    }
    for (const [warehouse, lines] of [...parcels].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const { task, isThere } = this.#nextTask(warehouse, lines);
      this.#effects.push({ effect: 'allocate', task, warehouse, lines, dueAt: now + terms.shipWithinMs, isThere });
      const untouched = { shipped: 0, givenUp: 0, releasing: 0 };
      this.#allocations.push({ task, warehouse, at: now, lines: lines.map((line) => ({ ...line, ...untouched })) });
      this.note('allocated', `${warehouse} is to ship ${unitsInWords(lines)}.`);
    }
  }

  /** Asks for units of a task back. They stay the node's until it gives them up. */
  release(allocation: Allocation, lines: readonly SkuQuantity[], reason: string): void {
    if (lines.length === 0) return;
    const { task, warehouse } = allocation;
    this.#effects.push({ effect: 'release', task, warehouse, lines, reason });
    for (const { sku, quantity } of lines) {
      this.#changeTask(task, sku, (line) => {
        assert(quantity <= withdrawableOf(line), 'units are asked back once');
        return { ...line, releasing: line.releasing + quantity };
      });
    }
    this.note('asked-back', `${warehouse} is asked not to ship ${unitsInWords(lines)}: ${reason}.`);
  }

  /** The node shipped; returns what it shipped beyond what it had of the task. */
  ship(task: string, lines: readonly SkuQuantity[]): readonly SkuQuantity[] {
    return this.#settleTask(task, lines, (line, quantity) => ({ ...line, shipped: line.shipped + quantity }));
  }

  /** The node gave up; the units belong to no place of the order then. Returns what was beyond what it had of the task. */
  giveUp(task: string, lines: readonly SkuQuantity[]): readonly SkuQuantity[] {
    return this.#settleTask(task, lines, (line, quantity) => ({
      ...line,
      givenUp: line.givenUp + quantity,
      releasing: Math.max(0, line.releasing - quantity),
    }));
  }

  backorder(sku: Sku, quantity: number): void {
    this.#change(sku, { backordered: this.#line(sku).backordered + quantity });
  }

  /** Units that belong to no place of the order will not be delivered. */
  cancel(sku: Sku, quantity: number): void {
    this.#change(sku, { cancelled: this.#line(sku).cancelled + quantity });
  }

  /** What the draft comes to; the same order when nothing was decided. */
  finish(): OrderDecision {
    this.#end();
    const wakeAt = this.#wakeAt();
    if (this.#steps.length === 0 && wakeAt === this.#before.wakeAt) return { order: this.#before, effects: [] };
    const { wakeAt: _, ...before } = this.#before;
    const order: Order = {
      ...before,
      state: this.state,
      payment: this.payment,
      isCancelling: this.isCancelling,
      lines: this.lines,
      allocations: this.#allocations,
      history: [...before.history, ...this.#steps],
      ...(wakeAt === undefined ? {} : { wakeAt }),
    };
    return { order, effects: this.#effects };
  }

  /** An order ends by itself once nothing of it can move any more. */
  #end(): void {
    if (this.state === 'done' || this.state === 'cancelled') return;
    if (this.lines.some(({ holds, backordered }) => holds.length > 0 || backordered > 0)) return;
    const tasks = this.#allocations.flatMap(({ lines }) => lines);
    if (tasks.some((line) => openOf(line) > 0)) return;
    const isShipped = tasks.some(({ shipped }) => shipped > 0);
    this.state = isShipped ? 'done' : 'cancelled';
    if (isShipped) this.note('done', 'Everything that was to be shipped has been shipped.');
    else this.note('cancelled', 'Nothing was shipped, and nothing will be.');
  }

  #wakeAt(): number | undefined {
    const { now, terms } = this.#context;
    if (this.state === 'placed') return this.#before.paymentDueAt;
    if (this.state !== 'firm') return undefined;
    const moments: number[] = [];
    for (const { at, lines } of this.#allocations) {
      if (!lines.some((line) => withdrawableOf(line) > 0)) continue;
      // Late already: looked at again after the same time, since somebody else may have the units by then.
      const periods = Math.max(1, Math.floor((now - at) / terms.shipWithinMs) + 1);
      moments.push(at + periods * terms.shipWithinMs);
    }
    const isWaiting = this.lines.some(({ backordered, holds }) => backordered > 0 || holds.length > 0);
    const endsAt = this.#before.placedAt + terms.serveWithinMs;
    if (isWaiting || moments.length > 0) moments.push(Math.max(endsAt, now));
    return moments.length === 0 ? undefined : Math.min(...moments);
  }

  /**
   * A name that the warehouse does not know; or that of a task with these very units which it has, and central has forgotten:
   * then this is the same order, placed or paid once more after central was restored, and its parcel is on its way already.
   */
  #nextTask(
    warehouse: WarehouseId,
    lines: readonly SkuQuantity[],
  ): { readonly task: string; readonly isThere: boolean } {
    const { id } = this.#before;
    for (let number = this.#allocations.length + 1; ; number += 1) {
      const task = taskOf(id, number);
      if (this.#allocations.some((one) => one.task === task)) continue;
      const known = this.#context.unknownTaskOf(warehouse, task);
      if (known === undefined) return { task, isThere: false };
      if (areSame(known, lines)) return { task, isThere: true };
    }
  }

  #sourceBesides(warehouse: WarehouseId, lines: readonly SkuQuantity[]): SourcingPlan {
    return source(
      lines,
      this.#offersOf(lines).filter((offer) => offer.warehouse !== warehouse),
    );
  }

  #offersOf(lines: readonly SkuQuantity[]): readonly Offer[] {
    return lines.flatMap(({ sku }) => this.#context.offersOf(sku));
  }

  #hold(plan: SourcingPlan): readonly SkuQuantity[] {
    for (const { warehouse, sku, quantity } of plan.holds) {
      this.#effects.push({ effect: 'hold', warehouse, sku, quantity });
      this.#addHold(sku, warehouse, quantity);
    }
    return missing(plan);
  }

  #settleTask(
    task: string,
    lines: readonly SkuQuantity[],
    settle: (line: AllocationLine, quantity: number) => AllocationLine,
  ): readonly SkuQuantity[] {
    const beyond: SkuQuantity[] = [];
    for (const { sku, quantity } of lines) {
      let settled = 0;
      this.#changeTask(task, sku, (line) => {
        settled = Math.min(quantity, openOf(line));
        const after = settle(line, settled);
        // What was shipped in spite of it cannot come back.
        return { ...after, releasing: Math.min(after.releasing, openOf(after)) };
      });
      if (settled < quantity) beyond.push({ sku, quantity: quantity - settled });
    }
    return beyond;
  }

  #changeTask(task: string, sku: Sku, change: (line: AllocationLine) => AllocationLine): void {
    const index = this.#allocations.findIndex((allocation) => allocation.task === task);
    const allocation = must(this.#allocations[index], 'the task is one of this order');
    const lines = allocation.lines.map((line) => (line.sku === sku ? change(line) : line));
    this.#allocations[index] = { ...allocation, lines };
  }

  #addHold(sku: Sku, warehouse: WarehouseId, quantity: number): void {
    const holds = new Map(this.#line(sku).holds.map((hold) => [hold.warehouse, hold.quantity]));
    const after = (holds.get(warehouse) ?? 0) + quantity;
    assert(after >= 0, 'no more is freed than was held');
    if (after === 0) holds.delete(warehouse);
    else holds.set(warehouse, after);
    const sorted = [...holds].sort(([a], [b]) => (a < b ? -1 : 1));
    this.#change(sku, { holds: sorted.map(([at, units]) => ({ warehouse: at, quantity: units })) });
  }

  #line(sku: Sku): OrderLine {
    return must(this.#lines.get(sku), 'the SKU is one of this order');
  }

  #change(sku: Sku, change: Partial<OrderLine>): void {
    this.#lines.set(sku, { ...this.#line(sku), ...change });
  }
}

function areSame(a: readonly SkuQuantity[], b: readonly SkuQuantity[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ sku, quantity }) => b.some((one) => one.sku === sku && one.quantity === quantity))
  );
}

function missing({ shortages }: SourcingPlan): readonly SkuQuantity[] {
  return shortages.map(({ sku, requested, available }) => ({ sku, quantity: requested - available }));
}
