import type { StateRow } from '@edgestock/shared/protocol/delta';

/** What is known of a position, as far as the merge must know it. */
export type KnownPosition = {
  readonly version: number;
  /** Units that its node ever granted to central, as far as was seen. */
  readonly granted: number;
  /** Central's own totals: units ever given back, and ever sent as allocations. */
  readonly returned: number;
  readonly allocatedSent: number;
};

/** The newer version wins; the same one again changes nothing. That makes both lanes order-free. */
export type Merge =
  | { readonly merge: 'known' }
  | {
      readonly merge: 'newer';
      /** Units by which central's unspent quota changes. A total never falls, whatever a state says. */
      readonly unspentChange: number;
      /**
       * The node has taken back, or allocated, more than this central knows to have given: central has lost its memory of it (it
       * was restored from a backup). The node's word counts then, or the same units would be promised twice (P3).
       */
      readonly isAhead: boolean;
    };

const nothing: KnownPosition = { version: 0, granted: 0, returned: 0, allocatedSent: 0 };

export function mergePosition(known: KnownPosition | undefined, incoming: Pick<StateRow, 'version' | 'state'>): Merge {
  if (known !== undefined && incoming.version <= known.version) return { merge: 'known' };
  const before = known ?? nothing;
  const { granted, returned, allocated } = incoming.state;
  const change = {
    granted: Math.max(0, granted - before.granted),
    returned: Math.max(0, returned - before.returned),
    allocatedSent: Math.max(0, allocated - before.allocatedSent),
  };
  return {
    merge: 'newer',
    unspentChange: change.granted - change.returned - change.allocatedSent,
    isAhead: change.returned > 0 || change.allocatedSent > 0,
  };
}
