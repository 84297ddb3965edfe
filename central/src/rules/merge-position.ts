import type { StateRow } from '@edgestock/shared/protocol/delta';

/** What is known of a position, as far as the merge must know it. */
export type KnownPosition = {
  readonly version: number;
  /** Units that its node ever granted to central, as far as was seen. */
  readonly granted: number;
};

/** The newer version wins; the same one again changes nothing. That makes both lanes order-free. */
export type Merge =
  | { readonly merge: 'known' }
  /** Units of quota that central has from now on. A total never falls, whatever a state says. */
  | { readonly merge: 'newer'; readonly grantedChange: number };

export function mergePosition(known: KnownPosition | undefined, incoming: Pick<StateRow, 'version' | 'state'>): Merge {
  if (known !== undefined && incoming.version <= known.version) return { merge: 'known' };
  return { merge: 'newer', grantedChange: Math.max(0, incoming.state.granted - (known?.granted ?? 0)) };
}
