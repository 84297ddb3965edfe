import { chainHashOver, genesisHash } from '@edgestock/shared/protocol/chain';
import { decodeStateMessage, decodeUpBatch, WireError } from '@edgestock/shared/protocol/codec';
import {
  type EnrolReply,
  enrolRequest,
  type HeartbeatReply,
  heartbeatRequest,
  type LastUnitsReply,
  lastUnitsRequest,
} from '@edgestock/shared/protocol/control';
import type { StateRow } from '@edgestock/shared/protocol/delta';
import type { StateMessage } from '@edgestock/shared/protocol/message';
import { type SnapshotReply, snapshotRequest } from '@edgestock/shared/protocol/snapshot';
import { SCHEMA_MAX, SCHEMA_MIN } from '@edgestock/shared/protocol/version';
import type { Clock } from '@edgestock/shared/runtime/clock';
import { LinkError } from '../replication/link.ts';
import { ModelDirectives } from './model-directives.ts';
import { ModelSnapshots } from './model-snapshots.ts';

/** How long central holds a heartbeat's reply back at most. */
const HOLD_MS = 200;

/**
 * Central as one node sees it: the table of docs/protocol.md "The log up" on an array, and nothing besides. What it holds
 * at the end must be the node's log, delta by delta; a hash chain that does not fit is thrown, since no fault of the link may cause one.
 */
