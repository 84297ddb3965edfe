import { centralLimits } from '../limits.ts';

/**
 * Remembers how far each subject of the stream is done with, so that the broker need not keep it for a week. Only what was
 * acknowledged since the last trim counts: places in a stream mean nothing after it was made anew.
 */
export class StreamTrimmer {
  readonly #done = new Map<string, { upTo: number; messages: number }>();

  note(subject: string, streamSequence: number): void {
    const known = this.#done.get(subject);
    if (known === undefined) this.#done.set(subject, { upTo: streamSequence, messages: 1 });
    else {
      known.upTo = Math.max(known.upTo, streamSequence);
      known.messages += 1;
    }
  }

  forgetAll(): void {
    this.#done.clear();
  }

  /** Subjects worth a trim, each with the first place to keep. */
  take(): readonly { readonly subject: string; readonly keepFrom: number }[] {
    const worth: { subject: string; keepFrom: number }[] = [];
    for (const [subject, { upTo, messages }] of this.#done) {
      if (messages < centralLimits.trimMessagesMin) continue;
      worth.push({ subject, keepFrom: upTo + 1 });
      this.#done.delete(subject);
    }
    return worth;
  }
}
