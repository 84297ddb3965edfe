import { chainHash, genesisHash } from '@edgestock/shared/protocol/chain';
import type { Differences } from './difference.ts';

type Link = {
  readonly sequence: number;
  /** The hash as it is stored. */
  readonly stored: Uint8Array;
  /** What it should be by the movement's bytes, where that is another: one of both was altered, the next link tells which. */
  readonly due: Uint8Array | undefined;
};

/**
 * Walks the log from its checkpoint: every sequence there, every hash that of the bytes and the hash before. Where a link is
 * broken, the walk goes on from what is stored, so that one altered byte is one difference and not a broken rest.
 */
export class ChainWalk {
  readonly #differences: Differences;
  #last: Link;

  constructor(checkpoint: { readonly sequence: number; readonly hash: Uint8Array }, differences: Differences) {
    this.#differences = differences;
    this.#last = { sequence: checkpoint.sequence, stored: checkpoint.hash, due: undefined };
    if (checkpoint.sequence === 0 && !isSame(checkpoint.hash, genesisHash)) {
      this.#difference('node', 0, 'the chain hash before the first movement is not the one that every log begins with');
      this.#last = { sequence: 0, stored: genesisHash, due: undefined };
    }
  }

  take(row: { readonly sequence: number; readonly delta: Uint8Array; readonly hash: Uint8Array }): void {
    const { sequence, delta, hash } = row;
    const before = this.#last;
    if (sequence !== before.sequence + 1) {
      this.#gap(before.sequence + 1, sequence);
      this.#last = { sequence, stored: hash, due: undefined };
      return;
    }
    const due = chainHash(before.stored, delta);
    if (isSame(due, hash)) {
      this.#altered(before, 'bytes');
      this.#last = { sequence, stored: hash, due: undefined };
    } else if (before.due !== undefined && isSame(chainHash(before.due, delta), hash)) {
      this.#altered(before, 'hash');
      this.#last = { sequence, stored: hash, due: undefined };
    } else {
      this.#altered(before, 'either');
      this.#last = { sequence, stored: hash, due };
    }
  }

  /** The log has ended: it must end where the node says that it does. */
  end(head: { readonly sequence: number; readonly hash: Uint8Array }): void {
    const last = this.#last;
    if (head.sequence !== last.sequence) {
      this.#altered(last, 'either');
      const message = `the node has given sequences up to ${head.sequence}, and the log ends at ${last.sequence}: ${
        head.sequence > last.sequence ? 'its last movements were removed' : 'movements were added behind its back'
      }`;
      this.#difference('node', head.sequence, message);
    } else if (isSame(head.hash, last.stored)) this.#altered(last, 'bytes');
    else if (last.due !== undefined && isSame(head.hash, last.due)) this.#altered(last, 'hash');
    else {
      this.#altered(last, 'either');
      this.#difference(
        'node',
        head.sequence,
        'the hash of the head is not that of the last movement: one of them was altered',
      );
    }
  }

  #gap(from: number, found: number): void {
    if (found < from) {
      const message = `sequence ${found} lies at or before the checkpoint: it was trimmed and is there again`;
      this.#difference('movement', found, message);
      return;
    }
    const gone = found - 1 === from ? `movement ${from} is` : `movements ${from} to ${found - 1} are`;
    this.#difference(
      'movement',
      from,
      `${gone} missing: the log has a gap, what happened there can no longer be proved`,
    );
  }

  #altered(link: Link, what: 'bytes' | 'hash' | 'either'): void {
    if (link.due === undefined) return;
    const messages = {
      bytes: 'its bytes are not the ones that were hashed: the movement (or the checkpoint hash before it) was altered',
      hash: 'its stored hash was altered; its bytes are the ones that were hashed',
      either: 'bytes and hash do not belong together: the movement was altered',
    };
    this.#difference('movement', link.sequence, messages[what]);
  }

  #difference(table: string, sequence: number, message: string): void {
    this.#differences.add({ table, sequence, message });
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
