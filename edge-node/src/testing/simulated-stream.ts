/**
 * The broker's stream down and the one consumer on it, in memory: keeps what was not acknowledged, over restarts of the node.
 * Remembers ids like the broker does.
 */
export class SimulatedStream {
  readonly #unacknowledged = new Map<number, Uint8Array>();
  readonly #idOf = new Map<number, string>();
  readonly #knownIds = new Set<string>();
  readonly #listeners = new Set<(place: number) => void>();
  #last = 0;
  /** Up to where the consumer has been told of messages; beyond `#last` after the stream has lost its end. */
  #consumed = 0;
  /** What was added behind a consumer that is ahead of the stream: it is told of none of these. */
  readonly #unseen = new Set<number>();

  /** The place of the message, or of the last one when the broker knows its id. */
  add(bytes: Uint8Array, messageId: string): number {
    if (this.#knownIds.has(messageId)) return this.#last;
    this.#knownIds.add(messageId);
    this.#last += 1;
    this.#unacknowledged.set(this.#last, bytes);
    this.#idOf.set(this.#last, messageId);
    if (this.#last <= this.#consumed) this.#unseen.add(this.#last);
    else {
      this.#consumed = this.#last;
      this.#tell(this.#last);
    }
    return this.#last;
  }

  /** Told the place of every new message. The returned function unsubscribes. */
  onAdd(listener: (place: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The last place that was given out. */
  get last(): number {
    return this.#last;
  }

  /** What the consumer may be offered. */
  get unacknowledged(): readonly number[] {
    return [...this.#unacknowledged.keys()].filter((place) => !this.#unseen.has(place));
  }

  /** The consumer waits for places that the stream has lost: of new messages it is told nothing. */
  get isConsumerAhead(): boolean {
    return this.#consumed > this.#last || this.#unseen.size > 0;
  }

  at(place: number): Uint8Array | undefined {
    return this.#unseen.has(place) ? undefined : this.#unacknowledged.get(place);
  }

  acknowledge(place: number): void {
    this.#unacknowledged.delete(place);
    this.#unseen.delete(place);
  }

  /** The broker drops what lies before a place. */
  purge(keepFrom: number): void {
    for (const place of [...this.#unacknowledged.keys()]) if (place < keepFrom) this.acknowledge(place);
  }

  /** The stream is gone, and all that was in it. */
  clear(): void {
    this.#unacknowledged.clear();
    this.#unseen.clear();
    this.#idOf.clear();
  }

  /**
   * A power cut takes the end of the stream, acknowledged by the broker or not, and its places are given out again. Whether the
   * broker still knows the ids (then it swallows the same messages sent again), and whether its consumer went back too, is
   * chance with a real one.
   */
  loseEnd(messages: number, survives: { readonly areIdsKnown: boolean; readonly isConsumerAhead: boolean }): void {
    const keptUpTo = Math.max(0, this.#last - messages);
    for (let place = this.#last; place > keptUpTo; place -= 1) {
      this.acknowledge(place);
      const id = this.#idOf.get(place);
      this.#idOf.delete(place);
      if (id !== undefined && !survives.areIdsKnown) this.#knownIds.delete(id);
    }
    this.#last = keptUpTo;
    if (!survives.isConsumerAhead) this.#consumed = keptUpTo;
  }

  /** The consumer is made anew: it is told of everything that waits. */
  renewConsumer(): void {
    this.#consumed = this.#last;
    this.#unseen.clear();
    for (const place of [...this.#unacknowledged.keys()]) this.#tell(place);
  }

  #tell(place: number): void {
    for (const listener of [...this.#listeners]) listener(place);
  }
}
