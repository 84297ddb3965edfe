import type { RewindCause } from './judge-reply.ts';

/** What replication has done since the process started; read by the metrics. */
export type ReplicationCounters = {
  batchesSent: number;
  deltasSent: number;
  bytesSent: number;
  publishFailures: number;
  stateRowsSent: number;
  stateFailures: number;
  /** Digests stated to central, and buckets of them whose positions it asked for because its own differed: 0 unless something is wrong. */
  digestsStated: number;
  bucketsRepaired: number;
  /** Chunks of snapshots handed to central, snapshots that it has, and requests about them without an answer. */
  snapshotChunksSent: number;
  snapshotsTaken: number;
  snapshotFailures: number;
  heartbeats: number;
  heartbeatsMissed: number;
  sessions: number;
  trimmedDeltas: number;
  directivesCarriedOut: number;
  /** Messages down that brought nothing new, that came too early, and that were unreadable or of another history. */
  downDuplicates: number;
  downGaps: number;
  downRefused: number;
  /** Buyers for whom central was asked for its last units; those it gave some, and those it kept waiting too long. */
  readonly lastUnits: { asked: number; given: number; timedOut: number };
  /** Times that part of the log was sent again, by cause. */
  readonly rewinds: Record<RewindCause | 'publish-failed', number>;
};

export function newCounters(): ReplicationCounters {
  return {
    batchesSent: 0,
    deltasSent: 0,
    bytesSent: 0,
    publishFailures: 0,
    stateRowsSent: 0,
    stateFailures: 0,
    digestsStated: 0,
    bucketsRepaired: 0,
    snapshotChunksSent: 0,
    snapshotsTaken: 0,
    snapshotFailures: 0,
    heartbeats: 0,
    heartbeatsMissed: 0,
    sessions: 0,
    trimmedDeltas: 0,
    directivesCarriedOut: 0,
    downDuplicates: 0,
    downGaps: 0,
    downRefused: 0,
    lastUnits: { asked: 0, given: 0, timedOut: 0 },
    rewinds: { 'central-behind': 0, need: 0, stall: 0, 'publish-failed': 0 },
  };
}
