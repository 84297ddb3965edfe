import { SKU_LENGTH_MAX } from '@edgestock/shared/inventory/ids';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import { assert } from '@edgestock/shared/runtime/assert';

/** Bounds of the API: everything that a caller could make grow. */
export const apiLimits = {
  /** SKUs of one query, and of one stream. */
  skusPerQueryMax: 1_000,
  queryBodyBytesMax: 512 * 1024,

  /** Lines of one reservation or order, entries of one list: what fits one directive. */
  linesMax: wireLimits.directiveLinesMax,
  promiseBodyBytesMax: 256 * 1024,
  problemsListedMax: 100,
  textCharsMax: 128,
  /** What an item is called, and what stands on its label: as a node's own import has it. */
  itemNameCharsMax: 300,
  barcodeCharsMax: 80,
  barcodeMultipleMax: 100_000,
  idempotencyKeyCharsMax: 255,
  /** How long a promise without payment may last, and lasts when nobody says. */
  ttlSecondsMax: 86_400,
  reservationTtlSecondsDefault: 900,
  paymentTtlSecondsDefault: 1_800,
  priorityMax: 1_000_000,
  reservationsPageDefault: 50,
  reservationsPageMax: 200,
  ordersPageDefault: 50,
  ordersPageMax: 200,
  transfersPageDefault: 50,
  transfersPageMax: 200,
  /** Open promises listed behind one position by an explanation. */
  holdsListedMax: 50,

  stockPageDefault: 100,
  stockPageMax: 1_000,
  /** Items with all their barcodes and warehouses are larger than anything else that is listed. */
  cataloguePageMax: 200,
  quarantinePageDefault: 20,
  quarantinePageMax: 50,
  /** Raw bytes of one page; a page ends before the item that would exceed it. */
  quarantinePageBytesMax: 2 * 1024 * 1024,
  /** Movements shown of a batch that was put aside; its bytes hold all of them. */
  quarantineMovementsMax: 20,
  movementsDefault: 20,
  movementsMax: 200,

  /**
   * Stocks kept for repeated reads: some 20 bytes for each, and 8 to 16 for each of its warehouses, so half a million SKUs at ten
   * warehouses. Taken from the system as they are needed; the table of places takes another fourteenth.
   */
  packedStocksBytesMax: 96 * 1024 * 1024,
  /** Of those, rendered for the next answer: 0.3 KB and 0.1 KB per warehouse each. */
  renderedStocksMax: 20_000,

  /** Open event streams; beyond it a new one is told to come back later. */
  streamsMax: 10_000,
  /** Unsent bytes of one stream before it stops being fed and is caught up later instead. */
  streamBufferBytesMax: 256 * 1024,
  /** Changes read at once while a stream is caught up or the changes are fanned out. */
  changesPageMax: 500,
  /** Changes that come closer together than this are sent as one, the latest. */
  fanOutPeriodMsMin: 2,
  /** How often the changes are looked at even when no notice came: a lost notice costs this much. */
  fanOutPeriodMsMax: 1_000,
  heartbeatPeriodMs: 15_000,
  /** A stream whose reader has taken nothing for this long while more was due is cut off. */
  streamStalledMsMax: 30_000,

  connectionsMax: 16_384,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  /** Longer than the idle time of common reverse proxies, so that they and not we close a connection. */
  keepAliveTimeoutMs: 75_000,

  /** How long open requests may take to finish once central is stopping. */
  stopGraceMs: 5_000,
} as const;

assert(
  // Four characters of JSON or six of an escape for each character of a SKU would be an abuse; two are plenty.
  apiLimits.skusPerQueryMax * (SKU_LENGTH_MAX + 3) * 2 <= apiLimits.queryBodyBytesMax,
  'a query with the most SKUs must fit its body limit',
);
assert(
  apiLimits.linesMax * (SKU_LENGTH_MAX * 2 + 60) <= apiLimits.promiseBodyBytesMax,
  'a promise with the most lines must fit its body limit',
);
/** UTF-8 bytes of a UTF-16 unit, and what the wire adds to a text or a number. */
const UTF8_BYTES_MAX = 3;
const WIRE_FIELD_BYTES_MAX = 9;
assert(
  UTF8_BYTES_MAX * (SKU_LENGTH_MAX + apiLimits.itemNameCharsMax) +
    wireLimits.barcodesPerItemMax * (UTF8_BYTES_MAX * apiLimits.barcodeCharsMax + 2 * WIRE_FIELD_BYTES_MAX) +
    4 * WIRE_FIELD_BYTES_MAX <=
    wireLimits.directiveBytesMax,
  'the largest item must fit a directive',
);
assert(UTF8_BYTES_MAX * apiLimits.itemNameCharsMax <= wireLimits.textBytesMax, 'a name must be one that nodes read');
assert(apiLimits.reservationTtlSecondsDefault <= apiLimits.ttlSecondsMax, 'the default must be allowed');
assert(apiLimits.streamsMax < apiLimits.connectionsMax, 'streams must leave connections to others');
assert(apiLimits.fanOutPeriodMsMin < apiLimits.fanOutPeriodMsMax, 'the fan-out periods must be a range');
assert(
  apiLimits.heartbeatPeriodMs < apiLimits.streamStalledMsMax,
  'a stream must be probed before it counts as stalled',
);
