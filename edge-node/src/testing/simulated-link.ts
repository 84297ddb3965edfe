import { assert } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Random } from '@edgestock/shared/runtime/random';
import { replicationLimits } from '../replication/limits.ts';
import { type DownMessage, type Link, LinkError } from '../replication/link.ts';
import { SimulatedStream } from './simulated-stream.ts';

/** After this time the broker offers again what was not acknowledged. */
const ACK_WAIT_MS = 1_000;

/** What the wire does to what is on it. Probabilities are of one passage, one way. */
export type LinkFaults = {
  readonly loss: number;
  readonly duplication: number;
  /** A passage takes a time between these: wider than the distance of two messages, and they overtake one another. */
  readonly delayMs: readonly [number, number];
  /** Nothing gets to the other side; what comes back still does. */
  readonly isUpCut: boolean;
  readonly isDownCut: boolean;
  /** The broker acknowledges and forgets: what a power cut leaves of the last seconds. */
  readonly brokerLoss: number;
  readonly isCentralDown: boolean;
  /** The broker is there, the stream is not. */
  readonly isStreamGone: boolean;
};

export const noFaults: LinkFaults = {
  loss: 0,
  duplication: 0,
  delayMs: [1, 1],
  isUpCut: false,
  isDownCut: false,
  brokerLoss: 0,
  isCentralDown: false,
  isStreamGone: false,
};

/** What is at the far end. */
export type FarEnd = {
  deliver(subject: string, bytes: Uint8Array): void;
  answer(subject: string, body: unknown): Promise<unknown>;
};

/** The link in memory, on virtual time: every fault of a real line, from a seed. Remembers ids like the broker does. */
export class SimulatedLink implements Link {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #farEnd: FarEnd;
  readonly #listeners = new Set<(isConnected: boolean) => void>();
  readonly #waiting = new Set<(error: LinkError) => void>();
  readonly #knownIds = new Set<string>();
  readonly #stream: SimulatedStream;
  readonly #unsubscribe: () => void;
  /** Of messages of the stream that were offered: what cancels the next offer. */
  readonly #offered = new Map<number, () => void>();
  #down: ((message: DownMessage) => void) | undefined;
  #isConnected: boolean;
  #isClosed = false;
  faults: LinkFaults = noFaults;
  publishes = 0;
  requests = 0;
  requestsUnderWay = 0;
  requestsUnderWayMax = 0;
  inFlight = { batches: 0, bytes: 0, batchesMax: 0, bytesMax: 0 };

