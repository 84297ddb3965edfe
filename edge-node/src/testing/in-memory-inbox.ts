import type { Sku } from '@edgestock/shared/inventory/ids';
import { chainHash, genesisHash } from '@edgestock/shared/protocol/chain';
import type { SkuTotal } from '@edgestock/shared/protocol/directive';
import { assert } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { DirectiveInbox, DirectiveRun, DownCursor } from '../replication/directive-inbox.ts';

/**
 * The node's books as the way down sees them, without a database; outlives the node that uses it. Refuses, as our own mistake,
 * whatever does not continue what was carried out, and two carry-outs at a time.
 */
export class InMemoryInbox implements DirectiveInbox {
  readonly #clock: Clock;
  #cursor: DownCursor = { centralEpoch: 0, sequence: 0, hash: genesisHash };
  #isCarryingOut = false;
  /** In the order in which they took effect. */
  readonly carriedOut: Uint8Array[] = [];
  /** Directives of each commit. */
  readonly runs: number[] = [];
  readonly totals = new Map<Sku, number>();
  carryOutMs = 0;
  /** Thrown by the next carry-outs and take-backs, before or after they have become durable. */
  failure: { readonly error: Error; readonly isDurable: boolean } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  cursor(): DownCursor {
    return this.#cursor;
  }

  async carryOut({ centralEpoch, firstSequence, directives, hashes }: DirectiveRun): Promise<void> {
    assert(!this.#isCarryingOut, 'two carry-outs at a time');
    assert(firstSequence === this.#cursor.sequence + 1, () => `${firstSequence} after ${this.#cursor.sequence}`);
    assert(directives.length > 0 && directives.length === hashes.length, 'a hash for every directive');
    let { hash } = this.#cursor;
    for (const [index, directive] of directives.entries()) {
      hash = chainHash(hash, directive);
      assert(Buffer.compare(hash, hashes[index] ?? genesisHash) === 0, 'the chain does not fit');
    }
    this.#isCarryingOut = true;
    if (this.carryOutMs > 0) await this.#clock.sleep(this.carryOutMs);
    this.#isCarryingOut = false;
    const { failure } = this;
    if (failure?.isDurable === false) throw failure.error;
    this.carriedOut.push(...directives);
    this.runs.push(directives.length);
    this.#cursor = { centralEpoch, sequence: firstSequence + directives.length - 1, hash };
    if (failure !== undefined) throw failure.error;
  }

  async takeUpEpoch(centralEpoch: number): Promise<void> {
    if (this.failure?.isDurable === false) throw this.failure.error;
    assert(centralEpoch >= this.#cursor.centralEpoch, () => `epoch ${centralEpoch} is over`);
    if (centralEpoch > this.#cursor.centralEpoch) this.#cursor = { centralEpoch, sequence: 0, hash: genesisHash };
    if (this.failure !== undefined) throw this.failure.error;
  }

  async takeBack(totals: readonly SkuTotal[]): Promise<void> {
    if (this.failure !== undefined) throw this.failure.error;
    for (const { sku, total } of totals) this.totals.set(sku, Math.max(total, this.totals.get(sku) ?? 0));
  }
}
