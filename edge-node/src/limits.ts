import { wireLimits } from '@edgestock/shared/protocol/limits';
import { assert } from '@edgestock/shared/runtime/assert';

/** Bounds of the node's HTTP doors. */
export const httpLimits = {
  bodyBytesMax: 256 * 1024,
  linesMax: 1_000,
  /** Wrong lines listed in one answer; the rest is counted. */
  problemsListedMax: 100,

  pageRowsDefault: 100,
  pageRowsMax: 1_000,
  /** SKUs of one `?sku=a,b` query. */
  skusPerQueryMax: 200,

  /** Bin, lot, document, actor, till, receipt, serial. */
  textCharsMax: 128,
  /** What a person says of an exception. */
  noteCharsMax: 1_000,
  barcodeCharsMax: 1_024,
  serialsPerLineMax: wireLimits.serialsPerLineMax,
  /** All serials of a line, in UTF-8: a line must fit one delta. */
  serialsBytesMax: 12 * 1024,
  idempotencyKeyCharsMax: 255,

  eventStreamsMax: 64,
  eventHeartbeatMs: 15_000,
  /** A reader that takes nothing for this long is dropped; it resumes with `Last-Event-ID`. */
  eventStallMs: 45_000,
  /** Movements read from the log for one piece of an event stream. */
  eventRowsPerRead: 256,

  connectionsMax: 1_024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  /** Longer than the usual 60 s of proxies and clients, so that they close first and no request meets a closing socket. */
  keepAliveTimeoutMs: 65_000,
  /** What was accepted may take this long to finish when the node stops. */
  stopGraceMs: 10_000,
} as const;

/** Bounds of the site's own reservations. */
export const reservationLimits = {
  ttlSecondsDefault: 1_800,
  ttlSecondsMax: 14 * 86_400,
  sweepPeriodMs: 2_000,
  /** Reservations that one sweep lets expire: one commit. */
  expiredPerSweepMax: 256,
  /** How long a reservation that has ended can still be looked up. */
  retentionMs: 30 * 86_400_000,
  forgottenPerSweepMax: 256,
} as const;

/** How long what has ended can still be looked up, and how it is forgotten: a piece now and then. */
export const pruneLimits = {
  retentionMs: 30 * 86_400_000,
  periodMs: 60_000,
  /** A task has up to 500 lines: one piece is a commit of some ten milliseconds at most, and 70,000 tasks a day. */
  tasksPerPieceMax: 50,
  directivesPerPieceMax: 200,
} as const;

/** Pauses before a database whose disk failed is opened again. Longest: a disk that never stores costs no more than that. */
export const reopenLimits = { firstDelayMs: 100, delayMsMax: 60_000 } as const;

/** How long a node that begins anew on other books waits for the answers under way: tills wait outside. */
export const lastAnswersMs = 1_000;

/** The same names with any values: a test has smaller ones. */
export type HttpLimits = { readonly [Name in keyof typeof httpLimits]: number };

assert(reservationLimits.ttlSecondsDefault <= reservationLimits.ttlSecondsMax, 'the default is allowed');

const TEXTS_PER_DELTA = 8;
const UTF8_BYTES_PER_CHAR_MAX = 3;
assert(
  httpLimits.serialsBytesMax + TEXTS_PER_DELTA * httpLimits.textCharsMax * UTF8_BYTES_PER_CHAR_MAX <
    wireLimits.deltaBytesMax,
  'the longest line the doors take must fit a delta',
);
assert(2 * httpLimits.textCharsMax + 1 <= wireLimits.textBytesMax, 'till and receipt together make a document');
assert(httpLimits.pageRowsDefault <= httpLimits.pageRowsMax, 'the default page is a page');
assert(httpLimits.eventHeartbeatMs < httpLimits.eventStallMs, 'a stall is judged at heartbeats');
