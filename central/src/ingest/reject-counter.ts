import { createHash } from 'node:crypto';
import { centralLimits } from '../limits.ts';

/** Counts how often the same unreadable bytes came from the same subject, for as many as are worth remembering. */
export class RejectCounter {
  readonly #timesSeen = new Map<string, number>();

  /** Times these bytes were seen, this one included. */
  count(subjectWarehouse: string, bytes: Uint8Array): number {
    const key = `${subjectWarehouse} ${createHash('sha256').update(bytes).digest('base64')}`;
    const times = (this.#timesSeen.get(key) ?? 0) + 1;
    this.#timesSeen.delete(key);
    this.#timesSeen.set(key, times);
    this.#forgetOldest();
    return times;
  }

  #forgetOldest(): void {
    if (this.#timesSeen.size <= centralLimits.rejectsRememberedMax) return;
    for (const oldest of this.#timesSeen.keys()) {
      this.#timesSeen.delete(oldest);
      return;
    }
  }
}
