/** What a person at a counter expects of the node: a few numbers and what was said before. No clock, no places, no central. */

export type Units = { readonly sku: string; readonly quantity: number };
export type Expected = { readonly status: number; readonly code?: string; readonly isReplay?: boolean };

type Stock = { onHand: number; reserved: number; committed: number };
type Promised = { readonly said: string; readonly lines: readonly Units[] };
type Kept = Promised & { state: 'held' | 'confirmed' | 'released' | 'fulfilled'; receipt?: string };
type Sent = Promised & { state: 'planned' | 'shipped' | 'cancelled' };

const recorded: Expected = { status: 201 };
const taken: Expected = { status: 200 };
const unknown = (what: 'reservation' | 'transfer'): Expected => ({ status: 404, code: `unknown-${what}` });
const outOfTurn = (what: 'reservation' | 'transfer'): Expected => ({ status: 409, code: `${what}-state` });

/** Says what each request must be answered with, and what the stock is afterwards. */
export class CounterModel {
  readonly stock = new Map<string, Stock>();
  readonly reservations = new Map<string, Kept>();
  readonly transfers = new Map<string, Sent>();
  /** Bodies of keyed requests, by scope and key. */
  readonly #keys = new Map<string, string>();

  of(sku: string): Stock {
    const known = this.stock.get(sku) ?? { onHand: 0, reserved: 0, committed: 0 };
    this.stock.set(sku, known);
    return known;
  }

  available(sku: string): number {
    const { onHand, reserved, committed } = this.of(sku);
    return onHand - reserved - committed;
  }

  /** A fact is never refused; the same one is recorded once. `sign` says which way the goods go. */
  move(key: string, { sku, quantity }: Units, sign: 1 | -1): Expected {
    const known = this.#keyed(key, `${sku} ${quantity}`);
    if (known !== undefined) return known;
    this.of(sku).onHand += sign * quantity;
    return recorded;
  }

  count(sku: string, counted: number): Expected {
    this.of(sku).onHand = counted;
    return recorded;
  }

  reserve(id: string, lines: readonly Units[]): Expected {
    return this.#promise(this.reservations, id, lines, () => {
      for (const { sku, quantity } of lines) this.of(sku).reserved += quantity;
      return { said: JSON.stringify(lines), lines, state: 'held' };
    });
  }

  confirm(id: string): Expected {
    const kept = this.reservations.get(id);
    if (kept === undefined) return unknown('reservation');
    if (kept.state === 'confirmed') return { ...taken, isReplay: true };
    if (kept.state !== 'held') return outOfTurn('reservation');
    this.#letGo(kept);
    for (const { sku, quantity } of kept.lines) this.of(sku).committed += quantity;
    kept.state = 'confirmed';
    return taken;
  }

  renew(id: string): Expected {
    const kept = this.reservations.get(id);
    if (kept === undefined) return unknown('reservation');
    return kept.state === 'held' ? taken : outOfTurn('reservation');
  }

  release(id: string): Expected {
    const kept = this.reservations.get(id);
    if (kept === undefined) return unknown('reservation');
    if (kept.state === 'released') return { ...taken, isReplay: true };
    if (kept.state === 'fulfilled') return outOfTurn('reservation');
    this.#letGo(kept);
    kept.state = 'released';
    return taken;
  }

  /** The customer has it in his hand, whatever became of the reservation. */
  fulfil(id: string, receipt: string): Expected {
    const known = this.#keyed(`sale ${receipt}`, `fulfils ${id}`, { onlyLook: true });
    if (known !== undefined) return { ...known, ...(known.status === 201 ? { status: 200 } : {}) };
    const kept = this.reservations.get(id);
    if (kept === undefined) return unknown('reservation');
    if (kept.state === 'fulfilled') return outOfTurn('reservation');
    this.#keyed(`sale ${receipt}`, `fulfils ${id}`);
    this.#letGo(kept);
    for (const { sku, quantity } of kept.lines) this.of(sku).onHand -= quantity;
    kept.state = 'fulfilled';
    return taken;
  }

  plan(id: string, lines: readonly Units[]): Expected {
    return this.#promise(this.transfers, id, lines, () => {
      for (const { sku, quantity } of lines) this.of(sku).committed += quantity;
      return { said: JSON.stringify(lines), lines, state: 'planned' };
    });
  }

  /** Goods leave once; also those of a plan that was cancelled, if somebody loaded them all the same. */
  ship(id: string): Expected {
    const sent = this.transfers.get(id);
    if (sent === undefined) return unknown('transfer');
    if (sent.state === 'shipped') return { ...taken, isReplay: true };
    for (const { sku, quantity } of sent.lines) {
      if (sent.state === 'planned') this.of(sku).committed -= quantity;
      this.of(sku).onHand -= quantity;
    }
    sent.state = 'shipped';
    return taken;
  }

  cancel(id: string): Expected {
    const sent = this.transfers.get(id);
    if (sent === undefined) return unknown('transfer');
    if (sent.state === 'cancelled') return { ...taken, isReplay: true };
    if (sent.state === 'shipped') return outOfTurn('transfer');
    for (const { sku, quantity } of sent.lines) this.of(sku).committed -= quantity;
    sent.state = 'cancelled';
    return taken;
  }

  /** All lines or none, only from what is available; the same words again are the same promise. */
  #promise<P extends Promised>(known: Map<string, P>, id: string, lines: readonly Units[], make: () => P): Expected {
    const before = known.get(id);
    if (before !== undefined) {
      const isSame = before.said === JSON.stringify(lines);
      return isSame ? { ...recorded, isReplay: true } : { status: 422, code: 'id-reused' };
    }
    const demand = new Map<string, number>();
    for (const { sku, quantity } of lines) demand.set(sku, (demand.get(sku) ?? 0) + quantity);
    for (const [sku, quantity] of demand) {
      if (this.available(sku) < quantity) return { status: 409, code: 'insufficient' };
    }
    known.set(id, make());
    return recorded;
  }

  #letGo({ state, lines }: Kept): void {
    for (const { sku, quantity } of lines) {
      if (state === 'held') this.of(sku).reserved -= quantity;
      if (state === 'confirmed') this.of(sku).committed -= quantity;
    }
  }

  #keyed(key: string, body: string, { onlyLook = false } = {}): Expected | undefined {
    const before = this.#keys.get(key);
    if (before === undefined) {
      if (!onlyLook) this.#keys.set(key, body);
      return undefined;
    }
    if (before === body) return { ...recorded, isReplay: true };
    return { status: 422, code: 'idempotency-key-reused' };
  }
}
