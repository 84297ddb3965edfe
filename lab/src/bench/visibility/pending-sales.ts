/**
 * Sales on their way to central. A sale is visible when central shows its position at the sale's place in the node's log or a
 * later one. Central may be faster than the node's answer is on its way to the till: such a sale took no time.
 */
export class PendingSales {
  /** Milliseconds from the node's answer to central's event, of every sale that was seen. */
  readonly latenciesMs: number[] = [];
  readonly #waiting = new Map<string, { readonly sequence: number; readonly answeredMs: number }[]>();
  readonly #seenUpTo = new Map<string, number>();
  #waitingCount = 0;

  get count(): number {
    return this.#waitingCount;
  }

  answered(sale: { readonly position: string; readonly sequence: number }, nowMs: number): void {
    const { position, sequence } = sale;
    if ((this.#seenUpTo.get(position) ?? 0) >= sequence) {
      this.latenciesMs.push(0);
      return;
    }
    const waiting = this.#waiting.get(position) ?? [];
    waiting.push({ sequence, answeredMs: nowMs });
    this.#waiting.set(position, waiting);
    this.#waitingCount += 1;
  }

  seen(state: { readonly position: string; readonly sequence: number }, nowMs: number): void {
    const { position, sequence } = state;
    if (sequence <= (this.#seenUpTo.get(position) ?? 0)) return;
    this.#seenUpTo.set(position, sequence);
    const waiting = this.#waiting.get(position);
    if (waiting === undefined) return;
    const still = waiting.filter((sale) => sale.sequence > sequence);
    for (const sale of waiting) if (sale.sequence <= sequence) this.latenciesMs.push(nowMs - sale.answeredMs);
    this.#waitingCount -= waiting.length - still.length;
    if (still.length > 0) this.#waiting.set(position, still);
    else this.#waiting.delete(position);
  }
}