export class ModelCentral {
  readonly #clock: Clock;
  /** What comes before the first delta is known from a snapshot; 0 = nothing does. */
  base = 0;
  /** `deltas[i]` is sequence `base + i + 1`. */
  deltas: Uint8Array[] = [];
  #hashes: Uint8Array[] = [genesisHash];
  readonly states = new Map<string, StateRow>();
  epoch = 1;
  window = 20_000;
  need: number | undefined;
  /** Buckets to ask for, and whether to ask for a digest, in the next reply. */
  repair: number[] = [];
  wantsDigest = false;
  /** Digests that came, by the place they are of; and the repairs. */
  readonly digests: { readonly sequence: number; readonly digest: Uint8Array }[] = [];
  readonly repairs: StateMessage[] = [];
  /** SKUs to ask the states of in the next reply. */
  wanted: string[] = [];
  fence: { epoch: number; reason: string } | undefined;
  /** Why the node has stopped sending by its own judgement, as its last heartbeat said. */
  nodeFence: string | undefined;
  refusal: { reason: string; hint: string } | undefined;
  schema: [number, number] = [SCHEMA_MIN, SCHEMA_MAX];
  /** The log down. */
  readonly directives: ModelDirectives;
  /** Units that central would give back of each SKU, what it has ever given back, and the requests it got. */
  readonly lastUnits = {
    unspent: new Map<string, number>(),
    returned: new Map<string, number>(),
    requests: [] as string[][],
  };
  /** False = a release from before there were snapshots. */
  takesSnapshots = true;
  readonly snapshots = new ModelSnapshots();
  /** Order in which things arrived: sequences of batches, and `state` for messages of the state lane. */
  readonly arrivals: string[] = [];
  /** The ends of the log that heartbeats told of as the warehouse's, without a fence of the node's own. */
  readonly endsTold: number[] = [];
  duplicates = 0;
  gaps = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.directives = new ModelDirectives(clock);
  }

  get applied(): number {
    return this.base + this.deltas.length;
  }

  /** Central as a backup of an earlier time. */
  restore(applied: number): void {
    this.deltas = this.deltas.slice(0, applied);
    this.#hashes = this.#hashes.slice(0, applied + 1);
    this.need = undefined;
  }

  /** As long a history as before, of a log that has gone another way. */
  diverge(): void {
    this.#hashes[this.deltas.length] = genesisHash.map((byte) => byte ^ 1);
  }

  /** Another central, which knows nothing. */
  lose(): void {
    this.base = 0;
    this.deltas = [];
    this.#hashes = [genesisHash];
    this.states.clear();
    this.need = undefined;
  }

  deliver(subject: string, bytes: Uint8Array): void {
    if (subject.includes('.state.')) this.#upsert(bytes);
    else this.#apply(bytes);
  }

  async answer(subject: string, body: unknown): Promise<EnrolReply | HeartbeatReply | LastUnitsReply | SnapshotReply> {
    if (subject.includes('.last-units.')) return this.#giveBack(body);
    if (subject.includes('.snapshot.')) return this.#takeIn(body);
    return subject.includes('.enrol.') ? this.#enrol(body) : this.#heartbeat(body);
  }

  #upsert(bytes: Uint8Array): void {
    const message = decodeStateMessage(bytes);
    this.arrivals.push('state');
    if (message.repair !== undefined) this.repairs.push(message);
    for (const row of message.rows) {
      if (row.version > (this.states.get(row.sku)?.version ?? 0)) this.states.set(row.sku, row);
    }
  }

  #apply(bytes: Uint8Array): void {
    const batch = decodeUpBatch(bytes);
    this.arrivals.push(`${batch.firstSequence}-${batch.lastSequence}`);
    if (batch.digest !== undefined) this.digests.push({ sequence: batch.lastSequence, digest: batch.digest });
    if (batch.epoch !== this.epoch) throw new WireError(`epoch ${batch.epoch} was never issued`);
    if (batch.lastSequence <= this.applied) {
      this.duplicates += 1;
      return;
    }
    if (batch.firstSequence > this.applied + 1) {
      this.gaps += 1;
      this.need = this.applied + 1;
      return;
    }
    const fresh = batch.deltas.slice(this.applied + 1 - batch.firstSequence);
    for (const delta of fresh) {
      this.#hashes.push(chainHashOver(this.#hash(), [delta]));
      this.deltas.push(delta);
    }
    if (Buffer.compare(this.#hash(), batch.hashLast) !== 0) throw new WireError('the chain does not fit');
    this.directives.recordCarriedOut(batch.downAck);
    this.need = undefined;
  }

  #takeIn(body: unknown): SnapshotReply {
    if (!this.takesSnapshots) throw new LinkError('no-responders', 'nobody answers to snapshots');
    const request = snapshotRequest.parse(body);
    const stated = this.snapshots.instead?.(request);
    if (stated !== undefined) return stated;
    const taken = this.snapshots.answer(request, this.applied);
    if (taken.outcome !== 'taken' || taken.applied <= this.applied) return taken;
    const { manifest, rows } = this.snapshots;
    this.base = taken.applied;
    this.deltas = [];
    this.#hashes = [Buffer.from(manifest?.hash ?? '', 'hex')];
    this.states.clear();
    for (const row of rows) this.states.set(row.sku, { ...row, at: 0 });
    return taken;
  }

  #enrol(body: unknown): EnrolReply {
    enrolRequest.parse(body);
    if (this.refusal) return { outcome: 'refused', ...this.refusal };
    return {
      outcome: 'enrolled',
      epoch: this.epoch,
      centralEpoch: this.directives.centralEpoch,
      cursor: { applied: this.applied, hash: Buffer.from(this.#hash()).toString('hex') },
    };
  }

  /** Held back while the sender waits for more than there is, as central's is. */
  async #heartbeat(body: unknown): Promise<HeartbeatReply> {
    const { place, sent, down, fence } = heartbeatRequest.parse(body);
    this.nodeFence = fence?.reason;
    if (fence === undefined) this.endsTold.push(place.sequence);
    this.directives.hear(down);
    const until = this.#clock.monotonicMs() + HOLD_MS;
    while (this.applied < sent && this.need === undefined && this.#clock.monotonicMs() < until) {
      await this.#clock.sleep(1);
    }
    return {
      applied: this.applied,
      hash: Buffer.from(this.#hash()).toString('hex'),
      centralEpoch: this.directives.centralEpoch,
      schema: this.schema,
      time: this.#clock.now(),
      window: this.window,
      ...(this.need === undefined ? {} : { need: this.need }),
      ...(this.repair.length === 0 ? {} : { repair: this.repair.splice(0) }),
      ...(this.wantsDigest ? { digest: true } : {}),
      ...(this.wanted.length === 0 ? {} : { wanted: this.wanted.splice(0) }),
      ...(this.fence === undefined ? {} : { fence: this.fence }),
    };
  }

  /** What it has, up to what is asked for. */
  #giveBack(body: unknown): LastUnitsReply {
    const { lines } = lastUnitsRequest.parse(body);
    const { unspent, returned, requests } = this.lastUnits;
    requests.push(lines.map(({ sku, quantity }) => `${quantity} ${sku}`));
    for (const { sku, quantity } of lines) {
      const given = Math.min(quantity, unspent.get(sku) ?? 0);
      unspent.set(sku, (unspent.get(sku) ?? 0) - given);
      returned.set(sku, (returned.get(sku) ?? 0) + given);
    }
    return { lines: lines.map(({ sku }) => ({ sku, returned: returned.get(sku) ?? 0 })) };
  }

  #hash(): Uint8Array {
    return this.#hashes[this.deltas.length] ?? genesisHash;
  }
}
