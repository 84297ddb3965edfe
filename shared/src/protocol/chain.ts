import { hash } from 'node:crypto';

/** Bytes of a chain hash (SHA-256). */
export const HASH_BYTES = 32;

/** The hash before sequence 1 of every log. */
export const genesisHash: Uint8Array = Buffer.alloc(HASH_BYTES);

const scratch = Buffer.alloc(64 * 1024);

/**
 * `hash_seq = SHA-256(hash_{seq-1} ‖ canonical bytes)`: whoever holds one hash holds the whole history before it.
 * One-shot `crypto.hash` over a reused buffer: the streaming `createHash` object costs about three times as much per delta.
 */
export function chainHash(before: Uint8Array, delta: Uint8Array): Buffer {
  const length = HASH_BYTES + delta.length;
  const input = length <= scratch.length ? scratch.subarray(0, length) : Buffer.allocUnsafe(length);
  input.set(before, 0);
  input.set(delta, HASH_BYTES);
  return hash('sha256', input, 'buffer');
}

/** The chain hash after all the deltas. */
export function chainHashOver(before: Uint8Array, deltas: Iterable<Uint8Array>): Uint8Array {
  let last = before;
  for (const delta of deltas) last = chainHash(last, delta);
  return last;
}
