import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { centralLimits } from '../limits.ts';

/** A batch without its bytes: while it travels only the link holds those. */
type UnderWay = { readonly lastSequence: number; streamSequence: number | undefined };

/** How far one node's log down has got. Sequences of the log, monotonic times; no input or output. */
export class DownLane {
  readonly warehouse: WarehouseId;
  /** The node has told a cursor of this log since the publisher began: before, nobody knows where to begin. */
  isOpen = false;
  /** Why nothing may be sent; absent while it may. */
  fault: string | undefined;
  /** There may be directives after `sent`. */
  isMore = true;
  /** Stream and consumer are there, as far as is known. */
  isEnsured = false;
  carriedOut: number;
  sent: number;
  progressAtMs: number;
  rewoundAtMs = Number.NEGATIVE_INFINITY;
  /** Counts rewinds: what was sent before one is answered for nobody. */
  generation = 0;
  /** Part of the message ids since the last rewind, so that the broker does not take what is sent again for a repetition. */
  run = '';
  batchesInFlight = 0;
  #brokerAcked: number;
  #underWay: UnderWay[] = [];
  /** Where batches that the node has not carried out stand in the stream, oldest first. */
  #stored: { readonly lastSequence: number; readonly streamSequence: number }[] = [];
  #trim = { keepFrom: 0, messages: 0 };

  constructor(warehouse: WarehouseId, carriedOut: number, nowMs: number) {
    this.warehouse = warehouse;
    this.carriedOut = carriedOut;
    this.sent = carriedOut;
    this.#brokerAcked = carriedOut;
    this.progressAtMs = nowMs;
  }

  get canSend(): boolean {
    return (
      this.isOpen &&
      this.fault === undefined &&
      this.isMore &&
      this.batchesInFlight < centralLimits.downBatchesInFlightMax &&
      this.room > 0
    );
  }

  /** Directives that may be sent beyond what was sent. */
  get room(): number {
    return this.carriedOut + centralLimits.downWindowDirectives - this.sent;
  }

  /** The node has carried out this much; true when that is news. */
  acknowledge(sequence: number, nowMs: number): boolean {
    if (sequence <= this.carriedOut) return false;
    this.carriedOut = sequence;
    this.progressAtMs = nowMs;
    this.sent = Math.max(this.sent, sequence);
    this.#brokerAcked = Math.max(this.#brokerAcked, sequence);
    while (this.#stored[0] !== undefined && this.#stored[0].lastSequence <= sequence) {
      const { streamSequence } = this.#stored[0];
      this.#trim = { keepFrom: Math.max(this.#trim.keepFrom, streamSequence + 1), messages: this.#trim.messages + 1 };
      this.#stored.shift();
    }
    return true;
  }

  /** A batch goes out; what comes back is told to `delivered` or `failed`. */
  send(lastSequence: number, nowMs: number): UnderWay {
    if (this.sent === this.carriedOut) this.progressAtMs = nowMs;
    this.sent = lastSequence;
    this.batchesInFlight += 1;
    const entry: UnderWay = { lastSequence, streamSequence: undefined };
    this.#underWay.push(entry);
    return entry;
  }

  /** Acknowledgements overtake one another; the cursor moves only over an unbroken run of them. */
  delivered(entry: UnderWay, streamSequence: number): void {
    entry.streamSequence = streamSequence;
    for (let first = this.#underWay[0]; first?.streamSequence !== undefined; first = this.#underWay[0]) {
      this.#underWay.shift();
      this.#brokerAcked = Math.max(this.#brokerAcked, first.lastSequence);
      this.#stored.push({ lastSequence: first.lastSequence, streamSequence: first.streamSequence });
    }
  }

  /** Sends again what comes after what the broker is known to have. */
  rewindToBroker(run: string, nowMs: number): void {
    this.rewind(Math.max(this.carriedOut, this.#brokerAcked), run, nowMs);
  }

  rewind(to: number, run: string, nowMs: number): void {
    this.generation += 1;
    this.run = run;
    this.sent = to;
    this.#brokerAcked = to;
    this.#underWay = [];
    this.isMore = true;
    this.progressAtMs = nowMs;
    this.rewoundAtMs = nowMs;
  }

  /** The stream is not the one whose places are remembered. */
  forgetPlaces(): void {
    this.#stored = [];
    this.#trim = { keepFrom: 0, messages: 0 };
    this.isEnsured = false;
  }

  /** The first place in the stream worth keeping, when it is worth a call to the broker. */
  takeTrim(): number | undefined {
    const { keepFrom, messages } = this.#trim;
    if (messages < centralLimits.trimMessagesMin) return undefined;
    this.#trim = { keepFrom, messages: 0 };
    return keepFrom;
  }
}
