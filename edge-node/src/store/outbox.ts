import type { Sku } from '@edgestock/shared/inventory/ids';
import { genesisHash } from '@edgestock/shared/protocol/chain';
import type { StateRow } from '@edgestock/shared/protocol/delta';
import type { LogIdentity } from '@edgestock/shared/protocol/message';
import { assert } from '@edgestock/shared/runtime/assert';
import type { Database } from 'better-sqlite3';
import type { ClockReading } from '../rules/ageing.ts';
import { AgeStore } from './age-store.ts';
import { Checkpoint } from './checkpoint.ts';
import type { HighWater } from './high-water.ts';
import type { InboxStore } from './inbox-store.ts';
import type { MovementStore } from './movement-store.ts';
import type { LogHead, NodeStore } from './node-store.ts';
import type { ShelfStore } from './shelf-store.ts';
import { type SnapshotPage, SnapshotRows } from './snapshot-rows.ts';
import { TornLog } from './torn-log.ts';

/** Consecutive deltas as they are stored, ready to be sent. */
export type OutboxSlice = {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly hashBefore: Uint8Array;
  readonly hashLast: Uint8Array;
  readonly deltas: readonly Uint8Array[];
};

/**
 * The log as replication reads it. There is no outbox table: the movement log itself is what is sent, and cursors say how
 * far. Nothing is queued in memory, so days without a link cost disk and nothing else.
 */
export class Outbox {
  readonly #node: NodeStore;
  readonly #movements: MovementStore;
  readonly #shelves: ShelfStore;
  readonly #checkpoint: Checkpoint;
  readonly #age: AgeStore;
  readonly #inbox: InboxStore;
  readonly #highWater: HighWater;
  readonly #snapshot: SnapshotRows;
  #head: LogHead;
  #appliedUpTo: number;
  #identity: LogIdentity;

  constructor(stores: {
    database: Database;
    node: NodeStore;
    movements: MovementStore;
    shelves: ShelfStore;
    inbox: InboxStore;
    highWater: HighWater;
  }) {
    this.#node = stores.node;
    this.#movements = stores.movements;
    this.#shelves = stores.shelves;
    this.#inbox = stores.inbox;
    this.#highWater = stores.highWater;
    this.#checkpoint = new Checkpoint(stores.database, stores.node);
    this.#age = new AgeStore(stores.database);
    this.#snapshot = new SnapshotRows(stores.database);
    this.#head = stores.node.head();
    this.#appliedUpTo = stores.node.appliedUpTo();
    this.#identity = stores.node.identity();
  }

  identity(): LogIdentity {
    return this.#identity;
  }

  /** Enrolment: the provisional epoch becomes the one central issued. */
  adoptEpoch(epoch: number): void {
    this.#node.adoptEpoch(epoch);
    this.#identity = this.#node.identity();
  }

  /** The last committed place of the log. */
  head(): LogHead {
    return this.#head;
  }

  /** The ledger's transaction has moved the head; called after its commit. */
  committed(head: LogHead): void {
    this.#head = head;
    this.#highWater.note(head);
  }

  /** Oldest sequence still in the log; one past the head when it is empty. */
  firstSequence(): number {
    return this.#node.checkpoint().sequence + 1;
  }

  /** The chain hash at a place; `undefined` where the log was trimmed or has not got to. */
  hashAt(sequence: number): Uint8Array | undefined {
    if (sequence === 0) return genesisHash;
    const checkpoint = this.#node.checkpoint();
    return sequence === checkpoint.sequence ? checkpoint.hash : this.#movements.hashAt(sequence);
  }

