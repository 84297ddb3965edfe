import type { Sku } from '@edgestock/shared/inventory/ids';
import { type MovementKind, movementKinds } from '@edgestock/shared/inventory/movement';
import { emptyPosition, type Quantities } from '@edgestock/shared/inventory/position';
import { withSetAsides } from '@edgestock/shared/inventory/set-asides';
import type { Directive } from '@edgestock/shared/protocol/directive';
import { decodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { must } from '@edgestock/shared/runtime/assert';
import type { Applied, BatchOutcome, CentralStore } from '../store/central-store.ts';
import type { PromiseReader } from '../store/promise-store.ts';
import { NodeLog, skuOf } from './node-log.ts';

type Store = CentralStore & PromiseReader;

/**
 * A node as far as central can tell: it carries out its log down, and says what it did in its log up. It grants central all
 * that it receives; what it gets back only when it is told to.
 */
export class PlayedNode {
  readonly log: NodeLog;
  /** What is still to be shipped of each task. */
  readonly tasks = new Map<string, Map<Sku, number>>();
  readonly #allocated = new Map<string, string>();
  #carriedOut = 0;
  #sent = 0;

  constructor(warehouse: string) {
    this.log = new NodeLog(warehouse);
  }

  get carriedOut(): number {
    return this.#carriedOut;
  }

  quantities(sku: string): Quantities {
    const {
      version: _,
      sequence: __,
      at: ___,
      ...quantities
    } = this.log.positions.get(skuOf(sku)) ?? {
      ...emptyPosition,
      at: 0,
    };
    return quantities;
  }

  async enrol(store: Store, now: number): Promise<this> {
    await store.enrol(this.log.warehouse, this.log.enrolRequest(), now);
    return this;
  }

  receive(sku: string, quantity: number): void {
    this.log.record(sku, quantity);
  }

  /** Units are gone that nobody recorded: only what is promised may be left without goods. */
  lose(sku: string, quantity: number): void {
    this.log.record(sku, -quantity);
  }

  grant(sku: string, quantity: number): void {
    this.#move('grant', sku, quantity);
  }

  /** Says of a position what no node would that follows this central. */
  claim(sku: string, totals: Partial<Quantities>): void {
    this.log.record(sku, 0, { state: { ...this.quantities(sku), ...totals } });
  }

  ship(task: string, sku: string, quantity: number): void {
    this.#take(task, sku, quantity);
    this.#move('ship', sku, -quantity, task);
  }

  /** What it had given up has left all the same: committed once more, and shipped. */
  shipLate(task: string, sku: string, quantity: number): void {
    this.#move('commit', sku, quantity, task);
    this.#move('ship', sku, -quantity, task);
  }

  /** Short pick: they are committed no longer, and no longer here. */
  miss(task: string, sku: string, quantity: number): void {
    this.#take(task, sku, quantity);
    this.#move('uncommit', sku, quantity, task);
    this.log.record(sku, -quantity);
  }

  /** Begins with the log of central's present epoch, and says where its own stands; what central lacks it tells anew. */
  async takeUpEpoch(store: CentralStore, now: number): Promise<void> {
    this.#carriedOut = 0;
    this.#sent = (await store.warehouse(this.log.warehouse))?.appliedUpTo ?? 0;
    await store.statePlace(this.log.warehouse, this.log.head, now);
  }

  /** Carries out what has come down since the last time. */
  async hear(store: Store): Promise<void> {
    for (;;) {
      const slice = await store.directivesAfter(this.log.warehouse, this.#carriedOut, {
        directivesMax: 100,
        bytesMax: 100_000,
      });
      if (slice === undefined) return;
      for (const bytes of slice.directives) {
        this.#carryOut(must(decodeDirective(bytes), 'a directive of this release'));
      }
      this.#carriedOut = slice.lastSequence;
    }
  }

  /** Tells central all that it has not been told. */
  async tell(store: Store, now: number): Promise<void> {
    if (this.log.head === this.#sent) return;
    const { outcomes } = await store.applyBatches([this.log.verified(this.#sent + 1, this.log.head)], now);
    if (outcomes[0]?.outcome !== 'applied') throw new Error(`not applied: ${JSON.stringify(outcomes)}`);
    this.#sent = this.log.head;
  }

  /** The same, and what central makes of it. */
  async tellAhead(store: CentralStore, now: number): Promise<Applied<BatchOutcome>> {
    const applied = await store.applyBatches([this.log.verified(this.#sent + 1, this.log.head)], now);
    this.#sent = this.log.head;
    return applied;
  }

  #carryOut(directive: Directive): void {
    if (directive.kind === 'allocate') {
      const content = JSON.stringify([directive.order, directive.lines]);
      const known = this.#allocated.get(directive.task);
      // Told again by a central that was restored.
      if (known === content) return;
      if (known !== undefined) throw new Error(`${directive.task} is allocated twice`);
      this.#allocated.set(directive.task, content);
      this.tasks.set(directive.task, new Map(directive.lines.map(({ sku, quantity }) => [sku, quantity])));
      for (const { sku, quantity } of directive.lines) this.#move('allocate', sku, quantity, directive.task);
    } else if (directive.kind === 'release') {
      for (const { sku, quantity } of directive.lines) {
        const units = Math.min(quantity, this.tasks.get(directive.task)?.get(sku) ?? 0);
        if (units === 0) continue;
        this.#take(directive.task, sku, units);
        this.#move('uncommit', sku, units, directive.task);
      }
    } else if (directive.kind === 'quota-return') {
      for (const { sku, total } of directive.lines) {
        const units = total - this.quantities(sku).returned;
        if (units > 0) this.#move('reclaim', sku, units);
      }
    }
  }

  #take(task: string, sku: string, quantity: number): void {
    const lines = this.tasks.get(task);
    const open = lines?.get(skuOf(sku)) ?? 0;
    if (lines === undefined || open < quantity) throw new Error(`${task} has ${open} of ${sku}, not ${quantity}`);
    lines.set(skuOf(sku), open - quantity);
  }

  #move(kind: MovementKind, sku: string, quantity: number, document?: string): void {
    const before = this.quantities(sku);
    const after = withSetAsides(before, kind, quantity);
    const isOut = movementKinds[kind].change === 'out';
    this.log.record(sku, 0, {
      kind: movementKinds[kind].code,
      quantity,
      state: { ...after, onHand: before.onHand + (isOut ? quantity : 0) },
      details: document === undefined ? {} : { document },
    });
  }
}
