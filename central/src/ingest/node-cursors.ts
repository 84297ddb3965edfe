import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { shardOf } from '@edgestock/shared/protocol/subjects';
import type { Clock } from '@edgestock/shared/runtime/clock';
import { centralLimits } from '../limits.ts';
import type { NodeRecord } from '../rules/node-record.ts';

/** What a heartbeat's answer is made of: the committed cursor and what else the node should know. */
export type NodeCursor = {
  readonly epoch: number;
  readonly instance: string;
  readonly appliedUpTo: number;
  readonly appliedHash: Uint8Array;
  /** When it last moved, in monotonic milliseconds; before all time = not in this life of central. */
  readonly movedAtMs: number;
  readonly fenceReason?: string | undefined;
  /** Central met a gap or could not read something: the node should send again from here. */
  readonly need?: number | undefined;
  /** Monotonic milliseconds; before all time = never. */
  readonly needToldAtMs: number;
  /** What was under way may have been lost (central or the broker restarted): worth asking for if it does not come by itself. */
  readonly isInDoubt: boolean;
  /**
   * Place in the node's log from which on its warehouse is settled in this epoch of central; infinite while the node has not
   * said where it stands, absent where it needs not.
   */
  readonly settlesAt?: number | undefined;
};

/**
 * The nodes' cursors at hand, so that a heartbeat costs no read. They follow the store: set only after a commit. A heartbeat
 * may wait here until its node's cursor has caught up.
 */
export class NodeCursors {
  readonly #cursors = new Map<WarehouseId, NodeCursor>();
  readonly #waiting = new Map<WarehouseId, Set<() => void>>();
  readonly #clock: Clock;

  constructor(records: readonly NodeRecord[], clock: Clock) {
    this.#clock = clock;
    for (const record of records) this.set(record);
  }

  get(warehouse: WarehouseId): NodeCursor | undefined {
    return this.#cursors.get(warehouse);
  }

  /** Takes over what the store says: at the start, and when a node was enrolled. */
  set(record: NodeRecord): void {
    this.#cursors.set(record.warehouse, {
      epoch: record.epoch,
      instance: record.instance,
      appliedUpTo: record.appliedUpTo,
      appliedHash: record.appliedHash,
      movedAtMs: Number.NEGATIVE_INFINITY,
      fenceReason: record.fence?.reason,
      needToldAtMs: Number.NEGATIVE_INFINITY,
      isInDoubt: true,
      settlesAt: record.unsettled && (record.unsettled.until ?? Number.POSITIVE_INFINITY),
    });
    this.#wake(record.warehouse);
  }

  /** Takes over where the store is ahead of what is at hand: a write whose answer was lost has taken effect after all. */
  catchUp(records: readonly NodeRecord[]): void {
    for (const record of records) {
      const cursor = this.#cursors.get(record.warehouse);
      const isBehind =
        cursor === undefined ||
        record.epoch > cursor.epoch ||
        (record.epoch === cursor.epoch && record.appliedUpTo > cursor.appliedUpTo) ||
        (record.fence !== undefined && cursor.fenceReason === undefined);
      if (isBehind) this.set(record);
    }
  }

  /** When the cursor of any of the shard last moved, in monotonic milliseconds. */
  movedAtMs(shard: number): number {
    let latest = Number.NEGATIVE_INFINITY;
    for (const [warehouse, { movedAtMs }] of this.#cursors) {
      if (movedAtMs > latest && shardOf(warehouse) === shard) latest = movedAtMs;
    }
    return latest;
  }

  /** What the node's messages say of central's log is said of this epoch's. */
  isSettled(warehouse: WarehouseId): boolean {
    const cursor = this.#cursors.get(warehouse);
    return cursor !== undefined && cursor.appliedUpTo >= (cursor.settlesAt ?? 0);
  }

  /** The node has said in this epoch where it stands. */
  settleAt(warehouse: WarehouseId, sequence: number): void {
    this.#change(warehouse, { settlesAt: sequence });
  }

  /** What a warehouse has, this central does not know it to have: it has to be settled. */
  unsettle(warehouse: WarehouseId): void {
    this.#change(warehouse, { settlesAt: Number.POSITIVE_INFINITY });
  }

  unsettleAll(): void {
    for (const warehouse of this.#cursors.keys()) this.unsettle(warehouse);
  }

  advance(warehouse: WarehouseId, appliedUpTo: number, appliedHash: Uint8Array): void {
    // What was missing has come: a gap, and a doubt, is one only until the cursor moves.
    const movedAtMs = this.#clock.monotonicMs();
    this.#change(warehouse, { appliedUpTo, appliedHash, movedAtMs, need: undefined, isInDoubt: false });
  }

  gap(warehouse: WarehouseId): void {
    const cursor = this.#cursors.get(warehouse);
    if (cursor !== undefined) this.#change(warehouse, { need: cursor.appliedUpTo + 1 });
  }

  fence(warehouse: WarehouseId, reason: string): void {
    this.#change(warehouse, { fenceReason: reason });
  }

  /** The node has been told what is needed. */
  told(warehouse: WarehouseId): void {
    this.#change(warehouse, { needToldAtMs: this.#clock.monotonicMs() });
  }

  /** The node has sent nothing that has not arrived. */
  settle(warehouse: WarehouseId): void {
    this.#change(warehouse, { isInDoubt: false });
  }

  doubtAll(): void {
    for (const [warehouse, cursor] of this.#cursors) this.#cursors.set(warehouse, { ...cursor, isInDoubt: true });
  }

  /** Resolves when the cursor has reached the sequence, when there is something to tell at once, or after the hold time. */
  reached(warehouse: WarehouseId, sequence: number): Promise<void> {
    if (this.#isDone(warehouse, sequence)) return Promise.resolve();
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(warehouse) ?? new Set();
      this.#waiting.set(warehouse, waiting);
      const done = () => {
        cancel();
        waiting.delete(look);
        resolve();
      };
      const look = () => {
        if (this.#isDone(warehouse, sequence)) done();
      };
      const cancel = this.#clock.after(centralLimits.heartbeatHoldMs, done);
      waiting.add(look);
    });
  }

  #isDone(warehouse: WarehouseId, sequence: number): boolean {
    const cursor = this.#cursors.get(warehouse);
    return (
      cursor === undefined ||
      cursor.appliedUpTo >= sequence ||
      cursor.fenceReason !== undefined ||
      this.isNeedDue(cursor)
    );
  }

  /** A gap that the node should hear of now. */
  isNeedDue(cursor: NodeCursor): boolean {
    return cursor.need !== undefined && this.isTellingDue(cursor);
  }

  /** Asked again at most once in a while: what was resent is on its way. */
  isTellingDue(cursor: NodeCursor): boolean {
    return this.#clock.monotonicMs() - cursor.needToldAtMs >= centralLimits.needRepeatMs;
  }

  #change(warehouse: WarehouseId, change: Partial<NodeCursor>): void {
    const cursor = this.#cursors.get(warehouse);
    if (cursor === undefined) return;
    this.#cursors.set(warehouse, { ...cursor, ...change });
    this.#wake(warehouse);
  }

  #wake(warehouse: WarehouseId): void {
    for (const look of [...(this.#waiting.get(warehouse) ?? [])]) look();
  }
}
