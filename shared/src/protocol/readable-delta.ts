import { decodeDelta, WireError } from './codec.ts';
import type { Delta } from './delta.ts';

/** What the bytes of a delta say; `undefined` where they cannot be read. */
export function readableDelta(bytes: Uint8Array): Delta | undefined {
  try {
    return decodeDelta(bytes);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
