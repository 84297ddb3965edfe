import type { WarehouseId } from '@edgestock/shared/inventory/ids';

/** What central knows of the one live node of a warehouse. */
export type NodeRecord = {
  readonly warehouse: WarehouseId;
  /** The life of the node central last numbered. */
  readonly epoch: number;
  /** The installation that owns the warehouse. */
  readonly instance: string;
  readonly enrolledAt: number;
  /** Central's cursor in the node's log, and the chain hash there. */
  readonly appliedUpTo: number;
  readonly appliedHash: Uint8Array;
  /** When the cursor last moved; 0 when never. */
  readonly appliedAt: number;
  /** The node's wall clock at the last applied delta; 0 when none. */
  readonly lastDeltaAt: number;
  /** Why the node may not go on; absent while it may. */
  readonly fence?: { readonly reason: string; readonly at: number };
  /** Its last heartbeat; absent when it was never heard. */
  readonly heard?: Omit<Heard, 'warehouse'>;
  /**
   * Receipt time of the last heartbeat *before* `heard` at which central had everything the node had committed; 0 when
   * never. Kept because `heard` overwrites the one it was computed from; read it through `knownUpTo`.
   */
  readonly knownAt: number;
  /**
   * Present while nothing is promised of the warehouse: central was restored from a backup. `until`: the place in the node's log
   * from which on it is; absent while the node has not been heard since.
   */
  readonly unsettled?: { readonly until?: number };
};

/** One heartbeat, as far as it is worth keeping. */
export type Heard = {
  readonly warehouse: WarehouseId;
  readonly at: number;
  /** Last sequence the node had committed. */
  readonly committed: number;
  /** Last sequence it had handed to the broker. */
  readonly sent: number;
  /** How far the node's clock is ahead of central's, in milliseconds. */
  readonly skewMs: number;
  readonly schemaMin: number;
  readonly schemaMax: number;
  /** Why the node has stopped sending by its own judgement; absent while it has not. */
  readonly nodeFence?: string;
};
