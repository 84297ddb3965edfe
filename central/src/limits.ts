import { POSITION_QUANTITY_MAX } from '@edgestock/shared/inventory/quantity';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import { assert } from '@edgestock/shared/runtime/assert';

/** Bounds of central: every queue, wait and page has one. Units stand last in the name. */
export const centralLimits = {
  /** Without a heartbeat for this long a warehouse counts as silent: three of the nodes' beats. */
  silentAfterMs: 15_000,
  /** How long a heartbeat's reply may wait for the cursor to reach what the node has sent. */
  heartbeatHoldMs: 200,
  /** How often at most one node is asked again to resend from the same place. */
  needRepeatMs: 1_000,
  /** Bounds of the wait before a write is tried again that found the store full. */
  storeRetryFirstMs: 200,
  storeRetryMsMax: 10_000,
  /**
   * Attempts at one transaction whose server chose another one or went away, and bounds of the wait between them: together some
   * seconds, as long as a server takes that is started again. Then the caller is told. One that stands still lets each attempt wait: from
   * so long on the second is the last, which finds out whether only the line was dead.
   */
  transactionAttemptsMax: 10,
  transactionAttemptsMsMax: 20_000,
  transactionRetryFirstMs: 10,
  transactionRetryMsMax: 2_000,
  /**
   * How long the status and the metrics wait for the store: less than who asks waits, which is 10 s for a page of metrics by default and a
   * second for whoever looks.
   */
  statusReadMsMax: 1_000,
  metricsReadMsMax: 5_000,
  /** How long an answer to a read is waited for, and how long the end of a transaction, which may rewrite every answer there is. */
  readAnswerMsMax: 15_000,
  transactionMsMax: 5 * 60_000,
  /** A statement that is not answered for so long is asked for by another connection. Longer than a connection takes to be made. */
  writerSilentMsMax: 10_000,
  /**
   * A worker's right to its shards, how often it renews it, and how long before its end it stops: more than clocks may drift apart in
   * a term. Another one takes over within a term and a beat.
   */
  laneTermMs: 4_000,
  laneBeatMs: 1_000,
  laneMarginMs: 500,
  laneExpiryCheckMs: 100,
  /** How often a process looks for what others on the same store have changed, and how many changes it takes one by one. */
  feedPeriodMs: 100,
  feedNoticesMax: 1_000,
  /** From here on without a look that succeeded, nothing from memory is given. */
  feedTrustMsMax: 1_000,
  /** How often a process looks whether another one has begun an epoch, and for logs down that have grown. */
  epochLookMs: 1_000,
  openLogsLookMs: 200,
  /** Connections to a database server that read: of the API, of a process that only operators ask, and of the thread that writes. */
  apiReadersMax: 8,
  operatorReadersMax: 2,
  writerReadersMax: 3,
  /** A transaction of which nothing was heard for so long is ended by the server. */
  transactionIdleMsMax: 10_000,
  /** How long a database server may take to answer a new connection. */
  serverConnectMsMax: 5_000,
  /** How long a start waits to hear from the broker whose it is, before answers are given without. */
  brokerAskedMsMax: 5_000,

  /** How often at most one node is asked for the states of its suspect SKUs. */
  wantedRepeatMs: 10_000,
  /** Most deltas a node may have sent beyond central's cursor: 32 full batches. */
  windowDeltas: 16_000,
  /** Deltas that a node may have committed since central noted its last heartbeat: seconds of the fastest there is. */
  heardLateDeltasMax: 200_000,
  /** What nodes said in heartbeats is written down this often. */
  heardFlushMs: 1_000,

  /** A view of the nodes may be this old when it puts the age to an answer. */
  fleetViewMs: 250,

  /**
   * One transaction takes messages until either is reached: it bounds how long a live sale waits behind a backlog, some 40 ms.
   * Group commit pays up to here: one full batch per transaction gave 15,500 deltas/s on two busy cores, four 32,000, eight no
   * more than four.
   */
  groupDeltasMax: 2_000,
  /** Ingest rests after a commit for a millisecond for each so many deltas, and so long at most: 4,000 deltas/s is where it begins. */
  commitRestDeltasPerMs: 4,
  commitRestMsMax: 5,
  groupMessagesMax: 128,
  /** Some 250 deltas; a node that catches up sends 500 at a time. */
  smallBatchBytesMax: 16 * 1024,
  /** Messages of current states in one transaction: of 500 rows as a rule, each of which changes what is answered. */
  groupStatesMax: 1,
  /** Of one node in one transaction, so that a node that catches up leaves room for the others. */
  groupMessagesPerNodeMax: 4,
  /** Messages waiting in memory over all nodes; the source stops reading beyond it. */
  queueMessagesMax: 512,
  /** Messages each consumer fetches ahead: times the lanes and shards, it bounds the memory of a backlog. */
  fetchAheadMessages: 64,

  /** Promise commands in one transaction, and waiting in memory: those of the API, and those of buyers at a counter. */
  groupPromisesMax: 256,
  promisesWaitingMax: 4_096,
  urgentPromisesWaitingMax: 512,
  /** How long a caller should wait before it repeats what could not be taken. */
  promiseRetryAfterMs: 1_000,
  /** What is over is ended, and waiting orders go on, this often; of each so many at once. */
  sweepPeriodMs: 1_000,
  sweepMax: 200,
  /** Ends of promises that come closer together than this are swept together. */
  sweepPeriodMsMin: 20,

  /** Batches of directives under way to the broker, of one node. */
  downBatchesInFlightMax: 4,
  /** Directives sent beyond what a node has carried out; the rest waits in central's log. */
  downWindowDirectives: 8_000,
  /** Sent, heartbeats flow, and nothing was carried out for this long: it is sent again. */
  downStalledAfterMs: 15_000,
  downRetryFirstMs: 100,
  downRetryMsMax: 10_000,

  /** Items of one directive: a node carries it out in one commit, some 23 ms, for which its tills wait. */
  catalogueItemsPerDirective: 250,
  /**
   * What stays of a node's log after the node has carried it out, to look back on and for one that is restored from a backup
   * of these days. What was carried out is noted once a day, so that no directive needs a time of its own.
   */
  directivesKeptMs: 7 * 24 * 3_600_000,
  directivesKeptMax: 10_000,
  directivesMarkPeriodMs: 24 * 3_600_000,
  /** How often that is looked at, how many go in one transaction, and the pause before the next. */
  directivesTrimPeriodMs: 60_000,
  directivesTrimRowsMax: 500,
  directivesTrimPauseMs: 50,

  /** Places that sell; each has answers of its own. */
  channelsMax: 64,

  /** How often idle lanes are looked at for a consumer that waits for the wrong sequences. */
  laneCheckPeriodMs: 15_000,
  /** How often the broker is told what it need not keep, and from how many messages of a subject on that is worth a call. */
  trimPeriodMs: 60_000,
  trimMessagesMin: 200,

  /**
   * A node is in contact and has sent, and central's cursor in its log stands still: from here on the broker is doubted. The node
   * itself has sent everything again twice by then.
   */
  stalledAfterMs: 45_000,
  stallCheckPeriodMs: 5_000,
  /** What a remedy is given to show an effect before the next one. */
  stallRemedyMs: 10_000,
  /** How often at most the same subject is purged, and the stream made anew. */
  stallPurgeRepeatMs: 10 * 60_000,
  stallRemakeRepeatMs: 10 * 60_000,
  /** How long a probe may take from central through the broker to central, and how often a broken shard is probed again. */
  stallProbeWaitMs: 5_000,
  stallProbeRepeatMs: 60_000,

  /** The same unreadable bytes this often are kept in quarantine instead of asked for again. */
  identicalRejectsMax: 3,
  /** Different unreadable messages remembered for that count. */
  rejectsRememberedMax: 1_000,

  /** Letters kept of a reason that a node gives. */
  reasonLengthMax: 500,

  /** How often at most a node is asked for a digest because there was none yet, or the last told nothing. */
  digestRepeatMs: 2_000,
  /** Positions counted between two transactions for a node's digest: about 3 ms. All are counted anew once a day. */
  countPageMax: 1_000,
  recountPeriodMs: 24 * 3_600_000,

  /** What came of a snapshot that its node has not gone on with for so long goes when the next one begins. */
  snapshotKeptMs: 7 * 24 * 3_600_000,

  /** Nodes one central enrols. */
  warehousesMax: 1_024,

  /** Answers to keyed requests are kept this long: whoever retries has given up by then. */
  answersKeptMs: 7 * 24 * 3_600_000,
  /** Reservations that have ended can be looked up this long. */
  endedReservationsKeptMs: 30 * 24 * 3_600_000,
  /** Holds of one position that one look at its deficit tries to move elsewhere; the next state looks again. */
  deficitHoldsMax: 200,

  /** Positions of one SKU that miss goods and are looked at again when units of it come to another warehouse. */
  shortPlacesMax: 100,

  /** A new epoch of central, or a rejoin, tells nodes again of transfers that were changed in this time: older ones they know. */
  transfersToldAgainMs: 30 * 24 * 3_600_000,
  /** Least time between two epochs that central begins by itself: nodes need a while to take one up. */
  epochPauseMs: 10 * 60_000,

  /** Positions of a warehouse whose policy has become stricter that one transaction looks at. */
  recallPageMax: 500,

  /** Lines of one order: all of them may become one task. */
  orderLinesMax: 500,
  /** From allocation to the parcel; what is later is served from elsewhere where that can be. */
  orderShipWithinMs: 2 * 24 * 3_600_000,
  /** From placing to the end: then what waits is cancelled and what is not shipped is asked back. */
  orderServeWithinMs: 60 * 24 * 3_600_000,
  /** Units of one SKU that may wait in one channel. */
  backorderUnitsPerSkuMax: 1_000,
  /** Orders waiting for one SKU that one transaction looks at; the sweeper goes on. */
  backordersServedMax: 100,
  /** Tasks of one position that one look at its deficit asks back; the next state looks again. */
  deficitTasksMax: 200,

  /** SKUs of one availability query or change filter. */
  skusPerQueryMax: 1_000,
  pageMax: 1_000,
} as const;

