import { chainHash, genesisHash } from '@edgestock/shared/protocol/chain';
import { decodeDelta } from '@edgestock/shared/protocol/codec';
import type { Delta } from '@edgestock/shared/protocol/delta';
import { must } from '@edgestock/shared/runtime/assert';
import type { Heard } from './quota-audit.ts';

/** A movement as it was read, and where the node stood in the log down before it, or earlier. */
export type Read = { readonly bytes: Uint8Array; readonly heard: Heard };

/** What was read of the log of a node, from its first movement on, whatever the node has trimmed since. */
export class ReadLog {
  readonly #reads: Read[] = [];
  /** `hashes[i]` is the chain hash at sequence `i`; as far as anybody wanted to know. */
  readonly #hashes: Uint8Array[] = [genesisHash];

  /** Of the last one that was read; 0 before the first. */
  get sequence(): number {
    return this.#reads.length;
  }

  push(read: Read): Delta {
    this.#reads.push(read);
    return decodeDelta(read.bytes);
  }

  upTo(sequence: number): readonly Read[] {
    return this.#reads.slice(0, sequence);
  }

  /** The movements in (after, upTo]. */
  deltasIn(after: number, upTo?: number): readonly Delta[] {
    return this.#reads.slice(after, upTo).map(({ bytes }) => decodeDelta(bytes));
  }

  /** The chain hash at a place, made of what was read; `undefined` beyond it. */
  hashAt(sequence: number): Uint8Array | undefined {
    while (this.#hashes.length <= Math.min(sequence, this.sequence)) {
      const before = must(this.#hashes.at(-1), 'the first one is there');
      const { bytes } = must(this.#reads[this.#hashes.length - 1], 'the log was read so far');
      this.#hashes.push(chainHash(before, bytes));
    }
    return this.#hashes[sequence];
  }
}
