import { get, type IncomingMessage } from 'node:http';
import { systemClock } from '@edgestock/shared/runtime/clock';

export type ReadEvent = {
  /** As it came, to resume after; and the revision in it. */
  readonly lastEventId: string;
  readonly id: number;
  readonly data: { readonly sku: string; readonly available: number; readonly revision: number };
};

/** A reader of an event stream on a socket of its own, which it can stop reading. */
export class EventReader {
  text = '';
  readonly response: IncomingMessage;
  #isEnded = false;

  private constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      this.text += part;
    });
    response.on('close', () => {
      this.#isEnded = true;
    });
    // A connection that is cut ends the stream; whether it did is what tests ask.
    response.on('error', () => undefined);
  }

  static open(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
    return new Promise((resolve, reject) => {
      // Its own connection: a pooled one would not be closed with the stream.
      get(url, { headers, agent: false }, (response) => resolve(new EventReader(response))).on('error', reject);
    });
  }

  get events(): readonly ReadEvent[] {
    return [...this.text.matchAll(/^id: (\S*?(\d+))\ndata: (.*)\n\n/gm)].map(([, lastEventId, id, data]) => ({
      lastEventId: lastEventId ?? '',
      id: Number(id),
      data: JSON.parse(data ?? ''),
    }));
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Resolves when it holds; throws with what came instead. */
  async until(isReached: (reader: EventReader) => boolean, withinMs = 5_000): Promise<void> {
    for (const end = systemClock.monotonicMs() + withinMs; !isReached(this); ) {
      if (systemClock.monotonicMs() > end) throw new Error(`not reached; the stream held: ${this.text.slice(-2_000)}`);
      await systemClock.sleep(2);
    }
  }

  stopReading(): void {
    this.response.pause();
  }

  readOn(): void {
    this.response.resume();
  }

  close(): void {
    this.response.destroy();
  }
}