assert(
  centralLimits.warehousesMax * POSITION_QUANTITY_MAX * 2 <= Number.MAX_SAFE_INTEGER + 1,
  'the sum over all warehouses must be exact',
);
assert(
  centralLimits.laneBeatMs * 2 < centralLimits.laneTermMs - centralLimits.laneMarginMs,
  'one beat that fails must not cost the shards',
);
assert(centralLimits.windowDeltas >= 2 * wireLimits.batchDeltasMax, 'a node must be able to send while it waits');
assert(
  centralLimits.downWindowDirectives >= centralLimits.downBatchesInFlightMax * wireLimits.batchDirectivesMax,
  'as much may be under way as a node may be behind',
);
assert(
  centralLimits.stalledAfterMs > 2 * centralLimits.silentAfterMs,
  'a node must have had its chance to send again before what it sent is dropped',
);
assert(centralLimits.heartbeatHoldMs < centralLimits.silentAfterMs, 'a reply that waits must not look like silence');
assert(
  centralLimits.catalogueItemsPerDirective <= wireLimits.directiveLinesMax,
  'a page of the catalogue must be one that nodes read',
);
assert(centralLimits.orderLinesMax <= wireLimits.directiveLinesMax, 'an order must fit one task');
assert(
  centralLimits.groupDeltasMax >= wireLimits.batchDeltasMax && centralLimits.groupDeltasMax >= wireLimits.stateRowsMax,
  'one message must fit a transaction',
);
