import type { WarehouseId } from '@edgestock/shared/inventory/ids';

/**
 * The way down to the nodes, as the publisher needs it. An acknowledged publish has reached the broker, which is no proof that
 * it stays there; only the node's own word counts. Every method throws on failure, and repeating it is harmless.
 */
export type DownLink = {
  /** Makes sure of the stream and of the node's consumer, also of one that waits for what the stream does not have any more. */
  ensure(warehouse: WarehouseId): Promise<{ readonly isStreamNew: boolean }>;
  /** Resolves when the broker has it, with its place in the stream. */
  publish(warehouse: WarehouseId, bytes: Uint8Array, messageId: string): Promise<{ readonly streamSequence: number }>;
  /** Lets the broker forget what it holds for the node, up to and without a place in the stream; absent = all. */
  forget(warehouse: WarehouseId, keepFrom?: number): Promise<void>;
};
