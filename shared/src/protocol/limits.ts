import { assert } from '../runtime/assert.ts';

/** Bounds of the wire (docs/protocol.md "The log up", "JetStream settings"). A reader refuses what exceeds them before it decodes anything. */
export const wireLimits = {
  /** Largest message the stream accepts. */
  messageBytesMax: 512 * 1024,
  /** A batch closes at whichever of these comes first. */
  batchBytesMax: 128 * 1024,
  batchDeltasMax: 500,
  batchDelayMs: 20,
  /** One delta: a line with many serials is the largest. */
  deltaBytesMax: 16 * 1024,
  /** Directives of one message down, and bytes of one directive: a page of the catalogue is the largest. */
  batchDirectivesMax: 200,
  directiveBytesMax: 64 * 1024,
  /** Items of one catalogue directive, lines of one order or transfer at one warehouse, SKUs of one quota directive. */
  directiveLinesMax: 500,
  barcodesPerItemMax: 100,
  /** Movements of one directive of late facts: a node looks for each in its log, and tills wait for the commit. */
  lateRowsMax: 50,
  /** Bytes of the batches in one page of a log that is given back: in JSON they take a third more. */
  rejoinPageBytesMax: 256 * 1024,
  /** Rows in one page of states that central knows beyond its log. */
  rejoinStatesMax: 1_000,
  /** A chunk of a snapshot closes at whichever of the first two comes first; the row that filled it may make it longer. */
  snapshotChunkRowsMax: 1_000,
  snapshotChunkBytes: 128 * 1024,
  snapshotChunkBytesMax: 256 * 1024,
  /** Places, expiries and set-asides of one row, together: a SKU with more has several rows. */
  snapshotDetailsPerRowMax: 50,
  /** A snapshot: what central stages of one node at most is the product of the chunks and their bytes. */
  snapshotChunksMax: 16_384,
  snapshotRowsMax: 20_000_000,
  /** Rows of one state message. */
  stateRowsMax: 2_000,
  /** SKUs of which central asks for the state in one heartbeat's reply; a node leaves out what is beyond it. */
  wantedSkusMax: 200,
  /** Buckets of a digest that one heartbeat's reply asks for; a node leaves out what is beyond it. */
  repairBucketsMax: 4,
  serialsPerLineMax: 200,
  textBytesMax: 1_024,
} as const;

assert(
  wireLimits.batchBytesMax + wireLimits.deltaBytesMax < wireLimits.messageBytesMax,
  'a closed batch must fit a message',
);
assert(
  wireLimits.batchBytesMax + wireLimits.directiveBytesMax < wireLimits.messageBytesMax,
  'a closed batch of directives must fit a message',
);
assert(wireLimits.deltaBytesMax * 2 < wireLimits.directiveBytesMax, 'any movement fits a directive of late facts');
assert(wireLimits.stateRowsMax * 200 < wireLimits.messageBytesMax, 'a full state message must fit');
assert(
  (wireLimits.rejoinPageBytesMax / 3) * 4 + 64 * 1024 < wireLimits.messageBytesMax,
  'a page of a log that is given back must fit an answer',
);
assert(
  wireLimits.snapshotChunkBytes + wireLimits.snapshotDetailsPerRowMax * 2 * (wireLimits.textBytesMax + 16) <
    wireLimits.snapshotChunkBytesMax,
  'the row that fills a chunk must fit it',
);
assert(
  (wireLimits.snapshotChunkBytesMax / 3) * 4 + 64 * 1024 < wireLimits.messageBytesMax,
  'a chunk of a snapshot must fit a request',
);
