import type { RawLine } from './columns.ts';
import type { Destination } from './destination.ts';
import { lineMeaning, type MeaningRules, type Refusal } from './line-meaning.ts';
import type { GoodsLine } from './receipt-requests.ts';
import type { TimeReader } from './timestamp.ts';

/** How one shop's file is to be understood. */
export type Interpretation = MeaningRules & {
  readonly destination: Destination;
  readonly readTime: TimeReader;
  /** Whether there is a node for the warehouse; absent where one is started for each. */
  readonly isServed?: (warehouse: string) => boolean;
};

/** What became of the lines of a file. Times that could not be used refuse nothing: a sale without a time is still a sale. */
export type FileRefusal = Refusal | 'store-malformed' | 'store-unknown';
export type LineCounts = {
  lines: number;
  /** Lines that move goods. */
  goods: number;
  readonly refused: Partial<Record<FileRefusal, number>>;
  timesNaive: number;
  timesUnreadable: number;
};

export function noLines(): LineCounts {
  return { lines: 0, goods: 0, refused: {}, timesNaive: 0, timesUnreadable: 0 };
}

/** The lines that move goods, in the order of the file; `counts` is kept up to date on the way. */
export async function* goodsLines(
  lines: AsyncIterable<RawLine>,
  interpretation: Interpretation,
  counts: LineCounts,
): AsyncGenerator<GoodsLine> {
  for await (const line of lines) {
    counts.lines += 1;
    const goods = lineMeaning(line, interpretation);
    const warehouse = interpretation.destination(line);
    if (goods.meaning === 'refused') {
      refuse(counts, goods.refusal);
      continue;
    }
    if (warehouse === undefined) {
      refuse(counts, 'store-malformed');
      continue;
    }
    if (interpretation.isServed?.(warehouse) === false) {
      refuse(counts, 'store-unknown');
      continue;
    }
    counts.goods += 1;
    const reading = interpretation.readTime(line.at ?? '');
    if (reading.time === 'naive') counts.timesNaive += 1;
    if (reading.time === 'unreadable') counts.timesUnreadable += 1;
    yield {
      warehouse,
      receipt: line.receipt ?? '',
      goods,
      ...(reading.time === 'instant' ? { at: reading.at } : {}),
      ...(line.till ? { till: line.till } : {}),
    };
  }
}

function refuse(counts: LineCounts, refusal: FileRefusal): void {
  counts.refused[refusal] = (counts.refused[refusal] ?? 0) + 1;
}
