import { wireLimits } from '@edgestock/shared/protocol/limits';
import { assert } from '@edgestock/shared/runtime/assert';
import { httpLimits } from '../limits.ts';

/** Bounds of an import. */
export const importLimits = {
  /** Rows staged in one transaction and request. Tills wait for it: a p99 of 84 ms with 1,000 rows, 38 ms with these. */
  rowsPerChunk: 500,
  /** The same in bytes of JSON, for rows with long names; a request has room for one row beyond it. */
  chunkBytesMax: 192 * 1024,
  /**
   * Stock rows of one command. A till that sells meanwhile waits for one (16 ms in the middle, p99 43 ms, on two shared
   * cores); 100 rows made that 9 and 27 ms and the import take 40 % longer. Part of what is stored, since the key of a command
   * is its first line: changing it would make jobs that are half applied count rows twice.
   */
  linesPerCommand: 250,
  /** Rows of a catalogue applied in one transaction, for the same reason. */
  itemsPerTransaction: 500,
  problemsListedMax: 100,
  /** Items of one page to central: what becomes one directive to a node, and there one commit. */
  itemsPerPage: 250,
  barcodesPerItemMax: wireLimits.barcodesPerItemMax,
  /** How often a page is sent again while central is busy or starting, and the bounds of the wait: a minute in all. */
  centralTriesMax: 15,
  centralRetryFirstMs: 200,
  centralRetryMsMax: 5_000,
  /** One row of a file. A quote that is never closed is found after this much instead of at the end of the file. */
  recordBytesMax: 64 * 1024,
  /** How much of a file is looked at to find out its delimiter. */
  headBytesMax: 64 * 1024,
  nameCharsMax: 300,
  documentCharsMax: httpLimits.textCharsMax,
  textCharsMax: httpLimits.textCharsMax,
  barcodeCharsMax: 80,
  multipleMax: 100_000,
} as const;

/** UTF-8 bytes of a character, or of its escape in JSON. */
const BYTES_PER_CHAR_MAX = 6;
const ROW_BYTES_MAX =
  BYTES_PER_CHAR_MAX * (importLimits.nameCharsMax + importLimits.barcodeCharsMax + 3 * importLimits.textCharsMax) + 256;
assert(
  importLimits.chunkBytesMax + ROW_BYTES_MAX < httpLimits.bodyBytesMax,
  'a chunk of rows and the row that filled it fit a request',
);
