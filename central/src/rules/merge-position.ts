import { availableOf, offerable } from '@edgestock/shared/inventory/position';
import type { StateRow } from '@edgestock/shared/protocol/delta';

/** What is known of a position, as far as the merge must know it. */
export type KnownPosition = {
  readonly version: number;
  /** What the node may promise by it: may be negative. */
  readonly available: number;
};

/** The newer version wins; the same one again changes nothing. That makes both lanes order-free. */
export type Merge =
  | { readonly merge: 'known' }
  /** Units by which the sum over the warehouses changes. */
  | { readonly merge: 'newer'; readonly availableChange: number };

export function mergePosition(known: KnownPosition | undefined, incoming: Pick<StateRow, 'version' | 'state'>): Merge {
  if (known !== undefined && incoming.version <= known.version) return { merge: 'known' };
  const before = known === undefined ? 0 : offerable(known.available);
  return { merge: 'newer', availableChange: offerable(availableOf(incoming.state)) - before };
}
