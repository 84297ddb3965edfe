import type { Sku } from '@edgestock/shared/inventory/ids';

/** Which answers a stream is about: the named SKUs, or every change. */
export type StreamTopic = { readonly skus: ReadonlySet<Sku> } | 'all-changes';

/**
 * One reader of the event stream, with a bounded buffer. It never grows: `offer` refuses what does not fit, and `onRoom` is
 * called when the reader has taken enough for more to be worth while. Whoever feeds it keeps only the place it has got to.
 */
export class StreamClient {
  readonly topic: StreamTopic;
  readonly body: ReadableStream<Uint8Array>;
  /** Everything the topic has up to this revision was handed over; -1 = nothing yet. */
  sentUpTo: number;
  /** Whether it is fed as changes happen. Otherwise it is behind, and is caught up from `sentUpTo` when it has room. */
  isLive = false;
  isCatchingUp = false;

  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** Monotonic time since which it is behind and its reader has taken nothing. */
  #waitingSinceMs: number;
  readonly #monotonicMs: () => number;
  readonly #bufferBytesMax: number;
  readonly #abort: () => void;

  constructor(options: {
    readonly topic: StreamTopic;
    readonly resumeAfter: number | undefined;
    readonly bufferBytesMax: number;
    readonly monotonicMs: () => number;
    readonly onRoom: (client: StreamClient) => void;
    readonly onGone: (client: StreamClient) => void;
    /** Cuts the connection: a reader that takes nothing would not notice a polite end either. */
    readonly abort: () => void;
  }) {
    this.topic = options.topic;
    this.sentUpTo = options.resumeAfter ?? -1;
    this.#monotonicMs = options.monotonicMs;
    this.#waitingSinceMs = options.monotonicMs();
    this.#bufferBytesMax = options.bufferBytesMax;
    this.#abort = options.abort;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => {
          this.#waitingSinceMs = this.#monotonicMs();
          if (!this.isLive && this.hasRoom) options.onRoom(this);
        },
        cancel: () => {
          this.#controller = undefined;
          options.onGone(this);
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: options.bufferBytesMax }),
    );
  }

  get isGone(): boolean {
    return this.#controller === undefined;
  }

  /** Half the buffer: a reader that is behind is fed in runs, not frame by frame. */
  get hasRoom(): boolean {
    return (this.#controller?.desiredSize ?? 0) >= this.#bufferBytesMax / 2;
  }

  /** Hands over a frame; false, and nothing is kept, when the reader's buffer is full. An empty buffer takes any frame. */
  offer(frame: Uint8Array): boolean {
    const room = this.#controller?.desiredSize ?? 0;
    if (this.#controller === undefined || (room < frame.length && room < this.#bufferBytesMax)) return false;
    this.#controller.enqueue(frame);
    return true;
  }

  /** Its buffer is full: nothing more is handed over until the reader has made room. */
  fallBehind(): void {
    this.isLive = false;
    this.#waitingSinceMs = this.#monotonicMs();
  }

  isStalledFor(durationMs: number): boolean {
    return !this.isLive && this.#monotonicMs() - this.#waitingSinceMs >= durationMs;
  }

  /** Ends the stream in good order: what was handed over still arrives. */
  end(): void {
    this.#controller?.close();
    this.#controller = undefined;
  }

  /** Ends it at once. */
  cut(): void {
    this.#controller = undefined;
    this.#abort();
  }
}
