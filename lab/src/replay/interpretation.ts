import type { RawLine } from './columns.ts';
import type { Destination } from './destination.ts';
import { type LeftOut, lineMeaning, type MeaningRules } from './line-meaning.ts';
import type { GoodsLine } from './receipt-requests.ts';
import { type BadLine, type Receipt, receiptsOf } from './receipts.ts';
import { type FileRefusal, wordsOfFile } from './refusal-words.ts';
import { RefusedLines } from './refused-lines.ts';
import type { TimeReader } from './timestamp.ts';

/** How one shop's file is to be understood. */
export type Interpretation = MeaningRules & {
  readonly destination: Destination;
  readonly readTime: TimeReader;
  /** Whether there is a node for the warehouse; absent where one is started for each. */
  readonly isServed?: (warehouse: string) => boolean;
};

/** What became of the lines of a file. Times that could not be used refuse nothing: a sale without a time is still a sale. */
export type LineCounts = {
  lines: number;
  readonly leftOut: Partial<Record<LeftOut, number>>;
  /** `receipt-refused` are lines that nothing is wrong with, of receipts that were refused for another line. */
  readonly refused: Partial<Record<FileRefusal | 'receipt-refused', number>>;
  readonly refusedLines: RefusedLines;
  timesNaive: number;
  timesUnreadable: number;
};

export function noLines(): LineCounts {
  return { lines: 0, leftOut: {}, refused: {}, refusedLines: new RefusedLines(), timesNaive: 0, timesUnreadable: 0 };
}

/**
 * The receipts that move goods, in the order of the file; `counts` is kept up to date on the way. A receipt is all or nothing:
 * its number makes a repeated write the same write, so what was recorded under it without its bad line could never be put
 * right by a corrected file (P9). Lines that are left out are understood, and refuse nothing.
 */
export async function* wholeReceipts(
  lines: AsyncIterable<RawLine>,
  interpretation: Interpretation,
  counts: LineCounts,
): AsyncGenerator<Receipt<GoodsLine>> {
  for await (const receipt of receiptsOf(meantLines(lines, interpretation, counts))) {
    if (receipt.isRefused) add(counts.refused, 'receipt-refused', receipt.lines.length);
    else yield receipt;
  }
}

/** Every line that moves goods, or may have; what is left out is only counted. */
async function* meantLines(
  lines: AsyncIterable<RawLine>,
  interpretation: Interpretation,
  counts: LineCounts,
): AsyncGenerator<GoodsLine | BadLine> {
  for await (const line of lines) {
    counts.lines += 1;
    const goods = lineMeaning(line, interpretation);
    if (goods.meaning === 'left-out') {
      add(counts.leftOut, goods.reason, 1);
      continue;
    }
    const { row, receipt = '' } = line;
    const warehouse = interpretation.destination(line);
    const refuse = (refusal: FileRefusal): BadLine => {
      add(counts.refused, refusal, 1);
      const where = { line: row, receipt, ...(warehouse === undefined ? {} : { warehouse }) };
      counts.refusedLines.note({ ...where, reason: refusal, why: wordsOfFile(refusal, line) });
      return { isBad: true, receipt, warehouse };
    };
    if (goods.meaning === 'refused') {
      yield refuse(goods.refusal);
    } else if (warehouse === undefined) {
      yield refuse('store-malformed');
    } else if (interpretation.isServed?.(warehouse) === false) {
      yield refuse('store-unknown');
    } else {
      yield { row, warehouse, receipt, goods, ...timeOf(line, interpretation, counts), ...tillOf(line) };
    }
  }
}

function timeOf({ at = '' }: RawLine, { readTime }: Interpretation, counts: LineCounts): { readonly at?: number } {
  const reading = readTime(at);
  if (reading.time === 'naive') counts.timesNaive += 1;
  if (reading.time === 'unreadable') counts.timesUnreadable += 1;
  return reading.time === 'instant' ? { at: reading.at } : {};
}

function tillOf({ till }: RawLine): { readonly till?: string } {
  return till ? { till } : {};
}

function add<Reason extends string>(counts: Partial<Record<Reason, number>>, reason: Reason, lines: number): void {
  if (lines > 0) counts[reason] = (counts[reason] ?? 0) + lines;
}
