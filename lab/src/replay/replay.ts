import { systemClock } from '@edgestock/shared/runtime/clock';
import type { EdgeApi, RecordReply } from '../api/edge-api.ts';
import { type LineCounts, noLines, wholeReceipts } from './interpretation.ts';
import { type NodeRequest, requestsOf } from './receipt-requests.ts';
import { wordsOfNode } from './refusal-words.ts';
import type { RefusedLine } from './refused-lines.ts';
import { readSalesFile } from './sales-file.ts';
import { sendRequests } from './send-requests.ts';
import type { Shop } from './shop-flags.ts';
import { SkuVariants } from './sku-variants.ts';

/** What became of a file. Lines are counted once each: `lines = accepted + refused`. Nothing was wrong if `refused = leftOut`. */
export type ReplayResult = {
  /** Receipts that moved goods. */
  readonly transactions: number;
  readonly lines: number;
  readonly accepted: number;
  readonly refused: number;
  /** Those of them that were understood and move no goods. */
  readonly leftOut: number;
  /** Reasons of our own for lines, and the problem codes of the nodes for requests. */
  readonly refusedByReason: Readonly<Record<string, number>>;
  /** The first that somebody has to look at, of each reason; `refusedMore` are not among them. */
  readonly refusedLines: readonly RefusedLine[];
  readonly refusedMore: number;
  /** Accepted lines that had been recorded by an earlier replay. */
  readonly repeated: number;
  /** Facts that the books of a node disagreed with: recorded, and waiting for a person. */
  readonly exceptions: number;
  readonly timesNaive: number;
  readonly timesUnreadable: number;
  readonly skuCaseVariants: number;
  readonly seconds: number;
};

export type ReplayObserver = {
  /** A receipt was read and is about to be sent. */
  readonly onReceipt?: (count: number) => void;
  readonly onReply?: (request: NodeRequest, reply: RecordReply) => void;
};

/** Replays a file through the HTTP API of nodes, as fast as they take it. Throws `WrongCall`, `SalesFileUnreadable`, `Unreachable`. */
export async function replay(
  path: string,
  shop: Shop,
  nodeOf: (warehouse: string) => Pick<EdgeApi, 'record'>,
  observer: ReplayObserver = {},
): Promise<ReplayResult> {
  const startedMs = systemClock.monotonicMs();
  const counts = noLines();
  const variants = new SkuVariants();
  const tally = { transactions: 0, accepted: 0, repeated: 0, exceptions: 0, refusedByNodes: new Map<string, number>() };

  async function* requests(): AsyncGenerator<NodeRequest> {
    for await (const receipt of wholeReceipts(readSalesFile(path, shop), shop.interpretation, counts)) {
      tally.transactions += 1;
      observer.onReceipt?.(tally.transactions);
      for (const { goods } of receipt.lines) variants.see(goods.sku);
      yield* requestsOf(receipt);
    }
  }

  await sendRequests(requests(), nodeOf, (request, reply) => {
    const lines = request.changes.length;
    if (reply.reply === 'recorded') {
      tally.accepted += lines;
      tally.repeated += reply.isRepeated ? lines : 0;
      tally.exceptions += reply.isRepeated ? 0 : reply.exceptions;
    } else {
      tally.refusedByNodes.set(reply.code, (tally.refusedByNodes.get(reply.code) ?? 0) + lines);
      const { warehouse, from = { line: 0, receipt: '' } } = request;
      const why = wordsOfNode(reply.code, reply.detail);
      counts.refusedLines.note({ ...from, warehouse, reason: reply.code, why });
    }
    observer.onReply?.(request, reply);
  });

  const refusedByReason = { ...counts.leftOut, ...counts.refused, ...Object.fromEntries(tally.refusedByNodes) };
  return {
    transactions: tally.transactions,
    accepted: tally.accepted,
    refused: sumOf(refusedByReason),
    leftOut: sumOf(counts.leftOut),
    refusedByReason,
    refusedLines: counts.refusedLines.shown,
    refusedMore: counts.refusedLines.more,
    repeated: tally.repeated,
    exceptions: tally.exceptions,
    skuCaseVariants: variants.groups,
    ...timesAndLines(counts),
    seconds: Math.round(systemClock.monotonicMs() - startedMs) / 1_000,
  };
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function timesAndLines({ lines, timesNaive, timesUnreadable }: LineCounts) {
  return { lines, timesNaive, timesUnreadable };
}
