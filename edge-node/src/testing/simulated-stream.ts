/**
 * The broker's stream down and the one consumer on it, in memory: keeps what was not acknowledged, over restarts of the node.
 * Remembers ids like the broker does.
 */
export class SimulatedStream {
  readonly #unacknowledged = new Map<number, Uint8Array>();
  readonly #knownIds = new Set<string>();
  readonly #listeners = new Set<(place: number) => void>();
  #last = 0;

  add(bytes: Uint8Array, messageId: string): void {
    if (this.#knownIds.has(messageId)) return;
    this.#knownIds.add(messageId);
    this.#last += 1;
    this.#unacknowledged.set(this.#last, bytes);
    for (const listener of [...this.#listeners]) listener(this.#last);
  }

  /** Told the place of every new message. The returned function unsubscribes. */
  onAdd(listener: (place: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get unacknowledged(): readonly number[] {
    return [...this.#unacknowledged.keys()];
  }

  at(place: number): Uint8Array | undefined {
    return this.#unacknowledged.get(place);
  }

  acknowledge(place: number): void {
    this.#unacknowledged.delete(place);
  }

  /** The stream is gone, and all that was in it. */
  clear(): void {
    this.#unacknowledged.clear();
  }
}
