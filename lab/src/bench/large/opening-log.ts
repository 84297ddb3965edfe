import { chainHash, genesisHash } from '@edgestock/shared/protocol/chain';

/**
 * What the log of a prepared warehouse said before it was trimmed: of one SKU after the other, units received and a part of them
 * granted to central. Nobody has its movements any more; central has applied it whole.
 */
export const OPENING = { onHand: 1_000_000_000, granted: 500_000_000, version: 2, at: 1_795_000_000_000 } as const;

/** Where the log of so many SKUs ends. */
export function openingEnd(warehouse: string, skus: number): { readonly sequence: number; readonly hash: Uint8Array } {
  // Of movements that nobody has there is nothing to hash; another warehouse has another one.
  return { sequence: skus * OPENING.version, hash: chainHash(genesisHash, Buffer.from(`${warehouse} ${skus}`)) };
}
