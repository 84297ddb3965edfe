import { chainHash, genesisHash } from '@edgestock/shared/protocol/chain';
import { encodeDownBatch } from '@edgestock/shared/protocol/codec';
import type { HeartbeatRequest } from '@edgestock/shared/protocol/control';
import type { DownBatch } from '@edgestock/shared/protocol/message';
import { SCHEMA_MAX } from '@edgestock/shared/protocol/version';
import { must } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';

const STALL_MS = 15_000;

/**
 * Central's log for one node, and how it is sent: in batches, again from the node's cursor when it needs something or nothing
 * moves. Sends nothing to a node that has not said where it stands, or stands in another history.
 */
export class ModelDirectives {
  readonly #clock: Clock;
  /** `log[i]` is sequence i + 1. */
  log: Uint8Array[] = [];
  #hashes: Uint8Array[] = [genesisHash];
  centralEpoch = 1;
  batchDirectivesMax = 20;
  /** How a batch leaves central. */
  send: (bytes: Uint8Array, messageId: string) => void = () => undefined;
  isKnown = false;
  sent = 0;
  carriedOut = 0;
  resends = 0;
  /** Heartbeats in which the node stood in another history. */
  mismatches = 0;
  #movedAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  append(...directives: readonly Uint8Array[]): void {
    for (const directive of directives) {
      this.#hashes.push(chainHash(this.#hashAt(this.log.length), directive));
      this.log.push(directive);
    }
    if (this.isKnown) this.#sendRest();
  }

  /** What comes after this sequence is another history from now on, as after a restore from a backup. */
  rewrite(after: number, ...directives: readonly Uint8Array[]): void {
    this.log = this.log.slice(0, after);
    this.#hashes = this.#hashes.slice(0, after + 1);
    this.sent = after;
    this.append(...directives);
  }

  /** Another life of central, with a log of its own, for a node that has to take it up first. */
  beginEpoch(centralEpoch: number): void {
    this.centralEpoch = centralEpoch;
    this.isKnown = false;
    this.carriedOut = 0;
    this.rewrite(0);
  }

  /** The directives of these sequences as central would send them. */
  batch(firstSequence: number, lastSequence: number, other: Partial<DownBatch> = {}): Buffer {
    return encodeDownBatch({
      warehouse: 'BER1' as DownBatch['warehouse'],
      centralEpoch: this.centralEpoch,
      firstSequence,
      lastSequence,
      hashBefore: this.#hashAt(firstSequence - 1),
      hashLast: this.#hashAt(lastSequence),
      schema: SCHEMA_MAX,
      directives: this.log.slice(firstSequence - 1, lastSequence),
      ...other,
    });
  }

  recordCarriedOut(sequence: number): void {
    if (sequence <= this.carriedOut) return;
    this.carriedOut = sequence;
    this.#movedAt = this.#clock.monotonicMs();
  }

  hear(down: HeartbeatRequest['down']): void {
    if (down === undefined) return;
    if (!this.#isSameHistory(down)) {
      this.mismatches += 1;
      return;
    }
    this.recordCarriedOut(down.sequence);
    const isStalled = this.sent > this.carriedOut && this.#clock.monotonicMs() - this.#movedAt >= STALL_MS;
    if (down.need || isStalled) this.#rewind(down.sequence);
    this.isKnown = true;
    this.#sendRest();
  }

  #isSameHistory({ centralEpoch, sequence, hash }: NonNullable<HeartbeatRequest['down']>): boolean {
    if (sequence === 0) return centralEpoch === 0 || centralEpoch === this.centralEpoch;
    const own = this.#hashes[sequence];
    return centralEpoch === this.centralEpoch && own !== undefined && Buffer.from(own).toString('hex') === hash;
  }

  #rewind(to: number): void {
    this.sent = to;
    this.resends += 1;
    this.#movedAt = this.#clock.monotonicMs();
  }

  #sendRest(): void {
    if (this.sent < this.log.length && this.sent === this.carriedOut) this.#movedAt = this.#clock.monotonicMs();
    while (this.sent < this.log.length) {
      const last = Math.min(this.log.length, this.sent + this.batchDirectivesMax);
      const hash = Buffer.from(this.#hashAt(last)).toString('hex', 0, 4);
      this.send(
        this.batch(this.sent + 1, last),
        `${this.centralEpoch}.${this.sent + 1}-${last}.${hash}.${this.resends}`,
      );
      this.sent = last;
    }
  }

  #hashAt(sequence: number): Uint8Array {
    return must(this.#hashes[sequence], `central's log has no ${sequence}`);
  }
}
