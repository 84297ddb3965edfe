/** Major version of the wire: part of every subject. A new major is a new set of subjects. */
export const PROTOCOL_MAJOR = 1;

/**
 * Minor version of the message schemas. Fields are appended, never moved; a reader accepts everything from
 * `SCHEMA_MIN` to `SCHEMA_MAX` and keeps unknown kinds raw. A new one keeps what a node of the last one says and leaves on disk
 * (shared/testing/golden-log). History:
 *   1  the first: movements of on-hand stock, state rows
 *   2  set-asides, quotas and transfers: kinds 9 to 20, the quota totals behind a state, the log down
 *   3  a digest of all positions on a batch; state messages that repair buckets of it
 */
export const SCHEMA_MAX = 3;
export const SCHEMA_MIN = 1;

/** Shards of the UP subjects. Part of the contract: both sides compute a node's shard from it, and consumers are made per shard. */
export const SHARD_COUNT = 8;
