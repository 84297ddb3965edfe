import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { movementKinds } from '@edgestock/shared/inventory/movement';
import { emptyPosition, type Position } from '@edgestock/shared/inventory/position';
import { PositionDigest } from '@edgestock/shared/inventory/position-digest';
import { chainHash, genesisHash } from '@edgestock/shared/protocol/chain';
import { decodeDelta, encodeDelta } from '@edgestock/shared/protocol/codec';
import type { StateRow } from '@edgestock/shared/protocol/delta';
import type { LogIdentity } from '@edgestock/shared/protocol/message';
import { assert } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { LogSlice, ReplicationLog } from '../replication/replication-log.ts';
import { type Age, type AgeMark, ageAt, type ClockReading, isMarkDue } from '../rules/ageing.ts';
import { positionBefore } from '../rules/position-before.ts';
import { mayBeTrimmed } from '../rules/trim-bound.ts';

type Entry = { readonly sku: Sku; readonly delta: Uint8Array; readonly hash: Uint8Array };

/** The outbox and the ledger's notice of commits, without a database: real deltas, real hashes, in an array. */
export class InMemoryLog implements ReplicationLog {
  /** How far central's log is carried out; no effect of it is in this log. */
  carriedOut: () => number = () => 0;
  readonly #clock: Clock;
  #identity: LogIdentity;
  /** Of sequence `#trimmed + 1` onwards. */
  #entries: Entry[] = [];
  #trimmed = 0;
  #trimmedHash: Uint8Array = genesisHash;
  #applied = 0;
  #age: Age | undefined;
  readonly #marks: AgeMark[] = [];
  readonly #positions = new Map<Sku, Position>();
  readonly #changedAt = new Map<Sku, number>();
  readonly #listeners = new Set<(head: number) => void>();

