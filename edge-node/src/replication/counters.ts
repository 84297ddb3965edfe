import type { RewindCause } from './judge-reply.ts';

/** What replication has done since the process started; read by the metrics. */
export type ReplicationCounters = {
  batchesSent: number;
  deltasSent: number;
  bytesSent: number;
  publishFailures: number;
  stateRowsSent: number;
  stateFailures: number;
  heartbeats: number;
  heartbeatsMissed: number;
  sessions: number;
  trimmedDeltas: number;
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
    heartbeats: 0,
    heartbeatsMissed: 0,
    sessions: 0,
    trimmedDeltas: 0,
    rewinds: { 'central-behind': 0, need: 0, stall: 0, 'publish-failed': 0 },
  };
}
