/** Equality of two hashes. Not constant-time: they are no secrets. */
export function sameHash(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && Buffer.compare(one, other) === 0;
}
