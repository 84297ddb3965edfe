/** The states that central must show before its answers are right, and when the last of them was seen. */
export class AwaitedStates {
  /** Resolves with the time, monotonic milliseconds, at which none was missing any more. */
  readonly complete: Promise<number>;
  readonly #missing: Map<string, number>;
  readonly #completed: (atMs: number) => void;

  /** By SKU, the place in the node's log of the state that is awaited, or of a later one. */
  constructor(sequenceBySku: ReadonlyMap<string, number>) {
    this.#missing = new Map(sequenceBySku);
    const { promise, resolve } = Promise.withResolvers<number>();
    this.complete = promise;
    this.#completed = resolve;
  }

  get missing(): number {
    return this.#missing.size;
  }

  seen({ sku, sequence }: { readonly sku: string; readonly sequence: number }, nowMs: number): void {
    const awaited = this.#missing.get(sku);
    if (awaited === undefined || sequence < awaited) return;
    this.#missing.delete(sku);
    if (this.#missing.size === 0) this.#completed(nowMs);
  }
}
