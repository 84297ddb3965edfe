import { wireLimits } from '@edgestock/shared/protocol/limits';
import { assert } from '@edgestock/shared/runtime/assert';

/** Bounds and rhythms of replication (docs/protocol.md "The log up", "Heartbeats", "The log down"). */
export const replicationLimits = {
  /** Unacknowledged by the broker, resends included. */
  batchesInFlightMax: 32,
  bytesInFlightMax: 4 * 1024 * 1024,
  publishTimeoutMs: 5_000,
  publishRetryFirstMs: 100,
  publishRetryMsMax: 5_000,

  heartbeatPeriodMs: 5_000,
  /** Central may hold its reply back for 200 ms. */
  heartbeatTimeoutMs: 2_000,
  /** Least time between two heartbeats: at hundreds of sales a second one reply answers for many. */
  heartbeatSpacingMs: 25,
  /** The same when the last reply brought nothing new although something is on its way. */
  heartbeatUnmovedSpacingMs: 200,
  heartbeatRetryMs: 1_000,
  /** Misses in a row after which central counts as silent, and the next answer as a new handshake. */
  heartbeatsMissedMax: 2,

  /** Heartbeats flow, something is sent, nothing moves for this long: send it again. */
  stallMs: 15_000,
  /** Sending again has not helped either: the node says so. */
  stalledAfterMs: 40_000,
  /** Central repeats what it needs until it has it; the same need is not answered twice within this time. */
  rewindPauseMs: 2_000,

  /** Deltas behind central at a handshake from which current states go ahead of history. */
  behindDeltasMin: 2_000,
  /**
   * History that follows the states is sent no faster, so that it leaves room for what is sold meanwhile, here and elsewhere: 500,000
   * deltas take 20 s instead of 8, and a sale at another node of the same machine 2.2 to 2.5 times as long as without them instead of
   * 5.7 to 5.8. At 24,000 it was 2.3 times.
   */
  historyDeltasPerSecond: 30_000,
  /** Deltas behind central from which on the node counts as live again. */
  caughtUpDeltasMax: 500,
  /** One look into the log for the SKUs that moved. */
  stateRangeDeltas: 500,
  /** States read in one turn of the event loop: 30 to 70 us each on two shared cores, so that a sale waits a few ms. */
  stateReadsPerTurn: 64,
  /** A message closes when it has this many rows; the last reads may bring `stateReadsPerTurn - 1` more. */
  stateRowsPerMessage: 500,
  /** Positions read in one turn to find those of a bucket: about 1 ms. */
  stateRowsPerPage: 256,
  /** Rows of one message that repairs a bucket: those of a million positions are 1,000 to a bucket. */
  repairRowsMax: 1_500,
  /** Longest encoded row: a SKU of 64 three-byte letters and ten numbers. */
  stateRowBytesMax: 300,
  /** SKUs remembered so as not to read them twice; beyond this they are read again, which costs time and nothing else. */
  stateSkusRememberedMax: 100_000,
  stateMessagesInFlightMax: 8,
  /** States of live commits are gathered this long. */
  stateDelayMs: 50,
  stateRetryMs: 1_000,

  /** Central takes a chunk over in one transaction. */
  snapshotTimeoutMs: 10_000,
  snapshotRetryFirstMs: 500,
  snapshotRetryMsMax: 60_000,
  /** Requests in a row without an answer after which central counts as one that takes no snapshots; asked again ever more rarely. */
  snapshotUnansweredMax: 5,
  /** Positions read in one turn of the event loop, with their places. */
  snapshotReadsPerTurn: 64,

  /** The digest of all positions is stated so often, or after so many deltas if that is sooner: 6 KiB each time. */
  digestPeriodMs: 60_000,
  digestPeriodDeltas: 10_000,

  enrolTimeoutMs: 2_000,
  sessionRetryFirstMs: 500,
  sessionRetryMsMax: 5_000,
  refusedRetryFirstMs: 5_000,
  refusedRetryMsMax: 300_000,

  /** Directives of one commit, and their bytes; a message that has more is carried out whole. */
  directivesPerRunMax: wireLimits.batchDirectivesMax,
  directiveRunBytesMax: wireLimits.batchBytesMax,
  /** Of messages that wait for a carry-out; the broker keeps the others and offers them again. */
  waitingDownBytesMax: 32 * 1024 * 1024,
  carryOutRetryFirstMs: 100,
  carryOutRetryMsMax: 5_000,
  /** What central sends again takes its time: the same gap is not asked for twice within this. */
  needPauseMs: 2_000,
  /** The way down, when its stream or consumer is missing: central makes them as soon as it can. */
  downRetryFirstMs: 200,
  downRetryMsMax: 5_000,
  /** How often the broker says "nothing new"; two missed ones are looked into. */
  downIdleHeartbeatMs: 5_000,
  downPullMs: 30_000,
  downFetchAheadMessages: 32,

  /** A buyer waits this long for units that central might give back. */
  lastUnitsBudgetMs: 300,
  lastUnitsLinesMax: 100,

  retentionMsDefault: 7 * 24 * 3_600_000,
  trimPeriodMs: 60_000,
  trimRowsMax: 500,
  trimPauseMs: 50,
  /** No commit for this long: the till is quiet enough for housekeeping. */
  trimQuietMs: 100,
  /** Busy looks after which one piece is trimmed all the same: a log must not grow for ever because a shop never sleeps. */
  trimBusyLooksMax: 10,
} as const;

const limits = replicationLimits;
assert(limits.bytesInFlightMax > 2 * wireLimits.batchBytesMax, 'at least two batches must fit in flight');
const stateRowsMax = limits.stateRowsPerMessage + limits.stateReadsPerTurn;
assert(stateRowsMax <= wireLimits.stateRowsMax, 'a message must not have more rows than the wire takes');
assert(stateRowsMax * limits.stateRowBytesMax < wireLimits.messageBytesMax, 'a state message must fit the stream');
assert(limits.repairRowsMax * limits.stateRowBytesMax < wireLimits.messageBytesMax, 'a bucket must fit the stream');
assert(limits.repairRowsMax <= wireLimits.stateRowsMax, 'a bucket must not have more rows than the wire takes');
assert(limits.caughtUpDeltasMax < limits.behindDeltasMin, 'behind and caught up must not be the same');
assert(limits.waitingDownBytesMax > wireLimits.messageBytesMax, 'the largest message must find room');
assert(limits.downPullMs > 2 * limits.downIdleHeartbeatMs, 'a silent broker must show before its pull is over');
assert(limits.stalledAfterMs > 2 * limits.stallMs, 'sending again must have had its chance');
assert(limits.stallMs > 2 * limits.heartbeatPeriodMs, 'a stall is judged on several heartbeats');