  constructor(options: { warehouse: string; clock: Clock; instance?: string; epoch?: number }) {
    this.#clock = options.clock;
    this.#identity = {
      warehouse: options.warehouse as WarehouseId,
      epoch: options.epoch ?? 0,
      instance: options.instance ?? 'instance-one',
    };
  }

  /** Records one sale of one unit per SKU named, in one commit. */
  commit(...skus: readonly string[]): void {
    this.#commit(skus, 'sale', -1);
  }

  /** Records goods received, so many units of each SKU named, in one commit. */
  receive(units: number, ...skus: readonly string[]): void {
    this.#commit(skus, 'receive', units);
  }

  onCommit(listener: (head: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  identity(): LogIdentity {
    return this.#identity;
  }

  head(): { sequence: number; hash: Uint8Array } {
    return { sequence: this.#trimmed + this.#entries.length, hash: this.#entries.at(-1)?.hash ?? this.#trimmedHash };
  }

  firstSequence(): number {
    return this.#trimmed + 1;
  }

  hashAt(sequence: number): Uint8Array | undefined {
    if (sequence === 0) return genesisHash;
    if (sequence === this.#trimmed) return this.#trimmedHash;
    return sequence < this.#trimmed ? undefined : this.#entries[sequence - this.#trimmed - 1]?.hash;
  }

  carriedOutAt(): number {
    return this.carriedOut();
  }

  slice(after: number, limits: { deltasMax: number; bytesMax: number }): LogSlice | undefined {
    const hashBefore = this.hashAt(after);
    if (hashBefore === undefined) return undefined;
    const entries: Entry[] = [];
    let bytes = 0;
    for (const entry of this.#entries.slice(after - this.#trimmed, after - this.#trimmed + limits.deltasMax)) {
      bytes += entry.delta.length;
      if (entries.length > 0 && bytes > limits.bytesMax) break;
      entries.push(entry);
    }
    const last = entries.at(-1);
    if (last === undefined) return undefined;
    return {
      firstSequence: after + 1,
      lastSequence: after + entries.length,
      hashBefore,
      hashLast: last.hash,
      deltas: entries.map((entry) => entry.delta),
    };
  }

  skusTouched(after: number, upTo: number): Sku[] {
    return [...new Set(this.#entries.slice(after - this.#trimmed, upTo - this.#trimmed).map((entry) => entry.sku))];
  }

  states(skus: readonly Sku[]): StateRow[] {
    return skus.flatMap((sku) => {
      const position = this.#positions.get(sku);
      if (position === undefined) return [];
      const { version, sequence, ...state } = position;
      return [{ sku, version, sequence, state, at: this.#changedAt.get(sku) ?? 0 }];
    });
  }

  statesAfter(sku: Sku | '', rowsMax: number): StateRow[] {
    const skus = [...this.#positions.keys()].sort().filter((other) => other > sku);
    return this.states(skus.slice(0, rowsMax));
  }

  snapshotRowsAfter(sku: Sku | '', skusMax: number): ReturnType<ReplicationLog['snapshotRowsAfter']> {
    const skus = [...this.#positions.keys()].sort().filter((other) => other > sku);
    const page = skus.slice(0, skusMax);
    const rows = page.flatMap((one) => {
      const next = this.#entries.find((entry) => entry.sku === one);
      const found = next && positionBefore(decodeDelta(next.delta));
      const { version, sequence, ...state } = found ?? this.#positions.get(one) ?? emptyPosition;
      return version === 0 ? [] : [{ sku: one, version, sequence, state, places: [], expiries: [], setAsides: [] }];
    });
    return { rows, last: page.length < skusMax ? undefined : page.at(-1) };
  }

  /** Of all positions, while nothing comes after the place. */
  digestAt(sequence: number): Uint8Array | undefined {
    if (sequence !== this.head().sequence) return undefined;
    const digest = new PositionDigest(this.#identity.warehouse);
    for (const [sku, position] of this.#positions) digest.add(sku, position);
    return digest.bytes();
  }

  adoptEpoch(epoch: number): void {
    assert(this.#identity.epoch === 0 || this.#identity.epoch === epoch, 'another epoch is already set');
    this.#identity = { ...this.#identity, epoch };
  }

  appliedUpTo(): number {
    return this.#applied;
  }

  setAppliedUpTo(sequence: number): void {
    assert(sequence <= this.head().sequence, 'central cannot be ahead');
    this.#applied = Math.max(this.#applied, sequence);
  }

  age(now: ClockReading): void {
    this.#age = ageAt(this.#age, now);
    const mark = { sequence: this.head().sequence, agedMs: this.#age.agedMs };
    if (isMarkDue(this.#marks.at(-1), mark)) this.#marks.push(mark);
  }

  agedUpTo(retentionMs: number): number {
    const due = (this.#age?.agedMs ?? 0) - retentionMs;
    return this.#marks.findLast(({ agedMs }) => agedMs <= due)?.sequence ?? 0;
  }

  trim(options: { agedUpTo: number; rowsMax: number }): number {
    const bound = { appliedUpTo: this.#applied, agedUpTo: options.agedUpTo };
    let due = 0;
    while (due < options.rowsMax && mayBeTrimmed(this.#trimmed + due + 1, bound)) due += 1;
    this.#trimmedHash = this.#entries[due - 1]?.hash ?? this.#trimmedHash;
    this.#entries.splice(0, due);
    this.#trimmed += due;
    return due;
  }

  #commit(skus: readonly string[], kind: 'sale' | 'receive', quantity: number): void {
    for (const sku of skus) this.#append(sku as Sku, kind, quantity);
    const { sequence } = this.head();
    for (const listener of this.#listeners) listener(sequence);
  }

  #append(sku: Sku, kind: 'sale' | 'receive', quantity: number): void {
    const before = this.#positions.get(sku) ?? emptyPosition;
    const sequence = this.head().sequence + 1;
    const at = this.#clock.now();
    const position = { ...before, onHand: before.onHand + quantity, version: before.version + 1, sequence };
    const { version, sequence: _place, ...state } = position;
    const delta = encodeDelta({
      kind: movementKinds[kind].code,
      sku,
      quantity,
      version,
      previous: before.sequence,
      state,
      at,
      line: 0,
      details: {},
    });
    this.#entries.push({ sku, delta, hash: chainHash(this.head().hash, delta) });
    this.#positions.set(sku, position);
    this.#changedAt.set(sku, at);
  }
}