  constructor(options: {
    clock: Clock;
    random: Random;
    farEnd: FarEnd;
    isConnected?: boolean;
    stream?: SimulatedStream;
  }) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#farEnd = options.farEnd;
    this.#isConnected = options.isConnected ?? true;
    this.#stream = options.stream ?? new SimulatedStream();
    this.#unsubscribe = this.#stream.onAdd((place) => this.#offer(place));
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  onChange(listener: (isConnected: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  setConnected(isConnected: boolean): void {
    if (isConnected === this.#isConnected || this.#isClosed) return;
    this.#isConnected = isConnected;
    if (!isConnected) for (const fail of [...this.#waiting]) fail(new LinkError('disconnected', 'the line was cut'));
    for (const listener of [...this.#listeners]) listener(isConnected);
    this.#offerAll();
  }

  onDown(listener: (message: DownMessage) => void): () => void {
    assert(this.#down === undefined, 'the way down has a listener already');
    this.#down = listener;
    this.#offerAll();
    return () => {
      if (this.#down === listener) this.#down = undefined;
    };
  }

  async publish(subject: string, bytes: Uint8Array, messageId: string): Promise<void> {
    this.publishes += 1;
    this.#count(1, bytes.length);
    try {
      await this.#exchange(replicationLimits.publishTimeoutMs, async () => {
        if (this.faults.isStreamGone) throw new LinkError('no-responders', 'there is no stream');
        if (this.#knownIds.has(messageId)) return;
        this.#knownIds.add(messageId);
        if (this.#happens(this.faults.brokerLoss)) return;
        const copies = this.#happens(this.faults.duplication) ? 2 : 1;
        for (let copy = 0; copy < copies; copy += 1) {
          this.#clock.after(this.#delayMs(), () => this.#farEnd.deliver(subject, bytes));
        }
      });
    } finally {
      this.#count(-1, -bytes.length);
    }
  }

  async request(subject: string, body: unknown, timeoutMs: number): Promise<unknown> {
    this.requests += 1;
    const sent: unknown = JSON.parse(JSON.stringify(body));
    this.requestsUnderWay += 1;
    this.requestsUnderWayMax = Math.max(this.requestsUnderWayMax, this.requestsUnderWay);
    try {
      return await this.#exchange(timeoutMs, async () => {
        if (this.faults.isCentralDown) throw new LinkError('no-responders', 'central is down');
        return this.#farEnd.answer(subject, sent);
      });
    } finally {
      this.requestsUnderWay -= 1;
    }
  }

  async close(): Promise<void> {
    this.setConnected(false);
    this.#isClosed = true;
    this.#unsubscribe();
  }

  #offerAll(): void {
    for (const place of this.#stream.unacknowledged) this.#offer(place);
  }

  /** Until it is acknowledged, a message comes again and again. */
  #offer(place: number): void {
    this.#offered.get(place)?.();
    this.#offered.delete(place);
    if (this.faults.isStreamGone) this.#stream.clear();
    const bytes = this.#stream.at(place);
    if (bytes === undefined || !this.#isConnected || this.#down === undefined) return;
    const copies = this.#happens(this.faults.duplication) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) this.#travel(this.faults.isDownCut, () => this.#deliver(place, bytes));
    this.#offered.set(
      place,
      this.#clock.after(ACK_WAIT_MS, () => this.#offer(place)),
    );
  }

  #deliver(place: number, bytes: Uint8Array): void {
    if (!this.#isConnected) return;
    this.#down?.({
      bytes,
      acknowledge: () => this.#travel(!this.#isConnected || this.faults.isUpCut, () => this.#stream.acknowledge(place)),
    });
  }

  /** There, done, and back: each way may fail, and then only the timeout tells. */
  #exchange<T>(timeoutMs: number, arrive: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!this.#isConnected) return reject(new LinkError('disconnected', 'there is no line'));
      const settle = (end: () => void) => {
        cancelTimeout();
        this.#waiting.delete(fail);
        end();
      };
      const fail = (error: LinkError) => settle(() => reject(error));
      const cancelTimeout = this.#clock.after(timeoutMs, () => fail(new LinkError('timeout', 'no answer in time')));
      this.#waiting.add(fail);
      this.#travel(this.faults.isUpCut, () => {
        const back = (end: () => void) => this.#travel(this.faults.isDownCut, () => settle(end));
        arrive().then(
          (result) => back(() => resolve(result)),
          (error: unknown) => back(() => reject(error)),
        );
      });
    });
  }

  #travel(isCut: boolean, arrive: () => void): void {
    if (isCut || this.#happens(this.faults.loss)) return;
    this.#clock.after(this.#delayMs(), arrive);
  }

  #delayMs(): number {
    const [shortest, longest] = this.faults.delayMs;
    return shortest + this.#random.fraction() * (longest - shortest);
  }

  #happens(probability: number): boolean {
    return probability > 0 && this.#random.fraction() < probability;
  }

  #count(batches: number, bytes: number): void {
    const { inFlight } = this;
    inFlight.batches += batches;
    inFlight.bytes += bytes;
    inFlight.batchesMax = Math.max(inFlight.batchesMax, inFlight.batches);
    inFlight.bytesMax = Math.max(inFlight.bytesMax, inFlight.bytes);
  }
}
