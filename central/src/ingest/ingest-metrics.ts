/** Counters since the ingest thread started. Plain numbers: they cross threads, and the API's metrics page reads them. */
export type IngestMetrics = {
  /** Messages by what became of them. */
  batchesApplied: number;
  batchesDuplicate: number;
  batchesGap: number;
  batchesLate: number;
  batchesUnknownEpoch: number;
  batchesFenced: number;
  /** Damaged, or from another node than its subject says. */
  messagesRejected: number;
  statesApplied: number;
  statesRefused: number;
  /** Deltas applied, and those put aside. */
  deltasApplied: number;
  deltasQuarantined: number;
  /** Digests of nodes that were held against the positions here, and those that differed: must be zero. */
  digestsCompared: number;
  digestsDiffering: number;
  /** Positions that were made those of their node because of that. */
  positionsRepaired: number;
  /** Snapshots of nodes taken over, chunks of them staged, and those that were damaged, or not what they said: must be zero. */
  snapshotsTaken: number;
  snapshotChunks: number;
  snapshotsDamaged: number;
  commits: number;
  /** Sum of the time spent in commits, checks included, in milliseconds. */
  commitMs: number;
  /** Messages waiting in memory now. */
  queuedMessages: number;
  heartbeats: number;
  enrolments: number;
  enrolmentsRefused: number;
  /** Times the source was interrupted: reconnected, or its stream or consumer was made anew. */
  interruptions: number;
  /** What central did about a broker that takes what nodes send and does not deliver it; see rules/stall-remedy.ts. */
  subjectsPurged: number;
  consumersRemade: number;
  streamsRemade: number;
  /** 1 while the store takes no writes for want of room, else 0. */
  storeFailing: number;
};

export function emptyIngestMetrics(): IngestMetrics {
  return {
    batchesApplied: 0,
    batchesDuplicate: 0,
    batchesGap: 0,
    batchesLate: 0,
    batchesUnknownEpoch: 0,
    batchesFenced: 0,
    messagesRejected: 0,
    statesApplied: 0,
    statesRefused: 0,
    deltasApplied: 0,
    deltasQuarantined: 0,
    digestsCompared: 0,
    digestsDiffering: 0,
    positionsRepaired: 0,
    snapshotsTaken: 0,
    snapshotChunks: 0,
    snapshotsDamaged: 0,
    commits: 0,
    commitMs: 0,
    queuedMessages: 0,
    heartbeats: 0,
    enrolments: 0,
    enrolmentsRefused: 0,
    interruptions: 0,
    subjectsPurged: 0,
    consumersRemade: 0,
    streamsRemade: 0,
    storeFailing: 0,
  };
}
