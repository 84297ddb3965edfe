import type { SourceMessage } from '@edgestock/central/ingest/source';

export type UpMessage = Omit<SourceMessage, 'acknowledge'>;

/** A message at its place: places are given out again after a power cut, so that neither names a message by itself. */
export type Stored = { readonly place: number; readonly message: UpMessage; isAcknowledged: boolean };

/** Of what central has acknowledged the broker keeps the last so many: a consumer that is made anew reads them again. */
const ACKNOWLEDGED_KEPT = 40;

/** The broker's stream up and central's consumer on it, in memory. */
export class UpStream {
  readonly #stored = new Map<number, Stored>();
  #last = 0;
  #consumed = 0;

  /** Messages that central has not acknowledged. */
  get waiting(): number {
    return [...this.#stored.values()].filter(({ isAcknowledged }) => !isAcknowledged).length;
  }

  /** Absent when the consumer is ahead of the stream: it is not told of this one. */
  add(message: UpMessage): Stored | undefined {
    this.#last += 1;
    const stored = { place: this.#last, message, isAcknowledged: false };
    this.#stored.set(this.#last, stored);
    if (this.#last <= this.#consumed) return undefined;
    this.#consumed = this.#last;
    return stored;
  }

  /** Still to be delivered, and the consumer knows of it. */
  isOffered(stored: Stored): boolean {
    return this.#stored.get(stored.place) === stored && !stored.isAcknowledged;
  }

  /** What a consumer that was interrupted delivers again. */
  get offered(): readonly Stored[] {
    return [...this.#stored.values()].filter((stored) => !stored.isAcknowledged);
  }

  acknowledge(stored: Stored): void {
    stored.isAcknowledged = true;
    for (const { place, isAcknowledged } of this.#stored.values()) {
      if (place > this.#last - ACKNOWLEDGED_KEPT) return;
      if (isAcknowledged) this.#stored.delete(place);
    }
  }

  /** A power cut takes the end, and its places are given out again. */
  loseEnd(messages: number, { isConsumerAhead }: { readonly isConsumerAhead: boolean }): void {
    const keptUpTo = Math.max(0, this.#last - messages);
    for (let place = this.#last; place > keptUpTo; place -= 1) this.#stored.delete(place);
    this.#last = keptUpTo;
    if (!isConsumerAhead) this.#consumed = keptUpTo;
  }

  clear(): void {
    this.#stored.clear();
    this.#last = 0;
    this.#consumed = 0;
  }

  /** The consumer is made anew and reads from the beginning: what it gets once more. */
  renewConsumer(): readonly Stored[] {
    this.#consumed = this.#last;
    for (const stored of this.#stored.values()) stored.isAcknowledged = false;
    return [...this.#stored.values()];
  }
}