  /**
   * How many movements of salvaged books are neither here nor in a log that ends at a place: at the most, since nothing is known of that
   * log but its end, and whether this one is a part of it.
   */
  missingBeyond(end: LogHead, isPrefix: boolean | undefined): number {
    // Nothing else has gaps, and counting takes its time.
    if (this.#node.restored()?.kind !== 'salvaged' && this.#node.restored()?.kind !== 'rolled-back') return 0;
    const torn = new TornLog(this.#node, this.#movements);
    const head = this.#node.head();
    const other = {
      head: end.sequence,
      hashAt: (at: number) =>
        at === end.sequence ? end.hash : isPrefix === true && at === head.sequence ? head.hash : undefined,
    };
    return torn.missingBeyond(torn.commonByEnds(other) ?? 0, other);
  }

  /** The deltas after a place, as many as the limits allow; at least one when there is one. */
  slice(afterSequence: number, limits: { deltasMax: number; bytesMax: number }): OutboxSlice | undefined {
    const rows = this.#movements.after(afterSequence, limits.deltasMax);
    const hashBefore = this.hashAt(afterSequence);
    if (rows.length === 0 || hashBefore === undefined) return undefined;
    let bytes = 0;
    const fitting = rows.filter(({ delta }, index) => {
      bytes += delta.length;
      return index === 0 || bytes <= limits.bytesMax;
    });
    // A batch ends between the effects of two directives: where it ends may become the end of this log, should the disk be lost.
    const split = this.#inbox.splitAt(afterSequence + fitting.length);
    if (split !== undefined && split > afterSequence) fitting.length = split - afterSequence;
    const last = fitting.at(-1);
    assert(last !== undefined && last.sequence === afterSequence + fitting.length, 'the log has no gaps');
    return {
      firstSequence: afterSequence + 1,
      lastSequence: last.sequence,
      hashBefore,
      hashLast: last.hash,
      deltas: fitting.map((row) => row.delta),
    };
  }

  /** The last of central's directives whose effects are all in the log up to a sequence. */
  carriedOutAt(sequence: number): number {
    return this.#inbox.carriedOutAt(sequence);
  }

  /** The SKUs that moved in (after, upTo], without order. */
  skusTouched(afterSequence: number, upToSequence: number): Sku[] {
    return this.#movements.skusTouched(afterSequence, upToSequence);
  }

  /** Current states of the SKUs, with the time of each one's last movement. */
  states(skus: readonly Sku[]): StateRow[] {
    return skus.flatMap((sku) => this.#shelves.stateRow(sku) ?? []);
  }

  /** Current states in the order of their SKUs, after one or from the first (`''`). */
  statesAfter(sku: Sku | '', rowsMax: number): readonly StateRow[] {
    return this.#shelves.stateRowsAfter(sku, rowsMax);
  }

  /** Positions as they were where the log begins, of the next SKUs after one or from the first (`''`). */
  snapshotRowsAfter(sku: Sku | '', skusMax: number): SnapshotPage {
    return this.#snapshot.after(sku, this.#node.checkpoint().sequence, skusMax);
  }

  /** Central's cursor in this log. */
  appliedUpTo(): number {
    return this.#appliedUpTo;
  }

  /**
   * Central said how far it has got. Never backwards. Written along with the ledger's next commit: central says it again
   * after a crash, so it is worth no fsync of its own.
   */
  setAppliedUpTo(sequence: number): void {
    assert(
      sequence <= this.#head.sequence,
      () => `central cannot have applied ${sequence}: the log ends at ${this.#head.sequence}`,
    );
    this.#appliedUpTo = Math.max(this.#appliedUpTo, sequence);
  }

  /**
   * Drops movements that central has applied and that have had their time (`agedUpTo`), folding them into the checkpoint;
   * returns how many. P2: `rules/trim-bound.ts` says what may go.
   */
  trim(options: { agedUpTo: number; rowsMax: number }): number {
    return this.#checkpoint.advance({ ...options, appliedUpTo: this.#appliedUpTo });
  }

  /** Reckons how much time has passed since the last look; called once a minute or so for as long as the node runs. */
  age(now: ClockReading): void {
    this.#age.look(now, this.#head.sequence);
    this.#highWater.flush();
  }

  /** The last sequence that has been in the log for at least so long; 0 when none has. */
  agedUpTo(retentionMs: number): number {
    const sequence = this.#age.agedUpTo(retentionMs);
    this.#age.dropMarksBefore(sequence);
    return sequence;
  }

  /** Makes the file beside the database say where the log stands; false when the disk does not take it. */
  keepHighWater(): boolean {
    return this.#highWater.flush();
  }

  /** Writes what is only in memory. */
  flush(): void {
    this.#highWater.flush();
    if (this.#appliedUpTo > this.#node.appliedUpTo()) this.#node.setAppliedUpTo(this.#appliedUpTo);
  }
}
